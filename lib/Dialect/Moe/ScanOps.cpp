//===- ScanOps.cpp - verifiers and shapes of scan and causal_conv -----------------------------------------------===//
#include "Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace moe {
namespace {

/// True where the value is left out or each of its axes is 1 or that of `full`.
bool broadcasts(Value value, ArrayRef<int64_t> full) {
  if (!value)
    return true;
  if (rank(value) != int64_t(full.size()))
    return false;
  return llvm::all_of(llvm::enumerate(full), [&](auto axis) { return length(value, axis.index()) == 1 || agree(length(value, axis.index()), axis.value()); });
}

/// True where `part` may divide `whole`.
bool divides(int64_t part, int64_t whole) {
  return ShapedType::isDynamic(part) || ShapedType::isDynamic(whole) || (part > 0 && whole % part == 0);
}

int64_t larger(int64_t x, int64_t y) { return ShapedType::isDynamic(x) || ShapedType::isDynamic(y) ? ShapedType::kDynamic : std::max(x, y); }

/// The lengths of a scan's axes.
struct ScanShape {
  explicit ScanShape(ScanOp op)
      : batch(length(op.getV(), 0)), updates(length(op.getV(), 1)), heads(length(op.getV(), 2)),
        keys(op.getK() ? length(op.getK(), 3) : length(op.getV(), 3)), values(length(op.getV(), -1)) {}
  int64_t batch, updates, heads, keys, values;
};

} // namespace

static LogicalResult verifyOperands(ScanOp op, const ScanShape &n) {
  if (Value k = op.getK(); k && (rank(k) != 4 || !hasShape(k, {n.batch, n.updates, length(k, 2), n.keys}))) // C1
    return op.emitOpError("needs k [B, L, Hk, dk] with v [B, L, H, dv]");
  if (Value q = op.getQ()) { // C2
    if (rank(q) != 4 || !hasShape(q, {n.batch, length(q, 1), length(q, 2), n.keys}) ||
        !hasShape(op.getResult(), {n.batch, length(q, 1), larger(n.heads, length(q, 2)), n.values}))
      return op.emitOpError("needs q [B, T, Hq, dk] and a result [B, T, max(H, Hq), dv]");
  } else if (rank(op.getResult()) != 5 || !hasShape(op.getResult(), {n.batch, length(op.getResult(), 1), n.heads, n.keys, n.values})) // C2
    return op.emitOpError("without q needs a result [B, T, H, dk, dv]");
  int64_t tokens = length(op.getResult(), 1), updates = op.getUpdates();
  if (!ShapedType::isDynamic(tokens) && !agree(n.updates, tokens * updates)) // C2
    return op.emitOpError("needs v of length ") << tokens * updates << ", the number of tokens times updates";
  if ((op.getK() && !divides(length(op.getK(), 2), n.heads)) || // C3
      (op.getQ() && !divides(length(op.getQ(), 2), n.heads) && !divides(n.heads, length(op.getQ(), 2))))
    return op.emitOpError("needs key heads that divide the state heads, and query heads that divide them or are a multiple of them");
  if (bool(op.getA()) != bool(op.getB()) || (op.getA() && op.getNormalized())) // C5
    return op.emitOpError("needs a and b together, and without normalized");
  for (Value factor : {op.getA(), op.getB()}) // C5
    if (factor && (rank(factor) != 4 || !hasShape(factor, {n.batch, n.updates, length(factor, 2), n.keys}) || !divides(length(factor, 2), n.heads)))
      return op.emitOpError("needs a [B, L, Ha, dk] and b [B, L, Hb, dk] with Ha and Hb that divide H");
  return success();
}

static LogicalResult verifyGates(ScanOp op, const ScanShape &n) {
  for (Value gate : {op.getDecay(), op.getGate()}) // C4
    if (!broadcasts(gate, {n.batch, n.updates, n.heads, n.keys, n.values}))
      return op.emitOpError("needs decay and gate that broadcast to [B, L, H, dk, dv]");
  for (Value perHead : {op.getRate(), op.getBonus()}) // C4
    if (!broadcasts(perHead, {n.heads, n.keys, n.values}))
      return op.emitOpError("needs rate and bonus that broadcast to [H, dk, dv]");
  if (op.getRate() && !op.getDecay()) // C4
    return op.emitOpError("needs decay for rate");
  if (!op.getNormalized() && (op.getGate() || op.getBonus() || !op.getFloor().isZero() || !op.getEpsilon().isZero())) // C6
    return op.emitOpError("needs normalized for gate, bonus, floor and epsilon");
  if (op.getBonus() && !op.getExclusive()) // C6
    return op.emitOpError("needs exclusive for bonus");
  for (Value gate : {op.getDecay(), op.getRate(), op.getGate(), op.getBonus()}) // C6
    if (gate && op.getNormalized() && length(gate, -2) != 1)
      return op.emitOpError("with normalized needs gates whose axis dk is 1");
  return success();
}

