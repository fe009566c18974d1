//===- View.cpp - following the definitions of tensors, element by element --------------------------------------===//
#include "View.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace moe::raise {

SymExpr View::extent(Value tensor, unsigned axis) const {
  const auto *dims = shapes.dims(tensor);
  return dims && axis < dims->size() ? (*dims)[axis] : SymExpr::symbol("unknown");
}

E View::at(Value tensor, std::vector<E> &digits) {
  auto rank = cast<RankedTensorType>(tensor.getType()).getRank();
  for (int64_t axis = 0; axis < rank; ++axis)
    digits.push_back(pool.digit(extent(tensor, axis)));
  return pool.load(tensor, digits);
}

/// 0, 1, 2, ...
static bool isCount(DenseElementsAttr dense) {
  return llvm::all_of(llvm::enumerate(dense.getValues<int64_t>()), [](auto each) { return each.value() == int64_t(each.index()); });
}

std::optional<SymExpr> View::lengthAt(E load) const {
  const auto *content = shapes.content(load->value);
  if (!content || !cast<RankedTensorType>(load->value.getType()).hasStaticShape())
    return std::nullopt;
  int64_t place = 0;
  for (auto [index, length] : llvm::zip(load->args, cast<RankedTensorType>(load->value.getType()).getShape())) {
    if (!index->is(Kind::Const))
      return std::nullopt;
    place = place * length + int64_t(index->number);
  }
  return place >= 0 && place < int64_t(content->size()) ? std::optional((*content)[place]) : std::nullopt;
}

E View::step(E load, Follow follow) {
  auto [entry, isNew] = steps.try_emplace({load, int(follow)}, nullptr);
  if (!isNew)
    return entry->second;
  E result = nullptr;
  if (auto constant = load->value.getDefiningOp<onnx::ConstantOp>()) {
    auto dense = dyn_cast<DenseElementsAttr>(constant.getValue());
    bool known = llvm::all_of(load->args, [](E index) { return index->is(Kind::Const); });
    if (dense && dense.getType().getRank() == 1 && dense.getElementType().isSignlessInteger(64) && !known && isCount(dense)) {
      result = load->args[0]; // the places 0, 1, 2, ...
    } else if (dense && (known || dense.isSplat()) && (dense.getElementType().isIntOrIndex() || isa<FloatType>(dense.getElementType()))) {
      int64_t at = 0;
      for (auto [index, length] : llvm::zip(load->args, dense.getType().getShape()))
        at = at * length + int64_t(index->number);
      if (dense.isSplat())
        at = 0;
      if (at >= 0 && at < std::max<int64_t>(dense.getNumElements(), 1) && dense.getNumElements()) {
        if (isa<FloatType>(dense.getElementType()))
          result = pool.constant(dense.getValues<APFloat>()[at].convertToDouble());
        else {
          APInt value = dense.getValues<APInt>()[at];
          bool isUnsigned = dense.getElementType().isUnsignedInteger() || value.getBitWidth() == 1;
          result = pool.constant(isUnsigned ? double(value.getZExtValue()) : double(value.getSExtValue()));
        }
      }
    }
  } else if (auto node = load->value.getDefiningOp<onnx::NodeOp>()) {
    result = stepLayout(node, cast<OpResult>(load->value).getResultNumber(), load->args);
    if (!result && follow == Follow::All)
      result = stepCompute(node, load->args);
    if (auto length = lengthAt(load); length && length->constant())
      result = pool.constant(*length->constant());
  }
  steps[{load, int(follow)}] = result;
  return result;
}

E View::head(E expr, Follow follow) {
  while (expr->is(Kind::Load)) {
    E next = step(expr, follow);
    if (!next)
      break;
    expr = next;
  }
  return expr;
}

E View::rewrite(E expr, llvm::function_ref<E(E)> leaf, std::map<E, E> &done) {
  if (auto found = done.find(expr); found != done.end())
    return found->second;
  E result = expr->is(Kind::Load) ? leaf(expr) : expr;
  if (!result->args.empty()) {
    std::map<E, E> args;
    for (E arg : result->args)
      if (E now = rewrite(arg, leaf, done); now != arg)
        args[arg] = now;
    if (!args.empty()) {
      E rebuilt = pool.substitute(result, args);
      // What has simplified may be followed further.
      result = rebuilt == result ? rebuilt : rewrite(rebuilt, leaf, done);
    }
  }
  return done[expr] = result;
}

E View::layout(E expr) {
  std::map<E, E> done;
  return rewrite(expr, [&](E load) { return head(load, Follow::Layout); }, done);
}

E View::open(E expr) {
  return openWhere(expr, [](Value) { return true; });
}

E View::openWhere(E expr, llvm::function_ref<bool(Value)> follow) {
  std::map<E, E> done;
  auto leaf = [&](E load) {
    while (load->is(Kind::Load) && follow(load->value)) {
      E next = step(load, Follow::All);
      if (!next)
        break;
      load = next;
    }
    return load;
  };
  return rewrite(expr, leaf, done);
}

bool isPermutation(Value value, const ShapeAnalysis &shapes) {
  auto sort = value.getDefiningOp<onnx::NodeOp>();
  if (!sort || !sort.is("TopK") || value != sort.getResult(1))
    return false;
  const auto *in = shapes.dims(sort.getOperand(0)), *out = shapes.dims(value);
  return in && out && in->size() == 1 && in->front() == out->front();
}

} // namespace moe::raise
