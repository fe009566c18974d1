//===- ExpertBytes.cpp - the bytes of an expert's weights -------------------------------------------------------===//
#include "ExpertBytes.h"
#include "moe/Support/Bytes.h"

using namespace mlir;

namespace moe {

/// The bytes of what a tensor is computed from: itself, its panels, or codes, scales and zero points.
static int64_t storedBytes(Value tensor) {
  if (!tensor)
    return 0;
  if (auto unpack = tensor.getDefiningOp<UnpackOp>())
    return storedBytes(unpack.getPacked());
  if (auto codes = tensor.getDefiningOp<DequantizeOp>())
    return storedBytes(codes.getData()) + storedBytes(codes.getScales()) + storedBytes(codes.getZeroPoints());
  auto type = cast<ShapedType>(tensor.getType());
  return type.hasStaticShape() ? byteSize(type) : 0;
}

int64_t expertBytes(ExpertsOp op) {
  int64_t bytes = 0;
  for (Value part : {op.getGate(), op.getUp(), op.getDown(), op.getGateBias(), op.getUpBias(), op.getDownBias()})
    bytes += storedBytes(part);
  return bytes / cast<RankedTensorType>(op.getUp().getType()).getDimSize(0);
}

} // namespace moe
