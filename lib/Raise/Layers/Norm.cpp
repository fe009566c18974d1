//===- Norm.cpp - finding normalisations ------------------------------------------------------------------------===//
#include "../NodeMaker.h"
#include "../Replace.h"
#include "Layers.h"
#include "moe/Dialect/Moe.h"

using namespace mlir;

namespace moe::raise {
namespace {

/// size^(-1/2) or size^(1/2): the expression under the root, and the exponent.
struct Power {
  E base = nullptr;
  double exponent = 1;
};

/// Follows roots, reciprocals and powers.
Power powerOf(View &view, E expr, double exponent = 1) {
  expr = view.head(expr);
  if (expr->isApply("Sqrt"))
    return powerOf(view, expr->arg(0), exponent / 2);
  if (expr->isApply("Reciprocal"))
    return powerOf(view, expr->arg(0), -exponent);
  if (expr->isApply("Div") && view.head(expr->arg(0))->isConst(1))
    return powerOf(view, expr->arg(1), -exponent);
  if (expr->isApply("Pow"))
    if (E power = view.head(expr->arg(1)); power->is(Kind::Const))
      return powerOf(view, expr->arg(0), exponent * power->number);
  return {expr, exponent};
}

/// mean over the last axis of square(x) + epsilon: epsilon, or nullopt where `expr` is anything else.
std::optional<double> meanSquare(View &view, E expr, E x, E last) {
  double epsilon = 0;
  if (expr->isApply("Add"))
    for (int side : {0, 1})
      if (E number = view.head(expr->arg(1 - side)); number->is(Kind::Const)) {
        epsilon = number->number;
        expr = view.head(expr->arg(side));
        break;
      }
  if (!expr->isReduce("Mean") || !expr->arg(1)->is(Kind::Digit) || !(expr->arg(1)->extents[0] == last->extents[0]))
    return std::nullopt;
  E wanted = view.layout(view.pool.substitute(x, {{last, expr->arg(1)}})), body = view.head(expr->arg(0));
  auto same = [&](E part) { return view.layout(part) == wanted; };
  bool square = (body->isApply("Mul") && same(body->arg(0)) && same(body->arg(1))) ||
                (body->isApply("Pow") && same(body->arg(0)) && view.head(body->arg(1))->isConst(2));
  return square ? std::optional(epsilon) : std::nullopt;
}

/// A normalisation before its scale and bias.
struct Core {
  Value x;
  NormKind kind;
  double epsilon;
};

/// The tensor from which `x` is the distance to its mean over the last axis; null where x is none.
Value uncentred(View &view, Value x) {
  auto node = x.getDefiningOp<onnx::NodeOp>();
  if (!node || !node.is("Sub") || node.getOperand(0).getType() != x.getType())
    return {};
  std::vector<E> digits;
  E difference = view.step(view.at(x, digits), Follow::All), last = digits.back();
  E mean = difference ? view.head(difference->arg(1)) : nullptr;
  if (!mean || !mean->isReduce("Mean") || !mean->arg(1)->is(Kind::Digit) || !(mean->arg(1)->extents[0] == last->extents[0]))
    return {};
  E wanted = view.layout(view.pool.substitute(difference->arg(0), {{last, mean->arg(1)}}));
  return view.layout(mean->arg(0)) == wanted ? node.getOperand(0) : Value();
}

/// x * size^(-1/2) or x / size^(1/2), where size is the mean square of x.
std::optional<Core> matchCore(View &view, onnx::NodeOp node) {
  if (!node.is("Mul") && !node.is("Div"))
    return std::nullopt;
  for (int side : {0, 1}) {
    Value x = node.getOperand(side), size = node.getOperand(1 - side);
    if (x.getType() != node.getResult(0).getType() || (node.is("Div") && side == 1))
      continue;
    std::vector<E> digits;
    E element = view.at(x, digits), root = view.layout(element);
    if (digits.empty() || !digits.back()->is(Kind::Digit))
      continue;
    // The size stands at 0 of the last axis, which it keeps.
    auto type = dyn_cast<RankedTensorType>(size.getType());
    if (!type || type.getRank() != int64_t(digits.size()) || type.getShape().back() != 1)
      continue;
    std::vector<E> at = digits;
    at.back() = view.pool.constant(0);
    for (auto [axis, index] : llvm::enumerate(at))
      if (view.extent(size, axis).is(1))
        index = view.pool.constant(0);
    Power power = powerOf(view, view.pool.load(size, at));
    if (power.exponent != (node.is("Div") ? 0.5 : -0.5))
      continue;
    if (auto epsilon = meanSquare(view, power.base, root, digits.back())) {
      Value whole = uncentred(view, x);
      return whole ? Core{whole, NormKind::layer, *epsilon} : Core{x, NormKind::rms, *epsilon};
    }
  }
  return std::nullopt;
}

/// A weight over the last axis as [N].
Value lastAxisWeight(NodeMaker &make, WeightSet &weights, Value value, int64_t length) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !weights.contains(value) || type.getRank() == 0 || type.getNumElements() != length || type.getShape().back() != length)
    return {};
  return make.reshape(value, {length});
}

