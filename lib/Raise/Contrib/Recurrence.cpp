//===- Recurrence.cpp - linear attention, as a standard operator and as ONNX Runtime's --------------------------===//
#include "../Scan/Operands.h"
#include "Expansion.h"

using namespace mlir;

namespace moe::raise {
namespace {

constexpr double kUnitEpsilon = 1e-12; ///< added to the sum of squares of a vector that becomes a unit vector

struct Recurrence {
  Value query, key, value, past, decay, beta; ///< [B, T, heads * D]; past [B, Hv, Dk, Dv]; the last three may be null
  int64_t queries, groups;                    ///< numbers of heads
  double scale;                               ///< 0: 1 / sqrt(Dk)
  int64_t chunk;
};

/// Refuses an update rule that is unknown or lacks its operands.
LogicalResult checkRule(Expansion &e, StringRef rule, Value decay, Value beta) {
  if (!llvm::is_contained({"linear", "gated", "delta", "gated_delta"}, rule))
    return e.fail("update_rule '" + rule + "' is none of linear, gated, delta, gated_delta");
  if (rule.contains("gated") != bool(decay) || rule.contains("delta") != bool(beta))
    return e.fail("update_rule '" + rule + "' needs " + (rule.contains("gated") ? "decay" : "no decay") + " and " +
                  (rule.contains("delta") ? "beta" : "no beta"));
  return success();
}

/// The factor of a head's keys, [B, T, keys, groups / keys, 1 or Dk] in float32.
Value byKeyHead(Expansion &e, Value gate, int64_t groups, int64_t keys) {
  int64_t columns = e.length(gate, 2);
  return e.reshape(e.widened(gate), columns == 1 ? SmallVector<int64_t>{0, 0, 1, 1, 1} : SmallVector<int64_t>{0, 0, keys, groups / keys, columns / groups});
}

/// The recurrence with `keys` heads of keys of width `head`.
std::pair<Value, Value> scan(Expansion &e, const Recurrence &r, int64_t head, int64_t keys) {
  ScanOperands parts;
  parts.q = e.reshape(r.query, {0, 0, r.queries, head});
  parts.k = e.reshape(r.key, {0, 0, keys, head});
  parts.v = e.reshape(r.value, {0, 0, r.groups, e.length(r.value, 2) / r.groups});
  if (r.decay)
    parts.decay = e.reshape(r.decay, {0, 0, r.groups, e.length(r.decay, 2) / r.groups, 1});
  if (r.beta) { // what the decayed state holds for the key leaves it, times beta
    Value key = e.reshape(e.widened(r.key), {0, 0, keys, 1, head}), beta = byKeyHead(e, r.beta, r.groups, keys);
    auto wide = [&](Value factor) { // for each of the state's heads
      Value product = e.mul(key, factor);
      return e.reshape(product, {0, 0, e.length(product, 2) * e.length(product, 3), head});
    };
    parts.a = e.op("Neg", wide(beta));
    parts.b = r.decay ? wide(e.op("Exp", byKeyHead(e, r.decay, r.groups, keys))) : parts.k;
    parts.v = e.mul(e.widened(parts.v), e.reshape(e.widened(r.beta), {0, 0, e.length(r.beta, 2), 1}));
  }
  if (r.past)
    parts.states = {r.past};
  parts.scale = r.scale != 0 ? r.scale : 1 / std::sqrt(double(head));
  parts.chunk = r.chunk;
  ScanOp made = makeScan(e.make, parts, e.elementOf(r.query), e.elementOf(r.past ? r.past : r.query));
  Value result = made.getResult();
  return {e.reshape(result, {0, 0, e.length(result, 2) * e.length(result, 3)}), made.getFinal()[0]};
}

/// The output [B, T, max(queries, groups) * Dv] and the state behind the last token.
FailureOr<std::pair<Value, Value>> run(Expansion &e, const Recurrence &r) {
  int64_t width = e.length(r.query, 2);
  if (r.chunk < 1)
    return e.fail("chunk_size is " + Twine(r.chunk) + "; it needs to be at least 1");
  if (r.queries < 1 || r.groups < 1 || (r.queries % r.groups != 0 && r.groups % r.queries != 0))
    return e.fail("q_num_heads " + Twine(r.queries) + " and kv_num_heads " + Twine(r.groups) + " do not divide each other");
  if (failed(e.needLength(width, "the last axis of query")) || failed(e.needLength(e.length(r.key, 2), "the last axis of key")) ||
      failed(e.needLength(e.length(r.value, 2), "the last axis of value")))
    return failure();
  int64_t head = width / r.queries, keys = e.length(r.key, 2) / std::max<int64_t>(head, 1);
  if (head < 1 || width % r.queries != 0 || e.length(r.key, 2) % head != 0 || keys < 1 || r.groups % keys != 0)
    return e.fail("query and key of " + Twine(width) + " and " + Twine(e.length(r.key, 2)) + " columns do not divide into heads of one width");
  int64_t values = e.length(r.value, 2);
  if (values % r.groups != 0)
    return e.fail("value has " + Twine(values) + " columns, which do not divide into " + Twine(r.groups) + " heads");
  if (int64_t columns = r.decay ? e.length(r.decay, 2) : r.groups; columns != r.groups && columns != r.groups * head)
    return e.fail("decay has " + Twine(columns) + " columns, which are neither a number for each head nor for each element of a key");
  if (int64_t columns = r.beta ? e.length(r.beta, 2) : 1; columns != 1 && columns != r.groups)
    return e.fail("beta has " + Twine(columns) + " columns, which are neither 1 nor a number for each head");
  SmallVector<int64_t> state = {e.length(r.query, 0), r.groups, head, values / r.groups};
  if (r.past && failed(verifyCompatibleShape(e.typeOf(r.past).getShape(), state)))
    return e.fail("past_state has the shape " + shapeText(e.typeOf(r.past).getShape()) + ", but the other operands need " + shapeText(state));
  return scan(e, r, head, keys);
}

LogicalResult linearAttention(Expansion &e) {
  if (failed(e.needRank(0, 3)) || failed(e.needRank(1, 3)) || failed(e.needRank(2, 3)) || failed(e.needRank(4, 3)) || failed(e.needRank(5, 3)))
    return failure();
  if (e.node.intAttribute("state_window", 0) != 0)
    return e.fail("state_window is not supported; export with the state behind the last token alone (state_window 0)");
  StringRef rule = e.node.stringAttribute("update_rule", "gated_delta");
  if (failed(e.needRank(3, 4)) || failed(checkRule(e, rule, e.in(4), e.in(5))))
    return failure();
  auto results = run(e, {e.in(0), e.in(1), e.in(2), e.in(3), e.in(4), e.in(5), e.node.intAttribute("q_num_heads", 1),
                         e.node.intAttribute("kv_num_heads", 1), e.node.floatAttribute("scale", 0), e.node.intAttribute("chunk_size", 64)});
  return failed(results) ? failure() : e.done({results->first, results->second});
}

/// decay_scale * softplus(a + dt_bias) in float32, and sigmoid(b).
LogicalResult gate(Expansion &e) {
  Value sum = e.add(e.widened(e.in(0)), e.in(1));
  Value decay = e.cast(e.mul(e.in(2), e.op("Softplus", sum)), e.elementOf(e.in(0)));
  if (e.wants(1) && !e.in(3))
    return e.fail("the output beta needs the operand b");
  return e.done({decay, e.wants(1) ? e.cast(e.sigmoid(e.widened(e.in(3))), e.elementOf(e.in(3))) : Value()});
}

//===- GatedDeltaNet --------------------------------------------------------------------------------------------===//

/// Token-major tensors [B, S, heads, D], or [B * S, heads, D] whose batch is that of the state.
class TokenMajor {
public:
  explicit TokenMajor(Expansion &e) : e(e), state(e.in(6)) {}

