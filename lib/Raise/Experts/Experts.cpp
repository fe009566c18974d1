//===- Experts.cpp - experts whose results are summed over an axis ----------------------------------------------===//
//
//     result[t, h] = sum_j  w[t, j] * ffn(ids[t, j], x[t])[h]          gathered and sorted forms: j runs over the token's experts
//     result[t, h] = sum_e  r[t, e] * ffn(e, x[t])[h]                  dense forms: e runs over all experts, r is 0 for most
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Experts.h"
#include "../Matrix.h"
#include "../Replace.h"
#include "Ffn.h"

using namespace mlir;

namespace moe::raise {
namespace {

/// The product of factors as a matrix [T, K]: tensors over (rows, slot) times numbers.
Value weightMatrix(View &view, NodeMaker &make, const Rows &rows, ArrayRef<E> factors, E slot, const SymExpr &slots) {
  Value product;
  double scale = 1;
  for (E factor : factors) {
    if (factor->is(Kind::Const)) {
      scale *= factor->number;
      continue;
    }
    Value part = asMatrix(view, make, rows, factor, slot, slots);
    if (!part)
      return {};
    product = product ? make.node("Mul", {product, part}) : part;
  }
  if (product && scale != 1)
    product = make.node("Mul", {product, make.number(scale, cast<TensorType>(product.getType()).getElementType())});
  return product;
}

/// The tensors of a sparse choice: r = scatter(c, ids, w) along the experts, which is c but at the ids.
struct Scattered {
  E ids = nullptr, weights = nullptr; ///< at (rows, slot)
  std::vector<std::string> functions; ///< applied to the weights, first one first
  E slot = nullptr;
  SymExpr slots;
};

/// r[t, e] as a scatter of the chosen experts' weights into values that come to 0. `function` is what is applied to the scattered values.
std::optional<Scattered> matchScatter(View &view, E routing, E expert) {
  // Follow elementwise functions of one operand down to the scatter; f(rest) must be 0.
  std::vector<std::string> functions;
  E expr = routing;
  while (true) {
    expr = view.head(expr, Follow::Layout);
    if (!expr->is(Kind::Load))
      return std::nullopt;
    auto node = expr->value.getDefiningOp<onnx::NodeOp>();
    if (!node)
      return std::nullopt;
    if (node.is("ScatterElements"))
      break;
    E next = view.step(expr, Follow::All);
    if (!next || !next->is(Kind::Apply) || next->args.size() != 1)
      return std::nullopt;
    functions.push_back(next->op);
    expr = next->arg(0);
  }
  auto scatter = expr->value.getDefiningOp<onnx::NodeOp>();
  int64_t rank = expr->args.size(), axis = scatter.intAttribute("axis", 0);
  axis = axis < 0 ? axis + rank : axis;
  if (scatter.stringAttribute("reduction", "none") != "none" || expr->args[axis] != expert)
    return std::nullopt;
  E rest = view.open(view.pool.load(scatter.getOperand(0), expr->args));
  for (const std::string &function : llvm::reverse(functions))
    rest = view.pool.apply(function, {rest});
  if (!rest->isConst(0))
    return std::nullopt;
  Scattered result;
  result.slots = view.extent(scatter.getOperand(1), axis);
  result.slot = view.pool.digit(result.slots);
  std::vector<E> at = expr->args;
  at[axis] = result.slot;
  result.ids = view.layout(view.pool.load(scatter.getOperand(1), at));
  result.weights = view.layout(view.pool.load(scatter.getOperand(2), at));
  result.functions.assign(functions.rbegin(), functions.rend());
  return result;
}

class SummedExperts {
public:
  SummedExperts(View &view, onnx::NodeOp root) : view(view), root(root), make(OpBuilder(root), root.getLoc(), view.shapes) {}

  bool run() {
    auto type = dyn_cast<RankedTensorType>(root.getResult(0).getType());
    if (!type || type.getRank() < 2 || type.getRank() > 3 || !isa<FloatType>(type.getElementType()))
      return false;
    std::vector<E> digits;
    E load = view.at(root.getResult(0), digits);
    for (unsigned axis = 0; axis + 1 < digits.size(); ++axis) {
      rows.digits.push_back(digits[axis]);
      rows.extents.push_back(view.extent(root.getResult(0), axis));
    }
    hidden = digits.back();
    E sum = view.step(load, Follow::All);
    if (!sum || !sum->isReduce("Sum") || !sum->arg(1)->is(Kind::Digit))
      return single(sum);
    E slot = sum->arg(1);
    std::vector<E> weights;
    E result = splitFactors(view, sum->arg(0), hidden, weights);
    return sparse(result, weights, slot) || dense(result, weights, slot);
  }

private:
  /// One expert per token: there is nothing to sum, the axis of slots has length 1.
  bool single(E expr) {
    if (!expr || !expr->is(Kind::Load))
      return false;
    std::vector<E> weights;
    E result = splitFactors(view, expr, hidden, weights);
    return sparse(result, weights, view.pool.constant(0));
  }

  /// j runs over the token's experts: the weights are picked by ids[t, j].
  bool sparse(E result, ArrayRef<E> weights, E slot) {
    E key = findKey(result);
    if (!key || !key->is(Kind::Load))
      return false;
    auto ffn = matchFfn(view, result, hidden, key);
    if (!ffn)
      return false;
    SymExpr slots = slot->is(Kind::Digit) ? slot->extents[0] : SymExpr(1);
    Value ids = asMatrix(view, make, rows, key, slot, slots);
    std::vector<E> factors(weights);
    bool scaled = scaleFactors(*ffn, factors);
    Value weight = factors.empty() ? Value() : weightMatrix(view, make, rows, factors, slot, slots);
    return ids && weight && build(*ffn, ids, weight, scaled);
  }

