//===- Attention.cpp - attention as ONNX operators --------------------------------------------------------------===//
//
// The standard's Attention where it says all: causal over a cache that it may put together itself, or an explicit mask. Sinks are spelled out.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Spell.h"

using namespace mlir;

namespace moe::spell {
namespace {

class AttentionSpelling {
public:
  AttentionSpelling(NodeMaker &make, AttentionOp op) : make(make), op(op), element(getElementTypeOrSelf(op.getQ().getType())) {}

  Value run() {
    if (!op.getSinks())
      if (Value result = overCache())
        return result;
    Value visible = visibility(), added = addedMask(visible);
    Value result = op.getSinks() ? spelledOut(added ? added : visible) : standard(added ? added : visible);
    return result ? emptyRows(result, visible, added) : Value();
  }

private:
  Value node(StringRef name, ValueRange operands, ArrayRef<NamedAttribute> attrs = {}) { return make.node(name, operands, attrs, kOpset); }
  Type i64() { return make.b.getI64Type(); }

  SmallVector<NamedAttribute> attributes() {
    auto real = [&](StringRef name, const APFloat &value) { return make.b.getNamedAttr(name, make.b.getF32FloatAttr(float(value.convertToDouble()))); };
    SmallVector<NamedAttribute> attrs = {real("scale", op.getScale())};
    if (!op.getSoftcap().isZero())
      attrs.push_back(real("softcap", op.getSoftcap()));
    return attrs;
  }

  //===- masks --------------------------------------------------------------------------------------------------===//

  /// What causal, window, past and total let a query see: [B or 1, 1, S, L] of booleans; null where it is everything.
  Value visibility() {
    bool position = op.getCausal() || op.getWindow();
    Value mask = op.getMask(), result = mask && isa<IntegerType>(getElementTypeOrSelf(mask.getType())) ? mask : Value();
    if (!position && !op.getTotal())
      return result;
    Value zero = make.number(0, i64()), one = make.number(1, i64());
    Value queries = length(make, op.getQ(), 2), keys = length(make, op.getK(), 2);
    Value key = node("Range", {zero, keys, one}); // [L]
    auto both = [&](Value other) { result = result ? node("And", {result, other}) : other; };
    auto perBatch = [&](Value value) { return unsqueeze(make, cast(make, value, i64()), {1, 2, 3}); };
    if (position) {
      Value past = op.getPast() ? perBatch(op.getPast()) : unsqueeze(make, node("Sub", {keys, queries}), {0, 1, 2, 3});
      Value at = node("Add", {unsqueeze(make, node("Range", {zero, queries, one}), {0, 1, 3}), past}); // [B or 1, 1, S, 1]
      both(node("LessOrEqual", {key, at}));
      if (op.getWindow())
        both(node("Greater", {key, node("Sub", {at, make.number(double(op.getWindow()), i64())})}));
    }
    if (op.getTotal())
      both(node("Less", {key, perBatch(op.getTotal())}));
    return result;
  }

  /// The mask that is added to the scores, with what cannot be seen in it; null where none is given.
  Value addedMask(Value visible) {
    Value mask = op.getMask();
    if (!mask || isa<IntegerType>(getElementTypeOrSelf(mask.getType())))
      return {};
    mask = cast(make, mask, element);
    return visible ? node("Where", {visible, mask, lowest()}) : mask;
  }

  Value lowest() { return make.number(-std::numeric_limits<double>::infinity(), element); }

  /// A query that sees nothing gives zeros. Without a mask or positions from outside every query sees its own key.
  Value emptyRows(Value result, Value visible, Value added) {
    if (!op.getMask() && !op.getPast() && !op.getTotal())
      return result;
    Value seen = added ? node("Greater", {added, lowest()}) : visible;
    Value any = node("ReduceMax", {cast(make, seen, make.b.getIntegerType(32)), make.ints(-1)}, make.attr("keepdims", 1));
    return node("Where", {cast(make, any, make.b.getI1Type()), result, make.number(0, element)});
  }

  //===- forms --------------------------------------------------------------------------------------------------===//

  Value standard(Value mask) {
    SmallVector<Value> operands = {op.getQ(), op.getK(), op.getV()};
    if (mask)
      operands.push_back(perQuery(mask));
    return node("Attention", operands, attributes());
  }

  /// The mask with a row for each query: ONNX Runtime repeats it along the other axes alone.
  Value perQuery(Value mask) {
    if (sameLength(mask, op.getQ()))
      return mask;
    Value shape = node("Concat", {make.ints({1, 1}), unsqueeze(make, length(make, op.getQ(), 2), {0}), make.ints(1)}, make.attr("axis", 0));
    return node("Expand", {mask, shape});
  }

