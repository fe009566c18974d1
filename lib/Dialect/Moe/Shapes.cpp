//===- Shapes.cpp - what the verifiers and shape rules of the moe ops share -------------------------------------===//
#include "Shapes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {

int64_t rank(Value value) { return cast<ShapedType>(value.getType()).getRank(); }

int64_t length(Value value, int64_t axis) {
  return cast<ShapedType>(value.getType()).getDimSize(axis < 0 ? axis + rank(value) : axis);
}

bool hasShape(Value value, ArrayRef<int64_t> lengths) {
  if (!value)
    return true;
  auto shape = cast<ShapedType>(value.getType()).getShape();
  return shape.size() == lengths.size() &&
         llvm::all_of(llvm::zip(shape, lengths), [](auto pair) { return agree(std::get<0>(pair), std::get<1>(pair)); });
}

bool isLike(Value a, Value b) {
  return getElementTypeOrSelf(a.getType()) == getElementTypeOrSelf(b.getType()) && hasShape(a, cast<ShapedType>(b.getType()).getShape());
}

OpFoldResult dimension(OpBuilder &builder, Location loc, Value value, int64_t axis) {
  return tensor::getMixedSize(builder, loc, value, axis < 0 ? axis + rank(value) : axis);
}

SmallVector<OpFoldResult> dimensions(OpBuilder &builder, Location loc, Value value) {
  return tensor::getMixedSizes(builder, loc, value);
}

} // namespace moe
