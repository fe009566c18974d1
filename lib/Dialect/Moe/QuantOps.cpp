//===- QuantOps.cpp - verifier and shapes of the ops on weights of few bits -------------------------------------===//
#include "Shapes.h"
#include "mlir/Support/LLVM.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace moe {

int64_t DequantizeOp::width() {
  switch (getFormat()) {
  case Format::u2:
  case Format::i2:
    return 2;
  case Format::u3:
    return 3;
  case Format::u4:
  case Format::i4:
  case Format::f4e2m1:
    return 4;
  default:
    return 8;
  }
}

bool DequantizeOp::isInteger() { return getFormat() < Format::f4e2m1; }

int64_t DequantizeOp::blockLength() { return getBlock() ? int64_t(getBlock()) : std::max<int64_t>(length(getResult(), -1), 1); }

LogicalResult DequantizeOp::verify() {
  int64_t dims = rank(getData()), elements = length(getResult(), -1);
  auto elementOf = [](Value value) { return cast<ShapedType>(value.getType()).getElementType(); };
  auto bits = [&](Value value) { return elementOf(value).isIntOrFloat() ? elementOf(value).getIntOrFloatBitWidth() : 0; };
  bool fits = dims >= 1 && bits(getData()) == 8 && !ShapedType::isDynamic(elements) &&
              (ShapedType::isDynamic(length(getData(), -1)) || width() * elements <= 8 * length(getData(), -1));
  SmallVector<int64_t> shape(cast<ShapedType>(getData().getType()).getShape());
  if (fits)
    shape.back() = elements;
  if (!fits || !hasShape(getResult(), shape)) // C1
    return emitOpError("needs data [.., N, P] of 8-bit elements and a result [.., N, K] with ") << width() << " * K <= 8 * P";
  if (int64_t(getRows()) < 1 || int64_t(getBlock()) < 0 || (getRows() != 1 && dims < 2)) // C2
    return emitOpError("needs rows of at least 1 (1 for a rank of 1) and a block of at least 0");
  int64_t blocks = llvm::divideCeil(elements, blockLength());
  if (dims >= 2 && !ShapedType::isDynamic(shape[dims - 2]))
    shape[dims - 2] = llvm::divideCeil(shape[dims - 2], getRows());
  shape.back() = blocks;
  if (!hasShape(getScales(), shape)) // C3
    return emitOpError("needs scales [.., ceil(N / rows), ceil(K / block)]: ") << blocks << " for each row";
  if (getZeroPoints()) {
    bool floats = isa<FloatType>(elementOf(getZeroPoints()));
    if (!floats)
      shape.back() = llvm::divideCeil(width() * blocks, 8);
    if ((!floats && bits(getZeroPoints()) != 8) || !hasShape(getZeroPoints(), shape)) // C4
      return emitOpError("needs zero_points of the shape of scales, or packed in ") << llvm::divideCeil(width() * blocks, 8) << " bytes for each row";
  }
  if ((getZeroPoints() || getZero()) && (!isInteger() || (getZeroPoints() && getZero()))) // C5
    return emitOpError("takes zero_points or zero for integer formats, and not both");
  if (Value global = getGlobal()) { // C6
    auto leading = cast<ShapedType>(getResult().getType()).getShape().take_front(std::min(rank(global), dims - 1));
    if (rank(global) >= dims || !hasShape(global, leading))
      return emitOpError("needs global of the shape of the outermost axes of the result");
  }
  bool exponents = isa<Float8E8M0FNUType, Float8E4M3FNType>(elementOf(getScales()));
  auto narrow = [&](Value value) { return value && isa<FloatType>(elementOf(value)) && bits(value) < 16; };
  if ((narrow(getScales()) && !exponents) || narrow(getZeroPoints()) || narrow(getGlobal())) // C7
    return emitOpError("needs scales, zero_points and global of at least 16 bits, or scales of type f8E8M0FNU or f8E4M3FN");
  return success();
}

LogicalResult DequantizeOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(dimensions(builder, getLoc(), getData()));
  shapes.back().back() = builder.getIndexAttr(length(getResult(), -1));
  return success();
}

} // namespace moe
