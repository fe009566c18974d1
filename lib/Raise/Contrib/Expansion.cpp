//===- Expansion.cpp - what one of ONNX Runtime's operators means, in standard nodes and moe ops ----------------===//
#include "Expansion.h"
#include "moe/Schema/Convert.h"
#include "llvm/Support/raw_ostream.h"
#include "onnx/defs/schema.h"

using namespace mlir;

namespace moe::raise {

//===- reading --------------------------------------------------------------------------------------------------===//

bool Expansion::wants(unsigned result) { return result < node.getNumResults() && !node.getResult(result).use_empty(); }

int64_t Expansion::length(Value value, int64_t axis) { return typeOf(value).getDimSize(axis < 0 ? axis + rankOf(value) : axis); }

std::string Expansion::nameOf(unsigned index) {
  const auto *schema = ::onnx::OpSchemaRegistry::Schema(node.getOpType().str(), node.getVersion(), node.getDomain().str());
  return schema && index < schema->inputs().size() ? schema->inputs()[index].GetName() : "operand " + std::to_string(index);
}

//===- refusing -------------------------------------------------------------------------------------------------===//

LogicalResult Expansion::fail(const Twine &message) { return node.emitError(node.qualifiedName()) << ": " << message; }

std::string shapeText(ArrayRef<int64_t> lengths) {
  std::string text = "[";
  for (auto [axis, length] : llvm::enumerate(lengths))
    text += (axis ? ", " : "") + (ShapedType::isDynamic(length) ? "?" : std::to_string(length));
  return text + "]";
}

LogicalResult Expansion::needShape(unsigned index, ArrayRef<int64_t> lengths) {
  if (!in(index))
    return success();
  ArrayRef<int64_t> shape = typeOf(in(index)).getShape();
  bool fits = shape.size() == lengths.size() && llvm::all_of(llvm::zip(shape, lengths), [](auto pair) {
                auto [have, want] = pair;
                return have == want || ShapedType::isDynamic(have) || ShapedType::isDynamic(want);
              });
  if (fits)
    return success();
  return fail(nameOf(index) + " has the shape " + shapeText(shape) + ", but the other operands need " + shapeText(lengths));
}

LogicalResult Expansion::needRank(unsigned index, ArrayRef<int64_t> ranks) {
  if (!in(index) || llvm::is_contained(ranks, rankOf(in(index))))
    return success();
  std::string text;
  for (int64_t rank : ranks)
    text += (text.empty() ? "" : " or ") + std::to_string(rank);
  return fail(nameOf(index) + " has rank " + Twine(rankOf(in(index))) + "; it needs rank " + text);
}

LogicalResult Expansion::needLength(int64_t length, const Twine &what) {
  if (!ShapedType::isDynamic(length) && length >= 1)
    return success();
  return fail(what + " is not a constant of at least 1; fix the shapes of the model's inputs");
}

//===- building -------------------------------------------------------------------------------------------------===//

NamedAttribute Expansion::attr(StringRef name, StringRef value) { return make.b.getNamedAttr(name, make.b.getStringAttr(value)); }

NamedAttribute Expansion::realAttr(StringRef name, double value) { return make.b.getNamedAttr(name, make.b.getF32FloatAttr(float(value))); }

Value Expansion::none() { return onnx::NoneOp::create(make.b, make.loc, onnx::NoneType::get(make.b.getContext())); }

Value Expansion::scaled(Value x, double factor) { return factor == 1 ? x : mul(x, make.number(factor, elementOf(x))); }

Value Expansion::shifted(Value x, double summand) { return summand == 0 ? x : add(x, make.number(summand, elementOf(x))); }

Value Expansion::swish(Value x, double alpha) { return mul(x, sigmoid(scaled(x, alpha))); }

Value Expansion::cast(Value value, Type element) {
  if (elementOf(value) == element)
    return value;
  return op("Cast", value, attr("to", int64_t(schema::elementCode(element))));
}

Value Expansion::widened(Value value) {
  Type element = elementOf(value);
  return isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32 ? cast(value, make.b.getF32Type()) : value;
}

Value Expansion::concat(ValueRange parts, int64_t axis) { return parts.size() == 1 ? parts[0] : op("Concat", parts, attr("axis", axis)); }

Value Expansion::slice(Value value, int64_t axis, int64_t begin, int64_t end, int64_t step) {
  return op("Slice", {value, make.ints(begin), make.ints(end), make.ints(axis), make.ints(step)});
}

Value Expansion::reduce(StringRef name, Value value, ArrayRef<int64_t> axes, bool keep) {
  return op(name, {value, make.ints(axes)}, attr("keepdims", int64_t(keep)));
}

Value Expansion::lengths(Value value, int64_t begin, int64_t end) {
  return op("Shape", value, {attr("end", end), attr("start", begin)});
}

Value Expansion::lengthOf(Value value, int64_t axis, bool scalar) {
  axis = axis < 0 ? axis + rankOf(value) : axis;
  Value length = lengths(value, axis, axis + 1);
  return scalar ? op("Squeeze", {length, make.ints(int64_t(0))}) : length;
}

Value Expansion::filled(Value shape, double value, Type element) {
  auto type = RankedTensorType::get({1}, element);
  Attribute number = isa<FloatType>(element) ? Attribute(make.b.getFloatAttr(element, value)) : Attribute(make.b.getIntegerAttr(element, int64_t(value)));
  return op("ConstantOfShape", shape, make.b.getNamedAttr("value", DenseElementsAttr::get(type, number)));
}

Value Expansion::range(Value count) {
  Type i64 = make.b.getI64Type();
  return op("Range", {make.number(0, i64), count, make.number(1, i64)});
}

Value Expansion::splitHeads(Value value, int64_t heads) {
  return make.transpose(reshape(value, {0, 0, heads, length(value, 2) / heads}), {0, 2, 1, 3});
}

Value Expansion::mergeHeads(Value value) {
  return reshape(make.transpose(value, {0, 2, 1, 3}), {0, 0, length(value, 1) * length(value, 3)});
}

Value Expansion::asRows(Value value) { return rankOf(value) == 2 ? value : reshape(value, {-1, length(value, -1)}); }

Value Expansion::fromRows(Value rows, Value like) {
  int64_t rank = rankOf(like);
  if (rank == 2)
    return rows;
  return op("Reshape", {rows, concat({lengths(like, 0, rank - 1), make.ints(length(rows, 1))}, 0)});
}

Value Expansion::norm(Value x, Value scale, Value bias, NormKind kind, double epsilon) {
  return make.known(NormOp::create(make.b, make.loc, x.getType(), x, scale, bias, kind, APFloat(epsilon)));
}

LogicalResult Expansion::done(ValueRange values) {
  if (!make.valid)
    return fail("its meaning in standard operators is invalid for these operands");
  for (auto [index, value] : llvm::enumerate(values))
    if (value && index < node.getNumResults())
      node.getResult(index).replaceAllUsesWith(value);
  for (OpResult result : node.getResults())
    if (!result.use_empty())
      return fail("its result " + Twine(result.getResultNumber()) + " is not supported; export without it");
  return success();
}

} // namespace moe::raise
