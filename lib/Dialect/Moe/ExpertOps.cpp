//===- ExpertOps.cpp - verifiers and shapes of projections and experts ------------------------------------------===//
#include "Shapes.h"

using namespace mlir;

namespace moe {

LogicalResult LinearOp::verify() {
  if (rank(getWeight()) != 2 || rank(getInput()) < 1 || !agree(length(getInput(), -1), length(getWeight(), 1))) // C1
    return emitOpError("needs weight [N, K] for an input whose last axis is K");
  if (!hasShape(getBias(), {length(getWeight(), 0)})) // C2
    return emitOpError("needs bias [N]");
  SmallVector<int64_t> shape(cast<ShapedType>(getInput().getType()).getShape());
  shape.back() = length(getWeight(), 0);
  if (!hasShape(getResult(), shape)) // C3
    return emitOpError("needs a result with the outer shape of the input and N as last axis");
  return success();
}

LogicalResult LinearOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(dimensions(builder, getLoc(), getInput()));
  shapes.back().back() = dimension(builder, getLoc(), getWeight(), 0);
  return success();
}

LogicalResult ExpertsOp::verify() {
  if (rank(getX()) != 2 || rank(getIds()) != 2 || rank(getUp()) != 3 || rank(getDown()) != 3) // C1, C2
    return emitOpError("needs x [T, H], ids [T, K], up [E, I, H] and down [E, H', I]");
  int64_t tokens = length(getX(), 0), hidden = length(getX(), 1);
  int64_t experts = length(getUp(), 0), inner = length(getUp(), 1), out = length(getDown(), 1);
  if (!hasShape(getIds(), {tokens, ShapedType::kDynamic}) || !hasShape(getWeights(), {tokens, length(getIds(), 1)})) // C1
    return emitOpError("needs ids and weights [T, K]");
  if (!hasShape(getUp(), {experts, inner, hidden}) || !hasShape(getGate(), {experts, inner, hidden}) ||
      !hasShape(getDown(), {experts, out, inner}) || !hasShape(getResult(), {tokens, out})) // C2
    return emitOpError("needs gate and up [E, I, H], down [E, H', I] and a result [T, H']");
  if (!hasShape(getGateBias(), {experts, inner}) || !hasShape(getUpBias(), {experts, inner}) ||
      !hasShape(getDownBias(), {experts, out})) // C3
    return emitOpError("needs gate_bias and up_bias [E, I] and down_bias [E, H']");
  if (getGateBias() && !getGate()) // C4
    return emitOpError("has gate_bias without gate");
  if (ShapedType::isDynamic(experts) || experts < 1) // C5
    return emitOpError("needs at least one expert");
  return success();
}

LogicalResult ExpertsOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back({dimension(builder, getLoc(), getX(), 0), dimension(builder, getLoc(), getDown(), 1)});
  return success();
}

} // namespace moe
