//===- Attention.cpp - ONNX Runtime's attention of equal heads --------------------------------------------------===//
#include "Attention.h"
#include "Rotary.h"

using namespace mlir;

namespace moe::raise {

Value attend(Expansion &e, const AttentionParts &parts) {
  SmallVector<int64_t> shape(e.typeOf(parts.query).getShape());
  shape.back() = e.length(parts.value, 3);
  auto type = RankedTensorType::get(shape, e.elementOf(parts.query));
  OpBuilder &b = e.make.b;
  Value result = e.make.known(AttentionOp::create(b, e.make.loc, type, parts.query, parts.key, parts.value, parts.mask, parts.sinks, parts.past,
                                                  parts.total, APFloat(parts.scale), parts.causal, parts.window, APFloat(parts.softcap)));
  return e.mergeHeads(result);
}

double attentionScale(Expansion &e, int64_t width) {
  double scale = e.node.floatAttribute("scale", 0);
  return scale != 0 ? scale : 1 / std::sqrt(double(width));
}

Value writeRows(Expansion &e, Value cache, Value added, Value at) {
  return e.op("TensorScatter", {cache, added, at}, {e.attr("axis", 2), e.attr("mode", "linear")}, 24);
}

namespace {

/// Numbers to add to the logits: `filter` where `visible`, a tensor of booleans that broadcasts with [B, H, S, L], is false.
Value filtered(Expansion &e, Value visible, double filter, Type element) {
  return e.op("Where", {visible, e.make.number(0, element), e.make.number(filter, element)});
}

Value positive(Expansion &e, Value mask) { return e.op("Greater", {mask, e.make.number(0, e.elementOf(mask))}); }

/// A mask of ONNX Runtime for `keys` keys: [B] valid lengths, [B, L], [B, S, L]; with `ranges` also [2B] ends and starts.
FailureOr<Value> visibleKeys(Expansion &e, unsigned index, Value batch, Value keys, bool ranges) {
  Value mask = e.in(index);
  switch (e.rankOf(mask)) {
  case 1: {
    // [B], [2B] and [3B + 2] differ in their length alone.
    const auto *dims = e.make.shapes.dims(mask), *owner = e.make.shapes.dims(batch);
    SymExpr one = owner ? (*owner)[0] : SymExpr(), length = dims ? (*dims)[0] : SymExpr();
    Value places = e.unsqueeze(e.range(keys), int64_t(0)), wide = e.cast(mask, e.make.b.getI64Type());
    auto column = [&](Value value) { return e.unsqueeze(value, 1); };
    if (dims && owner && length == one)
      return e.unsqueeze(e.op("Less", {places, column(wide)}), {1, 2});
    if (ranges && dims && owner && length == one * SymExpr(2)) {
      Value halves = e.reshape(wide, {2, -1});
      Value end = e.op("Gather", {halves, e.make.number(0, e.make.b.getI64Type())}), begin = e.op("Gather", {halves, e.make.number(1, e.make.b.getI64Type())});
      Value inside = e.op("And", {e.op("Less", {places, column(end)}), e.op("GreaterOrEqual", {places, column(begin)})});
      return e.unsqueeze(inside, {1, 2});
    }
    return e.fail(e.nameOf(index) + " of rank 1 needs a length for each batch; export a mask of rank 2");
  }
  case 2:
    return e.unsqueeze(positive(e, mask), {1, 2});
  case 3:
    return e.unsqueeze(positive(e, mask), int64_t(1));
  default:
    return e.fail(e.nameOf(index) + " has rank " + Twine(e.rankOf(mask)) + ", which is not supported; export a mask of rank 2 or 3");
  }
}

/// Mask and bias as one tensor, or null.
FailureOr<Value> allBiases(Expansion &e, unsigned maskIndex, unsigned biasIndex, Value query, Value key, bool ranges) {
  if (failed(e.needRank(biasIndex, 4)))
    return failure();
  Value bias = e.in(biasIndex);
  if (!e.in(maskIndex))
    return bias;
  auto visible = visibleKeys(e, maskIndex, query, e.lengthOf(key, 2, /*scalar=*/true), ranges);
  if (failed(visible))
    return failure();
  Value mask = filtered(e, *visible, e.node.floatAttribute("mask_filter_value", -10000), e.elementOf(query));
  return bias ? e.add(mask, bias) : mask;
}

/// past and the new rows, or the new rows alone.
Value appended(Expansion &e, Value past, Value added) { return past ? e.concat({past, added}, 2) : added; }

//===- MultiHeadAttention ---------------------------------------------------------------------------------------===//

/// Operands of MultiHeadAttention.
enum Operand : unsigned { kQuery, kKey, kValue, kBias, kPadding, kAttentionBias, kPastKey, kPastValue, kPastLength, kIndirection };

/// One of the parts of a packed tensor [B, L, heads, parts, D] as [B, heads, L, D].
Value unpacked(Expansion &e, Value tensor, int64_t part) {
  Value index = e.make.number(double(part), e.make.b.getI64Type());
  return e.make.transpose(e.op("Gather", {tensor, index}, e.attr("axis", 3)), {0, 2, 1, 3});
}

struct Heads {
  Value query, key, value; ///< [B, heads, S or L, D]
};

/// The part of the projections' bias that belongs to a value of `width` columns.
Value biased(Expansion &e, Value x, int64_t begin, int64_t width) {
  return e.in(kBias) ? e.add(x, e.slice(e.in(kBias), 0, begin, begin + width)) : x;
}

FailureOr<Heads> headsOf(Expansion &e, int64_t count) {
  Value query = e.in(kQuery), key = e.in(kKey), value = e.in(kValue);
  Heads heads;
  if (e.rankOf(query) == 5) {
    if (key || value || e.in(kBias))
      return e.fail("a packed query [B, L, heads, 3, D] excludes key, value and bias");
    for (auto [part, into] : llvm::enumerate(SmallVector<Value *>{&heads.query, &heads.key, &heads.value}))
      *into = unpacked(e, query, part);
    return heads;
  }
  if (!key)
    return e.fail("key is missing");
  int64_t width = e.length(query, 2);
  if (failed(e.needRank(kQuery, 3)) || failed(e.needLength(width, "the last axis of query")))
    return failure();
  if (width % count != 0)
    return e.fail("query has " + Twine(width) + " columns, which do not divide into " + Twine(count) + " heads");
  heads.query = e.splitHeads(biased(e, query, 0, width), count);
  if (e.rankOf(key) == 5) {
    if (value || e.in(kBias))
      return e.fail("a packed key [B, L, heads, 2, D] excludes value and bias");
    heads.key = unpacked(e, key, 0);
    heads.value = unpacked(e, key, 1);
    return heads;
  }
  if (!value || e.rankOf(key) != e.rankOf(value) || failed(e.needRank(kKey, {3, 4})))
    return e.fail("key and value need the same rank, 3 or 4");
  if (e.rankOf(key) == 4) { // of another sequence, as [B, heads, L, D]
    if (failed(e.needShape(kKey, {ShapedType::kDynamic, count, ShapedType::kDynamic, width / count})) ||
        failed(e.needShape(kValue, {ShapedType::kDynamic, count, ShapedType::kDynamic, ShapedType::kDynamic})))
      return failure();
    heads.key = key;
    heads.value = value;
    return heads;
  }
  int64_t columns = e.length(value, 2);
  if (failed(e.needShape(kKey, {ShapedType::kDynamic, ShapedType::kDynamic, width})) || failed(e.needLength(columns, "the last axis of value")) ||
      failed(e.needShape(kBias, 2 * width + columns)))
    return failure();
  if (columns % count != 0)
    return e.fail("value has " + Twine(columns) + " columns, which do not divide into " + Twine(count) + " heads");
  heads.key = e.splitHeads(biased(e, key, width, width), count);
  heads.value = e.splitHeads(biased(e, value, 2 * width, columns), count);
  return heads;
}

LogicalResult multiHeadAttention(Expansion &e) {
  int64_t count = e.node.intAttribute("num_heads", 0);
  if (count < 1)
    return e.fail("num_heads is " + Twine(count));
  if (e.in(kPastLength) || e.in(kIndirection))
    return e.fail("past_sequence_length and cache_indirection (shared buffers, beams) are not supported; export with caches that grow");
  if (bool(e.in(kPastKey)) != bool(e.in(kPastValue)))
    return e.fail("past_key and past_value need each other");
  auto heads = headsOf(e, count);
  if (failed(heads) || failed(e.needRank(kPastKey, 4)) || failed(e.needRank(kPastValue, 4)))
    return failure();
  Value key = appended(e, e.in(kPastKey), heads->key), value = appended(e, e.in(kPastValue), heads->value);
  auto mask = allBiases(e, kPadding, kAttentionBias, heads->query, key, /*ranges=*/false);
  if (failed(mask))
    return failure();
  AttentionParts parts;
  parts.query = heads->query;
  parts.key = key;
  parts.value = value;
  parts.mask = *mask;
  parts.scale = attentionScale(e, e.length(heads->query, 3));
  parts.causal = e.node.intAttribute("unidirectional", 0) != 0;
  return e.done({attend(e, parts), key, value});
}

//===- Attention ------------------------------------------------------------------------------------------------===//

/// Projects input, and attends; past and present hold keys and values in one tensor [2, B, heads, L, D].
LogicalResult attention(Expansion &e) {
  Value x = e.in(0), weights = e.in(1), past = e.in(4);
  int64_t count = e.node.intAttribute("num_heads", 0);
  if (e.node.intAttribute("do_rotary", 0))
    return e.fail("do_rotary is not supported; export RotaryEmbedding as a node of its own");
  if (e.node.intAttribute("past_present_share_buffer", 0) || e.in(6))
    return e.fail("past_present_share_buffer is not supported; export with caches that grow");
  if (failed(e.needRank(0, 3)) || failed(e.needRank(1, 2)) || failed(e.needLength(e.length(weights, 1), "the second axis of weights")) ||
      failed(e.needShape(2, e.length(weights, 1))))
    return failure();
  int64_t columns = e.length(weights, 1);
  auto sizes = e.node.intsAttribute("qkv_hidden_sizes").value_or(SmallVector<int64_t>(3, columns / 3));
  if (sizes.empty())
    sizes.assign(3, columns / 3);
  bool fit = sizes.size() == 3 && sizes[0] + sizes[1] + sizes[2] == columns && sizes[0] == sizes[1] && count >= 1;
  if (!fit || sizes[0] % count != 0 || sizes[2] % count != 0)
    return e.fail("the " + Twine(columns) + " columns of weights do not divide into queries, keys and values of " + Twine(count) + " heads");
  Value all = e.op("MatMul", {x, weights});
  if (e.in(2))
    all = e.add(all, e.in(2));
  auto part = [&](int64_t begin, int64_t width) { return e.splitHeads(e.slice(all, 2, begin, begin + width), count); };
  Value query = part(0, sizes[0]), key = part(sizes[0], sizes[1]), value = part(2 * sizes[0], sizes[2]);
  if (past) {
    if (failed(e.needRank(4, 5)))
      return failure();
    auto half = [&](double which) { return e.op("Gather", {past, e.make.number(which, e.make.b.getI64Type())}); };
    key = appended(e, half(0), key);
    value = appended(e, half(1), value);
  }
  auto mask = allBiases(e, 3, 5, query, key, /*ranges=*/true);
  if (failed(mask))
    return failure();
  AttentionParts parts;
  parts.query = query;
  parts.key = key;
  parts.value = value;
  parts.mask = *mask;
  parts.scale = attentionScale(e, sizes[0] / count);
  parts.causal = e.node.intAttribute("unidirectional", 0) != 0;
  Value present;
  if (e.wants(1))
    present = e.concat({e.unsqueeze(key, int64_t(0)), e.unsqueeze(value, int64_t(0))}, 0);
  return e.done({attend(e, parts), present});
}

} // namespace

void addAttentions(ExpandTable &table) {
  addMicrosoft(table, "MultiHeadAttention", multiHeadAttention);
  addMicrosoft(table, "Attention", attention);
}

} // namespace moe::raise