static LogicalResult verifyStates(ScanOp op, const ScanShape &n) {
  size_t count = op.getNormalized() ? 3 : 1;
  if (op.getFinal().size() != count || (!op.getStates().empty() && op.getStates().size() != count)) // C7
    return op.emitOpError("needs ") << count << " final states, and as many initial ones or none";
  int64_t width = op.hasColumnGates() ? n.values : 1;
  for (ValueRange states : {ValueRange(op.getStates()), ValueRange(op.getFinal())}) { // C7
    if (!states.empty() && !hasShape(states[0], {n.batch, n.heads, n.keys, n.values}))
      return op.emitOpError("needs states S [B, H, dk, dv]");
    if (states.size() == 3 && (!hasShape(states[1], {n.batch, n.heads, n.keys, width}) || !hasShape(states[2], {n.batch, n.heads, 1, width})))
      return op.emitOpError("needs states n [B, H, dk, W] and m [B, H, 1, W] with W ") << (op.hasColumnGates() ? "dv" : "1");
  }
  return success();
}

bool ScanOp::hasColumnGates() {
  return llvm::any_of(ArrayRef<Value>{getDecay(), getRate(), getGate(), getBonus()}, [](Value gate) { return gate && length(gate, -1) != 1; });
}

LogicalResult ScanOp::verify() {
  if (int64_t(getUpdates()) < 1 || int64_t(getChunk().value_or(1)) < 1) // C8
    return emitOpError("needs updates and chunk of at least 1");
  if (rank(getV()) != (getK() ? 4 : 5)) // C1
    return emitOpError(getK() ? "needs k [B, L, Hk, dk] with v [B, L, H, dv]" : "without k needs v [B, L, H, dk, dv]");
  ScanShape shape(*this);
  return failure(failed(verifyOperands(*this, shape)) || failed(verifyGates(*this, shape)) || failed(verifyStates(*this, shape)));
}

LogicalResult ScanOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  Location loc = getLoc();
  auto of = [&](Value value, int64_t axis) { return dimension(builder, loc, value, axis); };
  auto value = [&](OpFoldResult size) { return getValueOrCreateConstantIndexOp(builder, loc, size); };
  OpFoldResult batch = of(getV(), 0), heads = of(getV(), 2), keys = getK() ? of(getK(), 3) : of(getV(), 3), values = of(getV(), -1);
  if (Value q = getQ()) {
    OpFoldResult outer = builder.createOrFold<arith::MaxUIOp>(loc, value(heads), value(of(q, 2)));
    shapes.push_back({batch, of(q, 1), outer, values});
  } else {
    OpFoldResult tokens = builder.createOrFold<arith::DivUIOp>(loc, value(of(getV(), 1)), value(builder.getIndexAttr(getUpdates())));
    shapes.push_back({batch, tokens, heads, keys, values});
  }
  shapes.push_back({batch, heads, keys, values});
  if (getNormalized()) {
    OpFoldResult one = builder.getIndexAttr(1), width = hasColumnGates() ? values : one;
    shapes.push_back({batch, heads, keys, width});
    shapes.push_back({batch, heads, one, width});
  }
  // A length that the type knows stays a constant.
  for (auto [result, sizes] : llvm::zip_equal(getResults(), shapes))
    for (auto [axis, size] : llvm::enumerate(sizes))
      if (int64_t known = length(result, axis); !ShapedType::isDynamic(known))
        size = builder.getIndexAttr(known);
  return success();
}

LogicalResult CausalConvOp::verify() {
  if (int64_t(getDilation()) < 1) // C4
    return emitOpError("needs a dilation of at least 1");
  if (rank(getX()) != 3 || rank(getWeight()) != 2 || length(getWeight(), 1) == 0 || !hasShape(getWeight(), {length(getX(), 2), length(getWeight(), 1)}) ||
      !hasShape(getBias(), {length(getX(), 2)})) // C1
    return emitOpError("needs x [B, T, C], weight [C, K] with K of at least 1, and bias [C]");
  int64_t taps = length(getWeight(), 1), past = ShapedType::isDynamic(taps) ? taps : int64_t(getDilation()) * (taps - 1);
  SmallVector<int64_t> state = {length(getX(), 0), length(getX(), 2), past};
  if (!hasShape(getState(), state) || !hasShape(getFinal(), state)) // C2
    return emitOpError("needs states [B, C, P] with P = dilation * (K - 1)");
  if (!isLike(getResult(), getX())) // C3
    return emitOpError("needs a result of the type of x");
  return success();
}

LogicalResult CausalConvOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  Location loc = getLoc();
  shapes.push_back(dimensions(builder, loc, getX()));
  Value one = arith::ConstantIndexOp::create(builder, loc, 1), dilation = arith::ConstantIndexOp::create(builder, loc, getDilation());
  Value taps = getValueOrCreateConstantIndexOp(builder, loc, dimension(builder, loc, getWeight(), 1));
  Value past = builder.createOrFold<arith::MulIOp>(loc, builder.createOrFold<arith::SubIOp>(loc, taps, one), dilation);
  shapes.push_back({shapes[0][0], shapes[0][2], getAsOpFoldResult(past)});
  return success();
}

} // namespace moe
