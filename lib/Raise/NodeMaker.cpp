//===- NodeMaker.cpp - new ONNX nodes with known shapes ---------------------------------------------------------===//
#include "NodeMaker.h"

using namespace mlir;

namespace moe::raise {

Value NodeMaker::node(StringRef op, ValueRange operands, ArrayRef<NamedAttribute> attrs, int64_t version) {
  return nodes(op, 1, operands, attrs, version)[0];
}

ValueRange NodeMaker::nodes(StringRef op, unsigned results, ValueRange operands, ArrayRef<NamedAttribute> attrs, int64_t version) {
  SmallVector<Type> types(results, UnrankedTensorType::get(b.getF32Type()));
  return known(onnx::NodeOp::create(b, loc, op, types, operands, attrs, version)).getResults();
}

Value NodeMaker::ints(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({int64_t(values.size())}, b.getI64Type());
  return known(onnx::ConstantOp::create(b, loc, DenseElementsAttr::get(type, values)));
}

Value NodeMaker::number(double value, Type element) {
  auto type = RankedTensorType::get({}, element);
  Attribute attr = isa<FloatType>(element) ? Attribute(b.getFloatAttr(element, value)) : Attribute(b.getIntegerAttr(element, int64_t(value)));
  return known(onnx::ConstantOp::create(b, loc, cast<ElementsAttr>(DenseElementsAttr::get(type, attr))));
}

Value NodeMaker::reshape(Value value, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape() == shape)
    return value;
  return node("Reshape", {value, ints(shape)});
}

Value NodeMaker::transpose(Value value, ArrayRef<int64_t> perm) {
  SmallVector<int64_t> whole(perm);
  // Two in a row are one.
  if (auto before = value.getDefiningOp<onnx::NodeOp>(); before && before.is("Transpose"))
    if (auto first = before.intsAttribute("perm")) {
      for (int64_t &axis : whole)
        axis = (*first)[axis];
      value = before.getOperand(0);
    }
  if (llvm::is_sorted(whole))
    return value;
  return node("Transpose", value, b.getNamedAttr("perm", b.getDenseI64ArrayAttr(whole)));
}

Value NodeMaker::slice(Value value, int64_t axis, int64_t start, int64_t step, int64_t count) {
  if (start == 0 && step == 1 && cast<RankedTensorType>(value.getType()).getDimSize(axis) == count)
    return value;
  return node("Slice", {value, ints(start), ints(start + (count - 1) * step + 1), ints(axis), ints(step)});
}

} // namespace moe::raise