  LogicalResult run() {
    if (e.in(3))
      return e.fail("cu_seqlens (sequences of different lengths) is not supported; export with one length");
    if (e.node.intAttribute("state_update_capacity", 0) || e.in(9) || e.in(10))
      return e.fail("state_update_capacity is not supported; export without it");
    StringRef rule = e.node.stringAttribute("update_rule", "gated_delta");
    if (failed(checkRule(e, rule, e.in(4), e.in(5))) || failed(e.needRank(6, 4)) || failed(operands()))
      return failure();
    FailureOr<Value> decay = e.in(4) ? decayOf(e.in(4)) : Value(), beta = e.in(5) ? betaOf(e.in(5)) : Value();
    if (failed(decay) || failed(beta))
      return failure();
    // The state is kept with the values' axis first.
    Value past = state ? e.make.transpose(state, {0, 1, 3, 2}) : Value();
    auto results = raise::run(e, {query, key, value, past, *decay, *beta, queries, groups, e.node.floatAttribute("scale", 0), e.node.intAttribute("chunk_size", 64)});
    if (failed(results))
      return failure();
    Value output = e.reshape(results->first, {0, 0, std::max(queries, groups), values});
    if (flat)
      output = e.reshape(output, {-1, std::max(queries, groups), values});
    Value last = e.wants(1) ? e.cast(e.make.transpose(results->second, {0, 1, 3, 2}), e.make.b.getF32Type()) : Value();
    return e.done({e.cast(output, e.elementOf(e.in(0))), last});
  }

private:
  LogicalResult operands() {
    Value x = e.in(0);
    bool packed = !e.in(1);
    if (packed != !e.in(2))
      return e.fail("key and value need each other");
    flat = e.rankOf(x) == (packed ? 2 : 3);
    if (failed(packed ? e.needRank(0, {2, 3}) : e.needRank(0, {3, 4})))
      return failure();
    if ((flat || packed) && !state)
      return e.fail("initial_state is missing, which tells the batch and the heads of packed tokens");
    if (packed) {
      groups = e.length(state, 1);
      values = e.length(state, 2);
      head = e.length(state, 3);
      queries = (e.length(x, -1) - groups * values) / std::max<int64_t>(2 * head, 1);
    } else {
      queries = e.length(x, -2);
      head = e.length(x, -1);
      groups = e.length(e.in(2), -2);
      values = e.length(e.in(2), -1);
    }
    for (int64_t length : {groups, values, head, queries})
      if (failed(e.needLength(length, "a number of heads, or a head's width,")))
        return failure();
    Value wide = batched(x, packed ? e.length(x, -1) : queries * head);
    if (packed) {
      int64_t keys = queries * head;
      query = e.slice(wide, 2, 0, keys);
      key = e.slice(wide, 2, keys, 2 * keys);
      value = e.slice(wide, 2, 2 * keys, 2 * keys + groups * values);
    } else {
      query = wide;
      key = batched(e.in(1), e.length(e.in(1), -2) * head);
      value = batched(e.in(2), groups * values);
    }
    if (e.node.intAttribute("qk_l2_norm", 0)) {
      query = unit(query, queries);
      key = unit(key, e.length(key, 2) / head);
    }
    return success();
  }

