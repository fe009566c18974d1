//===- GroupQueryAttention.cpp - attention of grouped heads with caches -----------------------------------------===//
//
// For batch b, with T = seqlens_k[b] + 1 tokens behind this step and Q of the S queries valid (all of them but for padding at the end),
// P = T - Q tokens came before. New keys and values are written behind row P of the cache; a query at place s has the position P + s.
//
// A cache grows or keeps its length: present is as long as the longer of past and total_sequence_length. A window's cache
// (sliding_window_cache) of C rows keeps the last L(T) tokens at its beginning:
//     L(T) = T  for T <= C,  else  T - G * ceil((T - C) / G)  with G = C - window + 1
// so rows move only every G tokens. Its rows are those of the positions from P - L(P) on: everything runs relative to that position.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Attention.h"
#include "Rotary.h"

using namespace mlir;

namespace moe::raise {
namespace {

/// Operands of GroupQueryAttention.
enum Operand : unsigned { kQuery, kKey, kValue, kPastKey, kPastValue, kSeqlens, kTotal, kCos, kSin, kPositions, kBias, kSinks, kKeyScale, kValueScale,
                          kQueryNorm, kKeyNorm, kQuerySeqlens };

class GroupedAttention {
public:
  explicit GroupedAttention(Expansion &e) : e(e), i64(e.make.b.getI64Type()) {}

  LogicalResult run() {
    if (failed(attributes()) || failed(heads()) || failed(caches()))
      return failure();
    lengths();
    if (failed(normalize()) || failed(positions()))
      return failure();
    AttentionParts parts;
    parts.query = query;
    parts.scale = attentionScale(e, head);
    parts.softcap = e.node.floatAttribute("softcap", 0);
    parts.causal = e.node.intAttribute("causal", 1) != 0;
    parts.window = std::max<int64_t>(window, 0);
    Value presentKey, presentValue;
    if (!pastKey) {
      parts.key = presentKey = key;
      parts.value = presentValue = value;
    } else if (ring) {
      parts.key = extended(pastKey, key);
      parts.value = extended(pastValue, value);
      presentKey = evicted(parts.key);
      presentValue = evicted(parts.value);
    } else {
      parts.key = presentKey = grown(pastKey, key);
      parts.value = presentValue = grown(pastValue, value);
    }
    parts.past = e.cast(kept, e.make.b.getI32Type());
    parts.total = e.cast(e.add(kept, valid), e.make.b.getI32Type());
    parts.mask = bias(parts.key);
    parts.sinks = sinks();
    return e.done({attend(e, parts), presentKey, presentValue});
  }

private:
  LogicalResult attributes() {
    queries = e.node.intAttribute("num_heads", 0);
    groups = e.node.intAttribute("kv_num_heads", 0);
    window = e.node.intAttribute("local_window_size", -1);
    ring = e.node.intAttribute("sliding_window_cache", 0) != 0;
    if (queries < 1 || groups < 1 || queries % groups != 0)
      return e.fail("kv_num_heads " + Twine(groups) + " does not divide num_heads " + Twine(queries));
    for (StringRef name : {"k_quant_type", "v_quant_type"})
      if (StringRef kind = e.node.stringAttribute(name, "NONE"); kind != "NONE")
        return e.fail(name + " '" + kind + "': quantized caches are not supported; export with a cache of floats");
    if (e.in(kKeyScale) || e.in(kValueScale))
      return e.fail("k_scale and v_scale: quantized caches are not supported; export with a cache of floats");
    if (e.node.intAttribute("qk_output", 0) != 0 && e.wants(3))
      return e.fail("output_qk is not supported; export without that output");
    if (e.node.intAttribute("causal", 1) == 0 && window > 0)
      return e.fail("local_window_size needs causal 1");
    if (ring && (window < 1 || !e.in(kPastKey)))
      return e.fail("sliding_window_cache needs local_window_size and past_key");
    return success();
  }

  /// query, key and value as [B, heads, S, D].
  LogicalResult heads() {
    if (failed(e.needRank(kQuery, 3)) || failed(e.needRank(kKey, 3)) || failed(e.needRank(kValue, 3)))
      return failure();
    Value x = e.in(kQuery);
    int64_t width = e.length(x, 2), parts = e.in(kKey) ? queries : queries + 2 * groups;
    if (failed(e.needLength(width, "the last axis of query")))
      return failure();
    if (bool(e.in(kKey)) != bool(e.in(kValue)))
      return e.fail("key and value need each other");
    if (width % parts != 0)
      return e.fail("query has " + Twine(width) + " columns, which do not divide into " + Twine(parts) + " heads");
    head = width / parts;
    if (failed(e.needShape(kKey, {ShapedType::kDynamic, ShapedType::kDynamic, groups * head})) ||
        failed(e.needShape(kValue, {ShapedType::kDynamic, ShapedType::kDynamic, groups * head})))
      return failure();
    Value k = e.in(kKey), v = e.in(kValue);
    if (!k) {
      k = e.slice(x, 2, queries * head, (queries + groups) * head);
      v = e.slice(x, 2, (queries + groups) * head, width);
      x = e.slice(x, 2, 0, queries * head);
    }
    query = e.splitHeads(x, queries);
    key = e.splitHeads(k, groups);
    value = e.splitHeads(v, groups);
    return success();
  }