/// The weight that `op` adds to or multiplies `inner` by, which receives its other operand; null, and nothing received, for any other node.
Value weightOf(NodeMaker &make, WeightSet &weights, onnx::NodeOp node, StringRef op, onnx::NodeOp &inner) {
  auto type = cast<RankedTensorType>(node.getResult(0).getType());
  if (!node.is(op) || type.isDynamicDim(type.getRank() - 1))
    return {};
  for (int side : {0, 1}) {
    auto other = node.getOperand(side).getDefiningOp<onnx::NodeOp>();
    if (!other || other.getResult(0).getType() != type)
      continue;
    if (Value weight = lastAxisWeight(make, weights, node.getOperand(1 - side), type.getShape().back())) {
      inner = other;
      return weight;
    }
  }
  return {};
}

bool replace(View &view, onnx::NodeOp node, Value x, Value scale, Value bias, NormKind kind, double epsilon) {
  NodeMaker make(OpBuilder(node), node.getLoc(), view.shapes);
  auto op = make.known(NormOp::create(make.b, node.getLoc(), x.getType(), x, scale, bias, kind, APFloat(epsilon)));
  replaceRaised(node.getResult(0), op.getResult());
  return true;
}

/// The standard's own operators, where they normalise the last axis and give nothing but the result.
bool raiseOperator(View &view, onnx::NodeOp node) {
  bool rms = node.is("RMSNormalization"), layer = node.is("LayerNormalization"), l2 = node.is("LpNormalization");
  auto type = dyn_cast<RankedTensorType>(node.getOperand(0).getType());
  if ((!rms && !layer && !l2) || !type || type.getRank() == 0)
    return false;
  int64_t axis = node.intAttribute("axis", -1);
  if (axis != -1 && axis != type.getRank() - 1)
    return false;
  if (l2)
    return node.intAttribute("p", 2) == 2 && replace(view, node, node.getOperand(0), {}, {}, NormKind::l2, 0);
  for (Value result : node.getResults().drop_front())
    if (!result.use_empty())
      return false;
  auto whole = [&](Value value) { // a scale over the last axis alone
    auto shape = value ? dyn_cast<RankedTensorType>(value.getType()) : RankedTensorType();
    return !value || (shape && shape.getRank() == 1 && shape.getElementType() == type.getElementType());
  };
  if (!whole(node.input(1)) || !whole(node.input(2)) || node.intAttribute("stash_type", 1) != 1)
    return false;
  return replace(view, node, node.getOperand(0), node.input(1), layer ? node.input(2) : Value(), rms ? NormKind::rms : NormKind::layer,
                 node.floatAttribute("epsilon", 1e-5));
}

} // namespace

bool raiseNorm(View &view, WeightSet &weights, onnx::NodeOp node) {
  if (!node.getDomain().empty() || node.getNumOperands() == 0 || node.getNumResults() == 0)
    return false;
  if (raiseOperator(view, node))
    return true;
  auto type = dyn_cast<RankedTensorType>(node.getResult(0).getType());
  if (!type || type.getRank() == 0 || !isa<FloatType>(type.getElementType()) || node.getResult(0).use_empty())
    return false;
  // With a bias, else without; the same for the weight.
  NodeMaker make(OpBuilder(node), node.getLoc(), view.shapes);
  onnx::NodeOp scaled = node;
  Value bias = weightOf(make, weights, node, "Add", scaled), scale = weightOf(make, weights, scaled, "Mul", scaled);
  auto core = matchCore(view, scaled);
  return core && replace(view, node, core->x, scale, bias, core->kind, core->epsilon);
}

} // namespace moe::raise
