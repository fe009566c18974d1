//===- QuantOps.cpp - verifier and shapes of the ops on weights of few bits -------------------------------------===//
#include "Shapes.h"
#include "mlir/Support/LLVM.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace moe {

int64_t widthOf(Format format) {
  switch (format) {
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

bool isInteger(Format format) { return format < Format::f4e2m1; }

bool isSigned(Format format) { return format == Format::i2 || format == Format::i4 || format == Format::i8; }

Type codeType(Format format, MLIRContext *context) {
  auto integer = [&](unsigned bits, IntegerType::SignednessSemantics sign) -> Type { return IntegerType::get(context, bits, sign); };
  switch (format) {
  case Format::u2:
    return integer(2, IntegerType::Unsigned);
  case Format::u3:
    return integer(3, IntegerType::Unsigned);
  case Format::u4:
    return integer(4, IntegerType::Unsigned);
  case Format::u8:
    return integer(8, IntegerType::Unsigned);
  case Format::i2:
    return integer(2, IntegerType::Signed);
  case Format::i4:
    return integer(4, IntegerType::Signed);
  case Format::i8:
    return integer(8, IntegerType::Signed);
  case Format::f4e2m1:
    return Float4E2M1FNType::get(context);
  case Format::f8e4m3:
    return Float8E4M3FNType::get(context);
  case Format::f8e5m2:
    return Float8E5M2Type::get(context);
  }
}

static Type elementOf(Value value) { return cast<ShapedType>(value.getType()).getElementType(); }

/// Bits of an element; 0 for types that are no numbers.
static unsigned bitsOf(Value value) { return elementOf(value).isIntOrFloat() ? elementOf(value).getIntOrFloatBitWidth() : 0; }

/// True for the scales that have 8 bits.
static bool isSmallScale(Type type) { return isa<Float8E8M0FNUType, Float8E4M3FNType>(type); }

int64_t DequantizeOp::blockLength() { return getBlock() ? int64_t(getBlock()) : std::max<int64_t>(length(getResult(), -1), 1); }

LogicalResult DequantizeOp::verify() {
  int64_t dims = rank(getData()), elements = length(getResult(), -1);
  bool fits = dims >= 1 && bitsOf(getData()) == 8 && !ShapedType::isDynamic(elements) &&
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
    if ((!floats && bitsOf(getZeroPoints()) != 8) || !hasShape(getZeroPoints(), shape)) // C4
      return emitOpError("needs zero_points of the shape of scales, or packed in ") << llvm::divideCeil(width() * blocks, 8) << " bytes for each row";
  }
  if ((getZeroPoints() || getZero()) && (!isInteger(getFormat()) || (getZeroPoints() && getZero()))) // C5
    return emitOpError("takes zero_points or zero for integer formats, and not both");
  if (Value global = getGlobal()) { // C6
    auto leading = cast<ShapedType>(getResult().getType()).getShape().take_front(std::min(rank(global), dims - 1));
    if (rank(global) >= dims || !hasShape(global, leading))
      return emitOpError("needs global of the shape of the outermost axes of the result");
  }
  auto narrow = [&](Value value) { return value && isa<FloatType>(elementOf(value)) && bitsOf(value) < 16; };
  if ((narrow(getScales()) && !isSmallScale(elementOf(getScales()))) || narrow(getZeroPoints()) || narrow(getGlobal())) // C7
    return emitOpError("needs scales, zero_points and global of at least 16 bits, or scales of type f8E8M0FNU or f8E4M3FN");
  return success();
}

LogicalResult DequantizeOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(dimensions(builder, getLoc(), getData()));
  shapes.back().back() = builder.getIndexAttr(length(getResult(), -1));
  return success();
}

int64_t QuantizeOp::blockLength() { return getBlock() ? int64_t(getBlock()) : std::max<int64_t>(length(getWeight(), -1), 1); }

LogicalResult QuantizeOp::verify() {
  int64_t dims = rank(getWeight()), elements = length(getWeight(), -1), width = widthOf(getFormat());
  if (int64_t(getBlock()) < 0 || getDamping().isNegative()) // C6
    return emitOpError("needs a block and a damping of at least 0");
  SmallVector<int64_t> shape(cast<ShapedType>(getWeight().getType()).getShape());
  bool fits = dims >= 2 && !ShapedType::isDynamic(elements);
  auto packed = [&](int64_t count) { return llvm::divideCeil(width * count, 8); };
  if (fits)
    shape.back() = packed(elements);
  if (!fits || bitsOf(getData()) != 8 || !hasShape(getData(), shape)) // C1
    return emitOpError("needs a weight [.., N, K] with static K, and data [.., N, ceil(") << width << " * K / 8)] of 8-bit elements";
  int64_t blocks = shape.back() = llvm::divideCeil(elements, blockLength());
  bool small = bitsOf(getScales()) < 16;
  if (!hasShape(getScales(), shape) || (small && (isInteger(getFormat()) || !isSmallScale(elementOf(getScales()))))) // C2
    return emitOpError("needs scales [.., N, ceil(K / block)]: ") << blocks << " for each row, of f8E8M0FNU or f8E4M3FN for float formats only";
  shape.back() = packed(blocks);
  bool natural = isInteger(getFormat()) && !isSigned(getFormat());
  if (Value zeros = getZeroPoints(); zeros && (!natural || bitsOf(zeros) != 8 || !hasShape(zeros, shape))) // C3
    return emitOpError("needs zero points of unsigned formats, packed in ") << packed(blocks) << " bytes for each row";
  ArrayRef<int64_t> outer = ArrayRef(shape).drop_back(2);
  if (Value global = getGlobal(); global && (!isa<FloatType>(elementOf(global)) || bitsOf(global) < 16 || !hasShape(global, outer))) // C3
    return emitOpError("needs global of the shape of the outer axes of the weight");
  if (getZero() && (!natural || getZeroPoints())) // C4
    return emitOpError("takes zero for unsigned formats without zero points");
  SmallVector<int64_t> square(outer);
  square.append({elements, elements});
  if (!hasShape(getHessian(), square)) // C5
    return emitOpError("needs a hessian [.., K, K]");
  return success();
}

LogicalResult QuantizeOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  for (Value result : getResults()) {
    shapes.push_back(dimensions(builder, getLoc(), getWeight()));
    if (result == getGlobal())
      shapes.back().resize(rank(result));
    else
      shapes.back().back() = builder.getIndexAttr(length(result, -1));
  }
  return success();
}

} // namespace moe
