//===- Compute.cpp - steps through operators that compute -------------------------------------------------------===//
#include "View.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace moe::raise {

static int64_t wrap(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }

bool isElementwise(StringRef op) {
  static const llvm::StringSet<> names = {"Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "Mod", "Sigmoid", "Tanh", "Exp", "Log", "Sqrt", "Erf",
                                          "Relu", "Neg", "Abs", "Reciprocal", "Softplus", "Floor", "Ceil", "Round", "Sign", "Not", "IsNaN", "Less",
                                          "LessOrEqual", "Greater", "GreaterOrEqual", "Equal", "And", "Or", "Xor", "Where", "Cos", "Sin", "Sum"};
  return names.contains(op);
}

E View::stepElementwise(onnx::NodeOp node, ArrayRef<E> indices) {
  static const llvm::StringSet<> integer = {"Add", "Sub", "Mul", "Div", "Mod", "Neg"};
  StringRef op = node.getOpType();
  auto element = [](Value value) { return cast<TensorType>(value.getType()).getElementType(); };
  SmallVector<E> args;
  for (Value operand : node.getOperands()) {
    if (isa<onnx::NoneType>(operand.getType()))
      continue;
    args.push_back(broadcastLoad(operand, indices));
  }
  Type type = element(node.getOperand(0));
  if (op == "Cast") {
    Type to = element(node.getResult(0));
    if (to.isInteger(1))
      return type.isInteger(1) ? args[0] : pool.apply("ToBool", args);
    return pool.apply(isa<FloatType>(type) && !isa<FloatType>(to) ? "Truncate" : "Cast", args);
  }
  if (op == "Clip") {
    E x = args[0];
    if (node.getVersion() < 11) {
      if (node.attribute("min"))
        x = pool.apply("Max", {x, pool.constant(node.floatAttribute("min", 0))});
      return node.attribute("max") ? pool.apply("Min", {x, pool.constant(node.floatAttribute("max", 0))}) : x;
    }
    if (node.input(1))
      x = pool.apply("Max", {x, pool.load(node.input(1), SmallVector<E>(cast<RankedTensorType>(node.input(1).getType()).getRank(), pool.constant(0)))});
    return node.input(2) ? pool.apply("Min", {x, pool.load(node.input(2), SmallVector<E>(cast<RankedTensorType>(node.input(2).getType()).getRank(), pool.constant(0)))}) : x;
  }
  if (op == "Gelu")
    return pool.apply(node.stringAttribute("approximate", "none") == "tanh" ? "GeluTanh" : "Gelu", args);
  if (op == "Swish") {
    E alpha = pool.constant(node.floatAttribute("alpha", 1));
    return pool.apply("Mul", {args[0], pool.apply("Sigmoid", {pool.apply("Mul", {args[0], alpha})})});
  }
  if (!isElementwise(op))
    return nullptr;
  if (op == "Mod" && (!type.isSignlessInteger() || node.intAttribute("fmod", 0)))
    return nullptr;
  std::string name = (type.isIntOrIndex() && !type.isInteger(1) && integer.contains(op) ? "Int" : "") + (op == "Sum" ? "Add" : op).str();
  if (args.size() > 2 && op != "Where") {
    E folded = args[0];
    for (E next : ArrayRef(args).drop_front())
      folded = pool.apply(name, {folded, next});
    return folded;
  }
  if (args.size() == 1 && (op == "Sum" || op == "Max" || op == "Min"))
    return args[0];
  return pool.apply(name, args);
}

E View::stepProduct(onnx::NodeOp node, ArrayRef<E> indices) {
  StringRef op = node.getOpType();
  Value a = node.getOperand(0), c = node.getOperand(1);
  int64_t rankA = cast<RankedTensorType>(a.getType()).getRank(), rankB = cast<RankedTensorType>(c.getType()).getRank();
  if (op == "Gemm") {
    bool transA = node.intAttribute("transA", 0), transB = node.intAttribute("transB", 0);
    E k = pool.digit(extent(a, transA ? 0 : 1));
    E x = pool.load(a, transA ? ArrayRef<E>{k, indices[0]} : ArrayRef<E>{indices[0], k});
    E y = pool.load(c, transB ? ArrayRef<E>{indices[1], k} : ArrayRef<E>{k, indices[1]});
    E sum = pool.reduce("Sum", pool.apply("Mul", {x, y}), k);
    sum = pool.apply("Mul", {sum, pool.constant(node.floatAttribute("alpha", 1))});
    if (!node.input(2))
      return sum;
    return pool.apply("Add", {sum, pool.apply("Mul", {broadcastLoad(node.input(2), indices), pool.constant(node.floatAttribute("beta", 1))})});
  }
  if (rankA < 2 || rankB < 2)
    return nullptr;
  E k = pool.digit(extent(a, rankA - 1));
  ArrayRef<E> batch = indices.drop_back(2);
  auto load = [&](Value tensor, int64_t rank, E row, E column) {
    SmallVector<E> at(batch.take_back(rank - 2));
    at.push_back(row);
    at.push_back(column);
    for (int64_t axis = 0; axis < rank - 2; ++axis)
      if (extent(tensor, axis).is(1))
        at[axis] = pool.constant(0);
    return pool.load(tensor, at);
  };
  E x = load(a, rankA, indices[indices.size() - 2], k), y = load(c, rankB, k, indices.back());
  return pool.reduce("Sum", pool.apply("Mul", {x, y}), k);
}

