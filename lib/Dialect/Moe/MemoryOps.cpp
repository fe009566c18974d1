//===- MemoryOps.cpp - verifiers of the ops on weights ----------------------------------------------------------===//
#include "Shapes.h"
#include "moe/Support/Bytes.h"

using namespace mlir;

namespace moe {

void YieldOp::build(OpBuilder &, OperationState &) {}

LogicalResult ParamOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  int sources = bool(getFile()) + bool(getValue()) + !getInit().empty();
  if (sources != 1) // C1
    return emitOpError("needs exactly one of file, value and init");
  if (!type.hasStaticShape()) // C2
    return emitOpError("needs a static shape");
  if (getFile() && getFile()->getLength() != byteSize(type)) // C3
    return emitOpError("has a file range of ") << getFile()->getLength() << " bytes for a type of " << byteSize(type);
  if (getValue() && getValue()->getType() != type) // C4
    return emitOpError("has a value of another type");
  if (!getInit().empty()) {
    auto yield = dyn_cast_or_null<YieldOp>(getInit().front().empty() ? nullptr : &getInit().front().back());
    if (!yield || yield.getOperandTypes() != TypeRange(type)) // C5
      return emitOpError("needs an init that yields one value of its type");
  }
  return success();
}

LogicalResult GetParamOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto param = symbols.lookupNearestSymbolFrom<ParamOp>(*this, getParamAttr());
  if (!param) // C1
    return emitOpError("names no moe.param: ") << getParam();
  if (param.getType() != getType()) // C2
    return emitOpError("has another type than the param, which is ") << param.getType();
  return success();
}

//===- moe.pack, moe.unpack -------------------------------------------------------------------------------------===//

/// The shape of the panels of a matrix [..., N, K].
static SmallVector<int64_t> packedShape(ArrayRef<int64_t> matrix) {
  SmallVector<int64_t> shape(matrix.drop_back(2));
  int64_t panels = (matrix[matrix.size() - 2] + 15) / 16;
  shape.append({(panels + 3) / 4 * 4, matrix.back(), 16});
  return shape;
}

void PackOp::build(OpBuilder &builder, OperationState &state, Value weight) {
  auto type = cast<RankedTensorType>(weight.getType());
  build(builder, state, RankedTensorType::get(packedShape(type.getShape()), type.getElementType()), weight);
}

LogicalResult PackOp::verify() {
  auto type = cast<RankedTensorType>(getWeight().getType());
  if (type.getRank() < 2 || type.isDynamicDim(type.getRank() - 2) || rank(getResult()) != type.getRank() + 1) // C1
    return emitOpError("needs a weight [..., N, K] with static N and a result [..., P, K, 16]");
  if (!hasShape(getResult(), packedShape(type.getShape()))) // C2
    return emitOpError("needs a result whose panels are a multiple of 4 that covers N");
  return success();
}

LogicalResult PackOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  auto type = cast<RankedTensorType>(getResult().getType());
  SmallVector<OpFoldResult> shape = dimensions(builder, getLoc(), getWeight());
  OpFoldResult depth = shape.pop_back_val();
  shape.pop_back();
  shape.append({builder.getIndexAttr(type.getDimSize(type.getRank() - 3)), depth, builder.getIndexAttr(16)});
  shapes.push_back(shape);
  return success();
}

LogicalResult UnpackOp::verify() {
  auto packed = cast<RankedTensorType>(getPacked().getType());
  int64_t outer = packed.getRank() - 3;
  bool fits = outer >= 0 && rank(getResult()) == outer + 2 && packed.getShape().back() == 16 &&
              agree(length(getResult(), -1), packed.getDimSize(outer + 1)) && length(getResult(), -2) <= 16 * packed.getDimSize(outer);
  if (!fits) // C1
    return emitOpError("needs panels [..., P, K, 16] and a result [..., N, K] with N <= 16 * P");
  return success();
}

LogicalResult UnpackOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> shape = dimensions(builder, getLoc(), getPacked());
  auto type = cast<RankedTensorType>(getResult().getType());
  OpFoldResult depth = shape[shape.size() - 2];
  shape.resize(shape.size() - 3);
  shape.append({builder.getIndexAttr(type.getDimSize(type.getRank() - 2)), depth});
  shapes.push_back(shape);
  return success();
}

} // namespace moe