  /// A tensor of tokens as [B, S, columns].
  Value batched(Value tokens, int64_t columns) {
    if (!flat)
      return e.reshape(tokens, {0, 0, columns});
    return e.op("Reshape", {tokens, e.concat({e.lengths(state, 0, 1), e.make.ints({-1, columns})}, 0)});
  }

  /// Each head's vector divided by its length.
  Value unit(Value packed, int64_t heads) {
    Value x = e.reshape(e.widened(packed), {0, 0, heads, head});
    Value y = e.scaled(e.norm(x, {}, {}, NormKind::rms, kUnitEpsilon / double(head)), 1 / std::sqrt(double(head)));
    return e.cast(e.reshape(y, {0, 0, heads * head}), e.elementOf(packed));
  }

  /// The decay's logarithm, by its activation, in float32; of the query's type at the end.
  FailureOr<Value> decayOf(Value raw) {
    StringRef activation = e.node.stringAttribute("gate_activation", "none");
    int64_t width = e.length(raw, -1);
    bool wide = e.rankOf(raw) == e.rankOf(e.in(0)) + (e.in(1) ? 0 : 1); // an axis for the key's elements
    int64_t columns = wide ? groups * head : groups;
    if (width != (wide ? head : groups))
      return e.fail("decay has " + Twine(width) + " columns, which are neither a number for each head nor for each element of a key");
    Value g = batched(e.widened(raw), columns);
    Type f32 = e.make.b.getF32Type();
    if (activation != "none") {
      if (!e.in(7) || !e.in(8))
        return e.fail("gate_activation '" + activation + "' needs a_log and dt_bias");
      auto byColumn = [&](Value value) { // [Hv], or [Hv, Dk], or flat
        bool perHead = e.typeOf(value).getNumElements() == groups;
        if (!wide || !perHead)
          return e.reshape(value, {columns});
        return e.reshape(e.op("Expand", {e.reshape(value, {groups, 1}), e.make.ints({groups, head})}), {columns});
      };
      Value rate = byColumn(e.op("Exp", e.in(7))), sum = e.add(g, byColumn(e.in(8)));
      if (activation == "softplus" || activation == "qwen")
        g = e.op("Neg", e.mul(rate, e.op("Softplus", sum)));
      else if (activation == "sigmoid" || activation == "kda")
        g = e.mul(e.make.number(e.node.floatAttribute("gate_lower_bound", -5), f32), e.sigmoid(e.mul(rate, sum)));
      else
        return e.fail("gate_activation '" + activation + "' is none of none, softplus, sigmoid");
    }
    return e.cast(g, e.elementOf(query));
  }

  FailureOr<Value> betaOf(Value raw) {
    StringRef activation = e.node.stringAttribute("beta_activation", "none");
    if (activation != "none" && activation != "sigmoid")
      return e.fail("beta_activation '" + activation + "' is none of none, sigmoid");
    Value beta = batched(e.widened(raw), groups);
    return e.cast(activation == "sigmoid" ? e.sigmoid(beta) : beta, e.elementOf(query));
  }

  Expansion &e;
  Value state, query, key, value;
  int64_t queries = 0, groups = 0, head = 0, values = 0;
  bool flat = false; ///< batch and sequence are one axis
};

LogicalResult gatedDeltaNet(Expansion &e) { return TokenMajor(e).run(); }

} // namespace

void addRecurrences(ExpandTable &table) {
  table["LinearAttention"] = linearAttention;
  addMicrosoft(table, "LinearAttention", linearAttention);
  addMicrosoft(table, "LinearAttentionGate", gate);
  addMicrosoft(table, "GatedDeltaNet", gatedDeltaNet);
}

} // namespace moe::raise