  LogicalResult caches() {
    pastKey = e.in(kPastKey);
    pastValue = e.in(kPastValue);
    if (bool(pastKey) != bool(pastValue))
      return e.fail("past_key and past_value need each other");
    for (unsigned index : {kPastKey, kPastValue})
      if (failed(e.needShape(index, {ShapedType::kDynamic, groups, ShapedType::kDynamic, head})))
        return failure();
    if (pastKey && e.elementOf(pastKey) != e.elementOf(query))
      return e.fail("past_key has other elements than query; quantized caches are not supported");
    // Exporters name lengths that are fixed; from here on they are.
    auto fixed = [&](Value cache) {
      bool known = e.length(cache, 1) == groups && e.length(cache, 3) == head;
      return known ? cache : e.reshape(cache, {0, groups, 0, head});
    };
    if (pastKey) {
      pastKey = fixed(pastKey);
      pastValue = fixed(pastValue);
    }
    return success();
  }

  /// floor(a / b) of integers that are not negative is Div; ceil(a / b) of a that may be negative is not needed below 0.
  Value ceilDiv(Value a, Value b) { return e.div(e.sub(e.add(a, b), one()), b); }
  Value number(int64_t value) { return e.make.number(double(value), i64); }
  Value one() { return number(1); }
  Value zero() { return number(0); }
  Value atLeast(Value a, Value b) { return e.op("Max", {a, b}); }

  /// L(T), element by element.
  Value resident(Value tokens) {
    Value capacity = e.lengthOf(pastKey, 2);
    Value steps = e.sub(capacity, number(window - 1));
    Value excess = atLeast(e.sub(tokens, capacity), zero());
    return e.sub(tokens, e.mul(steps, ceilDiv(excess, steps)));
  }

  void lengths() {
    tokens = e.shifted(e.cast(e.reshape(e.in(kSeqlens), int64_t(-1)), i64), 1);
    step = e.lengthOf(query, 2);
    valid = e.in(kQuerySeqlens) ? e.cast(e.reshape(e.in(kQuerySeqlens), int64_t(-1)), i64) : e.op("Min", {step, tokens});
    past = e.sub(tokens, valid);
    kept = ring ? resident(past) : past;
  }

  /// Unit size of each query and key head, before they turn.
  LogicalResult normalize() {
    if (!e.in(kQueryNorm) && !e.in(kKeyNorm))
      return success();
    if (!e.in(kQueryNorm) || !e.in(kKeyNorm))
      return e.fail("q_norm_weight and k_norm_weight need each other");
    if (failed(e.needShape(kQueryNorm, head)) || failed(e.needShape(kKeyNorm, head)))
      return failure();
    double epsilon = e.node.floatAttribute("qk_norm_epsilon", 1e-6);
    query = e.norm(query, e.in(kQueryNorm), {}, NormKind::rms, e.node.floatAttribute("q_norm_epsilon", epsilon));
    key = e.norm(key, e.in(kKeyNorm), {}, NormKind::rms, e.node.floatAttribute("k_norm_epsilon", epsilon));
    return success();
  }

  LogicalResult positions() {
    if (e.node.intAttribute("do_rotary", 0) == 0)
      return success();
    if (!e.in(kCos) || !e.in(kSin))
      return e.fail("do_rotary needs cos_cache and sin_cache");
    if (failed(e.needRank(kCos, 2)) || failed(e.needShape(kSin, e.typeOf(e.in(kCos)).getShape())) || failed(e.needRank(kPositions, 2)))
      return failure();
    if (int64_t half = e.length(e.in(kCos), 1); ShapedType::isDynamic(half) || 2 * half > head)
      return e.fail("cos_cache has more columns than half a head, " + Twine(head / 2));
    Value places = e.range(e.lengthOf(query, 2, /*scalar=*/true));
    Value counted = e.add(e.unsqueeze(past, 1), places);
    if (e.in(kQuerySeqlens)) // padding has no position of its own
      counted = e.op("Min", {counted, e.sub(e.lengthOf(e.in(kCos), 0), one())});
    Value given = e.in(kPositions);
    if (given && !e.in(kQuerySeqlens)) { // the first prompt counts from the first position of all
      Value first = e.add(e.reshape(e.slice(e.slice(given, 0, 0, 1), 1, 0, 1), {1, 1}), places);
      Value isFirst = e.op("Equal", {e.cast(e.reshape(e.in(kTotal), int64_t(1)), i64), step});
      given = e.op("Where", {isFirst, first, given});
    }
    Value at = given ? given : counted;
    bool interleaved = e.node.intAttribute("rotary_interleaved", 0) != 0;
    query = rotate(e, query, at, e.in(kCos), e.in(kSin), interleaved);
    key = rotate(e, key, at, e.in(kCos), e.in(kSin), interleaved);
    return success();
  }