E View::stepReduce(onnx::NodeOp node, ArrayRef<E> indices) {
  Value source = node.getOperand(0);
  int64_t rank = cast<RankedTensorType>(source.getType()).getRank();
  auto reduced = axes(node, 1, rank);
  if (!reduced && node.input(1))
    return nullptr;
  if (!reduced || reduced->empty()) {
    if (node.intAttribute("noop_with_empty_axes", 0))
      return pool.load(source, indices);
    reduced = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  }
  bool keep = node.intAttribute("keepdims", 1);
  SmallVector<E> at, digits;
  unsigned next = 0;
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (!llvm::is_contained(*reduced, axis)) {
      at.push_back(indices[next++]);
      continue;
    }
    next += keep;
    at.push_back(pool.digit(extent(source, axis)));
    digits.push_back(at.back());
  }
  E result = pool.load(source, at);
  for (E digit : digits)
    if (digit->is(Kind::Digit))
      result = pool.reduce(node.getOpType().drop_front(StringRef("Reduce").size()), result, digit);
  return result;
}

/// True for places that a top-k or a maximum chose: never negative, and those of a top-k differ from each other.
static onnx::NodeOp choiceOf(E places) {
  auto node = places->is(Kind::Load) ? places->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
  return node && (node.is("ArgMax") || (node.is("TopK") && places->value == node.getResult(1))) ? node : onnx::NodeOp();
}

E View::stepOneHot(onnx::NodeOp node, ArrayRef<E> indices) {
  int64_t axis = wrap(node.intAttribute("axis", -1), indices.size());
  SmallVector<E> at(indices);
  at.erase(at.begin() + axis);
  E place = layout(pool.load(node.getOperand(0), at));
  if (!choiceOf(place))
    return nullptr;
  auto value = [&](int64_t i) { return open(pool.load(node.getOperand(2), {pool.constant(i)})); };
  return pool.apply("Where", {pool.apply("Equal", {place, indices[axis]}), value(1), value(0)});
}

E View::stepTable(onnx::NodeOp node, ArrayRef<E> indices) {
  // table[.., e] = sum_j [places[.., j] = e] * updates[.., j] where the places are those of a top-k along the axis.
  int64_t rank = indices.size(), axis = wrap(node.intAttribute("axis", 0), rank);
  StringRef reduction = node.stringAttribute("reduction", "none");
  if ((reduction != "none" && reduction != "add") || !open(pool.load(node.getOperand(0), indices))->isConst(0))
    return nullptr;
  SmallVector<E> at(indices);
  at[axis] = pool.digit(extent(node.getOperand(1), axis));
  E place = layout(pool.load(node.getOperand(1), at));
  auto choice = choiceOf(place);
  if (!choice || !choice.is("TopK") || wrap(choice.intAttribute("axis", -1), place->args.size()) != int64_t(place->args.size()) - 1 ||
      place->args.back() != at[axis])
    return nullptr;
  E chosen = pool.apply("Where", {pool.apply("Equal", {place, indices[axis]}), pool.load(node.getOperand(2), at), pool.constant(0)});
  return at[axis]->is(Kind::Digit) ? pool.reduce("Sum", chosen, at[axis]) : chosen;
}

E View::stepCompute(onnx::NodeOp node, ArrayRef<E> indices) {
  if (!node.getDomain().empty() || node.getNumResults() != 1 || node.getNumOperands() == 0)
    return nullptr;
  StringRef op = node.getOpType();
  if (!isa<RankedTensorType>(node.getResult(0).getType()))
    return nullptr;
  if (op == "MatMul" || op == "Gemm")
    return stepProduct(node, indices);
  static const llvm::StringSet<> reductions = {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd"};
  if (reductions.contains(op))
    return stepReduce(node, indices);
  if (op == "Range") {
    auto scalar = [&](unsigned operand) { return pool.load(node.getOperand(operand), {}); };
    bool integer = cast<TensorType>(node.getResult(0).getType()).getElementType().isIntOrIndex();
    E steps = pool.apply(integer ? "IntMul" : "Mul", {indices[0], head(scalar(2))});
    return pool.apply(integer ? "IntAdd" : "Add", {steps, head(scalar(0))});
  }
  if (op == "ConstantOfShape") {
    auto value = dyn_cast_or_null<DenseElementsAttr>(node.attribute("value"));
    if (!value)
      return pool.constant(0);
    if (isa<FloatType>(value.getElementType()))
      return pool.constant(value.getValues<APFloat>()[0].convertToDouble());
    return pool.constant(value.getValues<APInt>()[0].getSExtValue());
  }
  if (op == "Shape" && indices[0]->is(Kind::Const) && !node.attribute("start")) {
    auto length = extent(node.getOperand(0), unsigned(indices[0]->number)).constant();
    return length ? pool.constant(*length) : nullptr;
  }
  if (op == "OneHot")
    return stepOneHot(node, indices);
  if (op == "ScatterElements")
    return stepTable(node, indices);
  if (op == "ScatterND") {
    // scatter(anything, perm, range): the inverse of a permutation, since every place is written.
    E at = layout(pool.load(node.getOperand(1), {indices[0], pool.constant(0)}));
    E written = head(pool.load(node.getOperand(2), {indices[0]}));
    if (indices.size() == 1 && node.stringAttribute("reduction", "none") == "none" && at->is(Kind::Load) && at->args.size() == 1 &&
        at->args[0] == indices[0] && isPermutation(at->value, shapes) && written == indices[0])
      return pool.inverse(at->value, indices[0]);
    return nullptr;
  }
  return stepElementwise(node, indices);
}

} // namespace moe::raise
