//===- LengthSources.cpp - the operands that the lengths of moe ops' results come from --------------------------===//
#include "LengthSources.h"
#include "moe/Dialect/Moe.h"

using namespace mlir;

namespace moe {

using Source = std::pair<Value, int64_t>;

bool hasLengthSources(Operation *op) {
  return isa<LinearOp, ExpertsOp, NormOp, RotaryOp, AttentionOp, RouteOp, DequantizeOp, ScanOp, CausalConvOp>(op);
}

static Source scanSource(ScanOp op, unsigned result, int64_t axis) {
  int64_t columns = op.getK() ? 3 : 4;
  Source keys = {op.getK() ? op.getK() : op.getV(), 3}, none;
  if (axis == 0)
    return {op.getV(), 0};
  if (result > 0) // S [B, H, dk, dv], n [B, H, dk, W], m [B, H, 1, W]
    return axis == 1 ? Source(op.getV(), 2) : axis == 2 ? keys : Source(op.getV(), columns);
  if (Value q = op.getQ()) // [B, T, heads, dv]
    return axis == 1 ? Source(q, 1) : axis == 3 ? Source(op.getV(), columns) : none;
  return axis == 1 && op.getUpdates() != 1 ? none : Source(op.getV(), axis);
}

Source lengthSource(OpResult result, int64_t axis) {
  Operation *op = result.getOwner();
  unsigned number = result.getResultNumber();
  if (auto scan = dyn_cast<ScanOp>(op))
    return scanSource(scan, number, axis);
  if (auto conv = dyn_cast<CausalConvOp>(op); conv && number == 1) // [B, C, P]
    return axis == 2 ? Source(conv.getState(), 2) : Source(conv.getX(), axis == 1 ? 2 : 0);
  return {op->getOperand(0), axis};
}

} // namespace moe