  static onnx::NodeOp asCache(Value value) {
    auto concat = value.getDefiningOp<onnx::NodeOp>();
    if (!concat || !concat.is("Concat") || concat.getNumOperands() != 2)
      return {};
    int64_t axis = concat.intAttribute("axis", 0);
    return axis == 2 || axis == -2 ? concat : onnx::NodeOp();
  }

  bool sameLength(Value a, Value b) {
    const auto *x = make.shapes.dims(a), *y = make.shapes.dims(b);
    return x && y && (*x)[2] == (*y)[2];
  }

  /// Causal attention over past and new keys, which the operator also joins; null where it is another kind.
  Value overCache() {
    auto keys = asCache(op.getK()), values = asCache(op.getV());
    bool plain = op.getCausal() && !op.getWindow() && !op.getMask() && !op.getPast() && !op.getTotal();
    if (!plain || !keys || !values || !sameLength(keys.getOperand(1), op.getQ()) || !sameLength(values.getOperand(1), op.getQ()))
      return {};
    SmallVector<NamedAttribute> attrs = attributes();
    attrs.push_back(make.attr("is_causal", 1));
    ValueRange results = make.nodes("Attention", 3, {op.getQ(), keys.getOperand(1), values.getOperand(1), none(make), keys.getOperand(0), values.getOperand(0)}, attrs, kOpset);
    for (auto [cache, joined] : {std::pair(keys->getResult(0), results[1]), std::pair(values->getResult(0), results[2])}) {
      joined.setType(cache.getType());
      cache.replaceUsesWithIf(joined, [&](OpOperand &use) { return joined.getDefiningOp()->isBeforeInBlock(use.getOwner()); });
    }
    return results[0];
  }

  /// Products and a softmax with the sinks as one more key. Groups of query heads share a key head by broadcasting.
  Value spelledOut(Value mask) {
    auto q = llvm::cast<RankedTensorType>(op.getQ().getType()), k = llvm::cast<RankedTensorType>(op.getK().getType());
    int64_t heads = q.getDimSize(1), keyHeads = k.getDimSize(1);
    if (ShapedType::isDynamic(heads) || ShapedType::isDynamic(keyHeads))
      return op.emitError("the number of heads is not known; ONNX has no form for it"), Value();
    // [B, Hq, S, D] to [B, Hk, G, S, D] and back; 0 and -1 take the lengths that are not known.
    auto split = [&](Value value) { return node("Reshape", {value, make.ints({0, keyHeads, heads / keyHeads, -1, llvm::cast<RankedTensorType>(value.getType()).getShape().back()})}); };
    Value scaled = node("Mul", {split(op.getQ()), make.number(op.getScale().convertToDouble(), element)});
    Value keys = unsqueeze(make, make.transpose(op.getK(), {0, 1, 3, 2}), {2});
    Value scores = node("MatMul", {scaled, keys}); // [B, Hk, G, S, L]
    if (double cap = op.getSoftcap().convertToDouble())
      scores = node("Mul", {node("Tanh", node("Div", {scores, make.number(cap, element)})), make.number(cap, element)});
    if (mask) {
      auto type = llvm::cast<RankedTensorType>(mask.getType());
      mask = type.getDimSize(1) == 1 ? unsqueeze(make, mask, {1}) : node("Reshape", {mask, make.ints({0, keyHeads, heads / keyHeads, 0, -1})});
      bool boolean = type.getElementType().isInteger(1);
      scores = boolean ? node("Where", {mask, scores, lowest()}) : node("Add", {scores, mask});
    }
    Value one = make.ints(1);
    Value shape = node("Concat", {make.node("Shape", scores, make.attr("end", 4), kOpset), one}, make.attr("axis", 0));
    Value sinks = node("Expand", {node("Reshape", {cast(make, op.getSinks(), element), make.ints({1, keyHeads, heads / keyHeads, 1, 1})}), shape});
    Value weights = node("Softmax", node("Concat", {scores, sinks}, make.attr("axis", -1)), make.attr("axis", -1));
    Value kept = node("Slice", {weights, make.ints(0), make.ints(-1), make.ints(-1), one});
    Value result = node("MatMul", {kept, unsqueeze(make, op.getV(), {2})});
    return node("Reshape", {result, make.ints({0, heads, -1, llvm::cast<RankedTensorType>(op.getV().getType()).getShape().back()})});
  }

  NodeMaker &make;
  AttentionOp op;
  Type element;
};

} // namespace

Value spell(NodeMaker &make, AttentionOp op) { return AttentionSpelling(make, op).run(); }

} // namespace moe::spell
