//===- MemoryOps.cpp - verifiers of the ops on weights ----------------------------------------------------------===//
#include "Shapes.h"
#include "moe/Support/Bytes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "llvm/Support/MathExtras.h"

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

/// Elements along K that share a word.
static int64_t wordLength(Type tensor) {
  Type element = cast<RankedTensorType>(tensor).getElementType();
  return element.isIntOrFloat() ? std::max<int64_t>(1, 32 / std::max(8u, element.getIntOrFloatBitWidth())) : 1;
}

/// The shape of the panels of a matrix [..., N, K].
static SmallVector<int64_t> packedShape(RankedTensorType type) {
  ArrayRef<int64_t> matrix = type.getShape();
  SmallVector<int64_t> shape(matrix.drop_back(2));
  int64_t panels = (matrix[matrix.size() - 2] + 15) / 16, group = wordLength(type);
  int64_t words = ShapedType::isDynamic(matrix.back()) ? matrix.back() : int64_t(llvm::divideCeil(matrix.back(), group));
  shape.append({(panels + 3) / 4 * 4, words, 16 * group});
  return shape;
}

void PackOp::build(OpBuilder &builder, OperationState &state, Value weight) {
  auto type = cast<RankedTensorType>(weight.getType());
  build(builder, state, RankedTensorType::get(packedShape(type), type.getElementType()), weight);
}

LogicalResult PackOp::verify() {
  auto type = cast<RankedTensorType>(getWeight().getType());
  if (type.getRank() < 2 || type.isDynamicDim(type.getRank() - 2) || rank(getResult()) != type.getRank() + 1) // C1
    return emitOpError("needs a weight [..., N, K] with static N and a result [..., P, words of K, 16 elements in words]");
  if (!hasShape(getResult(), packedShape(type))) // C2
    return emitOpError("needs a result whose panels are a multiple of 4 that covers N, and whose words cover K");
  return success();
}

LogicalResult PackOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  auto type = cast<RankedTensorType>(getResult().getType());
  SmallVector<OpFoldResult> shape = dimensions(builder, getLoc(), getWeight());
  AffineExpr words = getAffineSymbolExpr(0, getContext()).ceilDiv(wordLength(type));
  OpFoldResult depth = affine::makeComposedFoldedAffineApply(builder, getLoc(), words, {shape.pop_back_val()});
  shape.pop_back();
  int64_t axis = type.getRank() - 3;
  shape.append({builder.getIndexAttr(type.getDimSize(axis)), depth, builder.getIndexAttr(type.getDimSize(axis + 2))});
  shapes.push_back(shape);
  return success();
}

LogicalResult UnpackOp::verify() {
  auto packed = cast<RankedTensorType>(getPacked().getType());
  int64_t outer = packed.getRank() - 3, group = wordLength(packed);
  bool fits = outer >= 0 && rank(getResult()) == outer + 2;
  if (fits) {
    int64_t outputs = length(getResult(), -2), depth = length(getResult(), -1);
    bool known = group == 1 || !ShapedType::isDynamic(depth);
    fits = packed.getShape().back() == 16 * group && known && !ShapedType::isDynamic(outputs) && outputs <= 16 * packed.getDimSize(outer) &&
           agree(ShapedType::isDynamic(depth) ? depth : int64_t(llvm::divideCeil(depth, group)), packed.getDimSize(outer + 1));
  }
  if (!fits) // C1
    return emitOpError("needs panels [..., P, words of K, 16 elements in words] and a result [..., N, K] with N <= 16 * P");
  return success();
}

LogicalResult UnpackOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> shape = dimensions(builder, getLoc(), getPacked());
  auto type = cast<RankedTensorType>(getResult().getType());
  int64_t axis = type.getRank() - 2;
  OpFoldResult depth = type.isDynamicDim(axis + 1) ? shape[shape.size() - 2] : OpFoldResult(builder.getIndexAttr(type.getDimSize(axis + 1)));
  shape.resize(shape.size() - 3);
  shape.append({builder.getIndexAttr(type.getDimSize(axis)), depth});
  shapes.push_back(shape);
  return success();
}

} // namespace moe
