//===- AttentionOps.cpp - verifiers and shapes of attention, rotary and norm ------------------------------------===//
#include "Shapes.h"

using namespace mlir;

namespace moe {

LogicalResult AttentionOp::verify() {
  Value q = getQ(), k = getK(), v = getV(), mask = getMask();
  if (rank(q) != 4 || rank(k) != 4 || rank(v) != 4) // C1
    return emitOpError("needs q [B, Hq, S, D], k [B, Hk, L, D] and v [B, Hk, L, Dv]");
  int64_t batch = length(q, 0), heads = length(q, 1), queries = length(q, 2), keys = length(k, 2);
  if (!hasShape(k, {batch, length(v, 1), length(v, 2), length(q, 3)}) || !agree(length(v, 0), batch) ||
      !hasShape(getResult(), {batch, heads, queries, length(v, 3)})) // C1
    return emitOpError("needs q [B, Hq, S, D], k [B, Hk, L, D], v [B, Hk, L, Dv] and a result [B, Hq, S, Dv]");
  int64_t groups = length(k, 1);
  if (!ShapedType::isDynamic(heads) && !ShapedType::isDynamic(groups) && (groups < 1 || heads % groups != 0)) // C2
    return emitOpError("needs a number of key heads that divides that of query heads");
  if (mask) { // C3
    bool fits = rank(mask) == 4;
    int64_t full[4] = {batch, heads, queries, keys};
    for (int64_t axis = 0; fits && axis < 4; ++axis)
      fits = length(mask, axis) == 1 || agree(length(mask, axis), full[axis]);
    if (!fits)
      return emitOpError("needs a mask that broadcasts to [B, Hq, S, L]");
  }
  if (!hasShape(getSinks(), {heads}) || !hasShape(getPast(), {batch}) || !hasShape(getTotal(), {batch})) // C4
    return emitOpError("needs sinks [Hq], past [B] and total [B]");
  if (int64_t(getWindow()) < 0 || (getWindow() && !getCausal())) // C5
    return emitOpError("needs a window of at least 0, and causal for a window");
  return success();
}

LogicalResult AttentionOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(dimensions(builder, getLoc(), getQ()));
  shapes.back().back() = dimension(builder, getLoc(), getV(), 3);
  return success();
}

LogicalResult RotaryOp::verify() {
  if (rank(getX()) != 4 || rank(getCos()) != 3) // C1
    return emitOpError("needs x [B, heads, S, D] and cos, sin [B or 1, S, R/2]");
  int64_t batch = length(getCos(), 0), half = length(getCos(), 2), width = length(getX(), 3);
  bool fits = (batch == 1 || agree(batch, length(getX(), 0))) && agree(length(getCos(), 1), length(getX(), 2)) &&
              hasShape(getSin(), {batch, length(getCos(), 1), half}) &&
              (ShapedType::isDynamic(half) || ShapedType::isDynamic(width) || 2 * half <= width);
  if (!fits) // C1
    return emitOpError("needs x [B, heads, S, D] and cos, sin [B or 1, S, R/2] with R <= D");
  if (!isLike(getResult(), getX())) // C2
    return emitOpError("needs a result of the type of x");
  return success();
}

LogicalResult RotaryOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(dimensions(builder, getLoc(), getX()));
  return success();
}

LogicalResult NormOp::verify() {
  if (rank(getX()) < 1 || !hasShape(getScale(), {length(getX(), -1)}) || !hasShape(getBias(), {length(getX(), -1)})) // C1
    return emitOpError("needs scale and bias of the length of the last axis");
  if (!isLike(getResult(), getX())) // C2
    return emitOpError("needs a result of the type of x");
  return success();
}

LogicalResult NormOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(dimensions(builder, getLoc(), getX()));
  return success();
}

} // namespace moe
