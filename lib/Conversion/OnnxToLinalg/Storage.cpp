//===- Storage.cpp - how narrow elements are stored where code ends ---------------------------------------------===//
#include "Storage.h"
#include "NarrowFloats.h"
#include "moe/Support/Bytes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {
namespace {

Type bitsOf(Type element) { return IntegerType::get(element.getContext(), element.getIntOrFloatBitWidth()); }

/// Elementwise on one tensor.
Value map(OpBuilder &builder, Location loc, Value value, Type element, function_ref<Value(ImplicitLocOpBuilder &, Value)> body) {
  auto type = cast<RankedTensorType>(value.getType());
  Value init = tensor::EmptyOp::create(builder, loc, tensor::getMixedSizes(builder, loc, value), element);
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(builder, loc, TypeRange(init.getType()), value, init, ArrayRef<AffineMap>{identity, identity}, loops,
                                   [&](OpBuilder &nested, Location loc, ValueRange args) {
                                     ImplicitLocOpBuilder b(loc, nested);
                                     linalg::YieldOp::create(b, body(b, args[0]));
                                   })
      .getResult(0);
}

/// Integer bits as an element.
Value fromBits(ImplicitLocOpBuilder &b, Value bits, Type element) {
  return isa<FloatType>(element) ? arith::BitcastOp::create(b, element, bits).getResult() : bits;
}

} // namespace

bool isSubByte(Type element) { return element.isIntOrFloat() && element.getIntOrFloatBitWidth() < 8 && element.getIntOrFloatBitWidth() > 1; }

RankedTensorType storedType(RankedTensorType type) {
  return isSubByte(type.getElementType()) ? RankedTensorType::get(type.getShape(), IntegerType::get(type.getContext(), 8)) : type;
}

Value fromStored(OpBuilder &builder, Location loc, Value stored, Type element) {
  return map(builder, loc, stored, element, [&](ImplicitLocOpBuilder &b, Value x) {
    return fromBits(b, arith::TruncIOp::create(b, bitsOf(element), x), element);
  });
}

Value toStored(OpBuilder &builder, Location loc, Value value, bool isUnsigned) {
  return map(builder, loc, value, builder.getI8Type(), [&](ImplicitLocOpBuilder &b, Value x) -> Value {
    if (isa<FloatType>(x.getType()))
      return arith::ExtUIOp::create(b, b.getI8Type(), arith::BitcastOp::create(b, bitsOf(x.getType()), x));
    return isUnsigned ? arith::ExtUIOp::create(b, b.getI8Type(), x).getResult() : arith::ExtSIOp::create(b, b.getI8Type(), x).getResult();
  });
}

RankedTensorType packedType(RankedTensorType type) {
  return isSubByte(type.getElementType()) ? RankedTensorType::get({byteSize(type)}, IntegerType::get(type.getContext(), 8)) : type;
}

Value fromPacked(OpBuilder &builder, Location loc, Value packed, RankedTensorType type) {
  Type element = type.getElementType();
  int64_t bits = element.getIntOrFloatBitWidth(), perByte = 8 / bits;
  Value init = tensor::EmptyOp::create(builder, loc, type.getShape(), element);
  SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(builder, loc, TypeRange(type), ValueRange(), init, builder.getMultiDimIdentityMap(type.getRank()), loops,
                                   [&](OpBuilder &nested, Location loc, ValueRange) {
                                     ImplicitLocOpBuilder b(loc, nested);
                                     auto index = [&](int64_t value) { return arith::ConstantIndexOp::create(b, value); };
                                     Value at = index(0);
                                     for (auto [axis, length] : llvm::enumerate(type.getShape()))
                                       at = arith::AddIOp::create(b, arith::MulIOp::create(b, at, index(length)), linalg::IndexOp::create(b, axis));
                                     Value byte = tensor::ExtractOp::create(b, packed, ValueRange{arith::DivUIOp::create(b, at, index(perByte))});
                                     Value within = arith::MulIOp::create(b, arith::RemUIOp::create(b, at, index(perByte)), index(bits));
                                     Value shifted = arith::ShRUIOp::create(b, byte, arith::IndexCastOp::create(b, b.getI8Type(), within));
                                     linalg::YieldOp::create(b, fromBits(b, arith::TruncIOp::create(b, bitsOf(element), shifted), element));
                                   })
      .getResult(0);
}

Value constantTensor(OpBuilder &builder, Location loc, DenseElementsAttr value) {
  Type element = value.getElementType();
  if (!isNarrowFloat(element))
    return arith::ConstantOp::create(builder, loc, value);
  Value bits = arith::ConstantOp::create(builder, loc, value.bitcast(bitsOf(element)));
  return map(builder, loc, bits, element, [&](ImplicitLocOpBuilder &b, Value x) { return fromBits(b, x, element); });
}

} // namespace moe
