//===- Layers.cpp - projections, normalisations and rotary embeddings as ONNX operators -------------------------===//
#include "Spell.h"
#include "moe/Schema/Convert.h"

using namespace mlir;

namespace moe::spell {

//===- what the forms are made of -------------------------------------------------------------------------------===//

Value contrib(NodeMaker &make, StringRef op, Type type, ValueRange operands, ArrayRef<NamedAttribute> attrs) {
  return make.known(onnx::NodeOp::create(make.b, make.loc, op, TypeRange(type), operands, attrs, 1, "com.microsoft"))->getResult(0);
}

Value none(NodeMaker &make) { return onnx::NoneOp::create(make.b, make.loc, onnx::NoneType::get(make.b.getContext())); }

Value cast(NodeMaker &make, Value value, Type element) {
  if (getElementTypeOrSelf(value.getType()) == element)
    return value;
  return make.node("Cast", value, make.attr("to", schema::elementCode(element)), kOpset);
}

Value unsqueeze(NodeMaker &make, Value value, ArrayRef<int64_t> axes) { return make.node("Unsqueeze", {value, make.ints(axes)}, {}, kOpset); }

Value length(NodeMaker &make, Value value, int64_t axis) {
  Value shape = make.node("Shape", value, {make.attr("start", axis), make.attr("end", axis + 1)}, kOpset);
  return make.node("Squeeze", {shape, make.ints(0)}, {}, kOpset);
}

Value filled(NodeMaker &make, ValueRange lengths, Attribute fill) {
  SmallVector<Value> parts;
  for (Value length : lengths)
    parts.push_back(unsqueeze(make, length, {0}));
  Value shape = make.node("Concat", parts, make.attr("axis", 0), kOpset);
  auto value = DenseElementsAttr::get(RankedTensorType::get({1}, llvm::cast<TypedAttr>(fill).getType()), fill);
  return make.node("ConstantOfShape", shape, make.b.getNamedAttr("value", value), kOpset);
}

//===- ops ------------------------------------------------------------------------------------------------------===//

Value spell(NodeMaker &make, LinearOp op) {
  Value product = make.node("MatMul", {op.getInput(), make.transpose(op.getWeight(), {1, 0})}, {}, kOpset);
  return op.getBias() ? make.node("Add", {product, op.getBias()}, {}, kOpset) : product;
}

/// x divided by its size along the last axis.
static Value normalized(NodeMaker &make, NormOp op, Value x) {
  Type element = getElementTypeOrSelf(x.getType());
  Value epsilon = make.number(op.getEpsilon().convertToDouble(), element);
  auto overLast = [&](StringRef kind, Value value) { return make.node(kind, {value, make.ints(-1)}, make.attr("keepdims", 1), kOpset); };
  if (op.getKind() == NormKind::l2)
    return make.node("Div", {x, make.node("Max", {overLast("ReduceL2", x), epsilon}, {}, kOpset)}, {}, kOpset);
  if (op.getKind() == NormKind::layer)
    x = make.node("Sub", {x, overLast("ReduceMean", x)}, {}, kOpset);
  Value mean = overLast("ReduceMean", make.node("Mul", {x, x}, {}, kOpset));
  Value size = make.node("Sqrt", make.node("Add", {mean, epsilon}, {}, kOpset), {}, kOpset);
  return make.node("Div", {x, size}, {}, kOpset);
}

Value spell(NodeMaker &make, NormOp op) {
  Value x = op.getX(), result;
  NamedAttribute attrs[] = {make.attr("axis", -1), make.b.getNamedAttr("epsilon", make.b.getF32FloatAttr(float(op.getEpsilon().convertToDouble()))),
                            make.attr("stash_type", 1)};
  if (op.getScale() && op.getKind() == NormKind::rms)
    result = make.node("RMSNormalization", {x, op.getScale()}, attrs, kOpset);
  if (op.getScale() && op.getKind() == NormKind::layer)
    return make.node("LayerNormalization", op.getBias() ? SmallVector<Value>{x, op.getScale(), op.getBias()} : SmallVector<Value>{x, op.getScale()}, attrs, kOpset);
  if (!result) {
    // Computed in float32 or wider.
    Type element = getElementTypeOrSelf(x.getType()), wide = element.getIntOrFloatBitWidth() < 32 ? make.b.getF32Type() : element;
    result = cast(make, normalized(make, op, cast(make, x, wide)), element);
    if (op.getScale())
      result = make.node("Mul", {result, op.getScale()}, {}, kOpset);
  }
  return op.getBias() ? make.node("Add", {result, op.getBias()}, {}, kOpset) : result;
}

Value spell(NodeMaker &make, RotaryOp op) {
  auto interleaved = make.attr("interleaved", op.getInterleaved());
  int64_t width = llvm::cast<RankedTensorType>(op.getCos().getType()).getShape().back();
  int64_t all = llvm::cast<RankedTensorType>(op.getX().getType()).getShape().back();
  if (ShapedType::isDynamic(width))
    return op.emitError("the width of a rotary embedding is not known"), Value();
  SmallVector<NamedAttribute> attrs = {interleaved};
  if (2 * width != all)
    attrs.push_back(make.attr("rotary_embedding_dim", 2 * width));
  // One row of angles serves all batch entries: the operator wants one for each.
  auto angles = [&](Value value) -> Value {
    if (llvm::cast<RankedTensorType>(value.getType()).getDimSize(0) != 1)
      return value;
    Value shape = make.node("Concat", {unsqueeze(make, length(make, op.getX(), 0), {0}), make.ints({1, 1})}, make.attr("axis", 0), kOpset);
    return make.node("Expand", {value, shape}, {}, kOpset);
  };
  return make.node("RotaryEmbedding", {op.getX(), angles(op.getCos()), angles(op.getSin())}, attrs, kOpset);
}

} // namespace moe::spell