  /// e runs over all experts; r says which of them count.
  bool dense(E result, ArrayRef<E> weights, E expert) {
    if (!expert->is(Kind::Digit))
      return false;
    auto ffn = matchFfn(view, result, hidden, expert);
    if (!ffn)
      return false;
    std::vector<E> factors(weights);
    bool scaled = scaleFactors(*ffn, factors);
    if (factors.size() != 1)
      return false;
    auto scattered = matchScatter(view, factors[0], expert);
    if (!scattered)
      return false;
    Value ids = asMatrix(view, make, rows, scattered->ids, scattered->slot, scattered->slots);
    Value weight = asMatrix(view, make, rows, scattered->weights, scattered->slot, scattered->slots);
    for (const std::string &function : scattered->functions)
      weight = weight && function != "Cast" ? make.node(function, weight) : Value();
    return ids && weight && build(*ffn, ids, weight, scaled);
  }

  /// The index that picks the expert: the one in a weight's load that depends on a tensor.
  E findKey(E result) {
    // The last product's matrix is reached through additions and the product's factors.
    E expr = view.head(result);
    if (expr->isApply("Add")) {
      E left = findKey(expr->arg(0));
      return left ? left : findKey(expr->arg(1));
    }
    if (!expr->isReduce("Sum"))
      return nullptr;
    E body = view.head(expr->arg(0));
    for (E factor : body->isApply("Mul") ? body->args : std::vector<E>()) {
      E load = view.layout(factor);
      if (!load->is(Kind::Load) || !isa_and_nonnull<GetParamOp, onnx::ConstantOp, onnx::NodeOp>(load->value.getDefiningOp()))
        continue;
      for (E index : load->args)
        if (index->is(Kind::Load) && ExprPool::mentions(load, hidden))
          return index;
    }
    return nullptr;
  }

  /// Llama 4 multiplies the input by the weight. The factors of the input become the weights; both inputs must have the same ones.
  bool scaleFactors(FfnPart &ffn, std::vector<E> &factors) {
    if (ffn.up.inputFactors.empty())
      return false;
    if (ffn.gate && ffn.gate->inputFactors != ffn.up.inputFactors)
      return false;
    factors.insert(factors.end(), ffn.up.inputFactors.begin(), ffn.up.inputFactors.end());
    return true;
  }

  bool build(const FfnPart &ffn, Value ids, Value weights, bool scaleInput) {
    // One input for both products.
    E x = view.layout(ffn.up.input), inner = ffn.up.inner;
    if (ffn.gate && view.pool.substitute(view.layout(ffn.gate->input), {{ffn.gate->inner, inner}}) != x)
      return false;
    Value input = inner->is(Kind::Digit) ? asMatrix(view, make, rows, x, inner, inner->extents[0]) : Value();
    if (!input || (scaleInput && !vanishesAtZero(ffn)))
      return false;
    auto bank = [&](const std::optional<BankPart> &part) { return part ? part->build(make) : Value(); };
    Value gate = ffn.gate ? ffn.gate->weight.build(make) : Value(), up = ffn.up.weight.build(make), down = ffn.down.weight.build(make);
    Value gateBias = ffn.gate ? bank(ffn.gate->bias) : Value(), upBias = bank(ffn.up.bias), downBias = bank(ffn.down.bias);
    auto inputType = cast<RankedTensorType>(input.getType()), downType = cast<RankedTensorType>(down.getType());
    auto type = RankedTensorType::get({inputType.getDimSize(0), downType.getDimSize(1)}, inputType.getElementType());
    OpBuilder &b = make.b;
    auto limit = ffn.unit.limit ? b.getF64FloatAttr(*ffn.unit.limit) : FloatAttr();
    auto op = make.known(ExpertsOp::create(b, make.loc, type, input, ids, weights, gate, up, down, gateBias, upBias, downBias, ffn.unit.activation,
                                           APFloat(ffn.unit.alpha), APFloat(ffn.unit.beta), limit, scaleInput));
    Value result = op.getResult();
    if (rows.digits.size() != 1) {
      // The rows' lengths are those of the input's outer axes.
      if (x->args.size() != rows.digits.size() + 1 || !llvm::equal(ArrayRef(x->args).drop_back(), rows.digits))
        return false;
      SmallVector<Value> parts;
      Value shape = make.node("Shape", x->value);
      for (unsigned axis = 0; axis < rows.digits.size(); ++axis)
        parts.push_back(make.node("Slice", {shape, make.ints(int64_t(axis)), make.ints(int64_t(axis) + 1), make.ints(int64_t(0))}));
      parts.push_back(make.ints(downType.getDimSize(1)));
      result = make.node("Reshape", {result, make.node("Concat", parts, make.attr("axis", 0))});
    }
    replaceRaised(root.getResult(0), result);
    return true;
  }

  /// An expert that gives 0 for an input of 0: then an input scaled by 0 is an expert not chosen.
  static bool vanishesAtZero(const FfnPart &ffn) {
    bool biased = ffn.down.bias || ffn.up.bias || (ffn.gate && ffn.gate->bias);
    double atZero = activate(ffn.unit.activation, ffn.unit.alpha, 0) * (ffn.gate ? ffn.unit.beta : 1);
    return !biased && atZero == 0;
  }

  View &view;
  onnx::NodeOp root;
  NodeMaker make;
  Rows rows;
  E hidden = nullptr; ///< the digit of the result's last axis
};

} // namespace

bool raiseSummedExperts(View &view, onnx::NodeOp node) {
  if (!node.is("ReduceSum"))
    return false;
  return SummedExperts(view, node).run();
}

} // namespace moe::raise