  /// `rows` more rows of zeros behind the cache; `rows` is a tensor of one element.
  Value padded(Value cache, Value rows) {
    Value shape = e.concat({e.lengths(cache, 0, 2), rows, e.lengths(cache, 3, 4)}, 0);
    return e.concat({cache, e.filled(shape, 0, e.elementOf(cache))}, 2);
  }

  /// The cache with the new rows, as long as the longer of the past and the whole sequence.
  Value grown(Value cache, Value added) {
    Value total = e.cast(e.reshape(e.in(kTotal), int64_t(1)), i64), length = e.lengthOf(cache, 2);
    Value more = atLeast(e.sub(total, length), zero());
    if (!e.in(kQuerySeqlens))
      return writeRows(e, padded(cache, more), added, kept);
    // Padding may reach behind the end.
    Value wide = writeRows(e, padded(cache, e.add(more, step)), added, kept);
    return e.op("Slice", {wide, e.make.ints(int64_t(0)), e.add(length, more), e.make.ints(int64_t(2))});
  }

  /// The rows that a window's cache holds, and the new ones behind them.
  Value extended(Value cache, Value added) { return writeRows(e, padded(cache, step), added, kept); }

  /// The last L(T) rows, moved to the beginning of a cache of the old length.
  Value evicted(Value rows) {
    Value start = e.sub(e.add(kept, valid), resident(tokens));
    Value capacity = e.lengthOf(pastKey, 2);
    Value at = e.add(e.unsqueeze(start, 1), e.range(e.lengthOf(pastKey, 2, /*scalar=*/true)));
    at = e.op("Min", {at, e.sub(e.add(capacity, step), one())}); // rows behind the last one mean nothing
    Value shape = e.concat({e.lengths(pastKey, 0, 3), e.make.ints(int64_t(1))}, 0);
    Value index = e.op("Expand", {e.unsqueeze(at, {1, 3}), shape});
    return e.op("GatherND", {rows, index}, e.attr("batch_dims", 2));
  }

  /// attention_bias [B or 1, H or 1, S, T] for the keys [.., L, ..]: cut or filled up to L columns, and by batch where a window moved.
  Value bias(Value keys) {
    Value given = e.in(kBias);
    if (!given)
      return {};
    Value length = e.lengthOf(keys, 2);
    Value more = atLeast(e.sub(length, e.lengthOf(given, 3)), zero());
    Value shape = e.concat({e.lengths(given, 0, 3), more}, 0);
    Value wide = e.concat({given, e.filled(shape, 0, e.elementOf(given))}, 3);
    if (!ring)
      return e.op("Slice", {wide, e.make.ints(int64_t(0)), length, e.make.ints(int64_t(3))});
    // Column l of the keys is the position P - L(P) + l.
    Value first = e.reshape(e.sub(past, kept), {-1, 1, 1, 1});
    Value columns = e.add(first, e.range(e.lengthOf(keys, 2, /*scalar=*/true)));
    columns = e.op("Min", {columns, e.sub(e.lengthOf(wide, 3), one())});
    Value outer = e.concat({e.lengths(query, 0, 1), e.lengths(given, 1, 3), e.make.ints(int64_t(1))}, 0);
    Value all = e.op("Expand", {wide, outer});
    return e.op("GatherElements", {all, e.op("Expand", {columns, e.concat({e.lengths(all, 0, 3), length}, 0)})}, e.attr("axis", 3));
  }

  /// One logit per head that takes part in the softmax alone; a smooth softmax is one of 0.
  Value sinks() {
    if (e.in(kSinks))
      return e.in(kSinks);
    if (e.node.intAttribute("smooth_softmax", -1) != 1)
      return {};
    auto type = RankedTensorType::get({queries}, e.make.b.getF32Type());
    return e.make.known(onnx::ConstantOp::create(e.make.b, e.make.loc, DenseElementsAttr::get(type, 0.0f)));
  }

  Expansion &e;
  Type i64;
  int64_t queries = 0, groups = 0, head = 0, window = -1;
  bool ring = false;
  Value query, key, value, pastKey, pastValue;
  Value tokens, step, valid, past, kept; ///< T [B], S [1], Q [B], P [B], and the rows that the cache holds: P, or L(P)
};

LogicalResult groupQueryAttention(Expansion &e) {
  if (failed(e.needShape(kSinks, e.node.intAttribute("num_heads", 0))) || failed(e.needRank(kBias, 4)))
    return failure();
  return GroupedAttention(e).run();
}

} // namespace

void addGroupQueryAttention(ExpandTable &table) { addMicrosoft(table, "GroupQueryAttention", groupQueryAttention); }

} // namespace moe::raise
