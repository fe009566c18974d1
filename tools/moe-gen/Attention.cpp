//===- Attention.cpp - layers of attention in every exporter's form ---------------------------------------------===//
#include "Attention.h"
#include "Layers.h"
#include <cmath>

namespace moe::gen {

constexpr auto kFloat = onnx::TensorProto::FLOAT;

static std::string cacheName(const char *when, int64_t index, const char *what) {
  return std::string(when) + "." + std::to_string(index) + "." + what;
}

/// What a position is multiplied with to give the angle of pair i.
static double frequency(const Options &o, int64_t i) { return std::pow(o.ropeTheta, -2.0 * double(i) / double(o.headDim)); }

Attention::Attention(Graph &g, const Options &o, const Name &tokens) : g(g), o(o) {
  mask = g.input("attention_mask", onnx::TensorProto::INT64, {"batch", o.cache ? "total_length" : "length"});
  std::vector<std::string> pastShape = {"batch", std::to_string(o.kvHeads), "past_length", std::to_string(o.headDim)};
  if (o.cache)
    for (int64_t layer = 0; layer < o.layers; ++layer)
      for (const char *what : {"key", "value"})
        g.input(cacheName("past_key_values", layer, what), g.type, pastShape);
  if (o.attention == AttentionForm::Gqa) {
    describeLengths();
    return;
  }
  Name past = o.cache ? lengthOf(g, cacheName("past_key_values", 0, "key"), 2) : g.integer(0);
  Name end = g.node("Add", {past, lengthOf(g, tokens, 1)});
  Name queries = g.node("Range", {past, end, g.integer(1)}), keys = g.node("Range", {g.integer(0), end, g.integer(1)});
  describeMask(queries, keys);
  if (o.ropeTheta > 0)
    describeRotation(queries);
}

void Attention::describeLengths() {
  constexpr auto kInt32 = onnx::TensorProto::INT32;
  Name counts = g.node("ReduceSum", {mask, g.ints({1})}, {{"keepdims", 0}});
  lengths = g.cast(g.node("Sub", {counts, g.integer(1)}), kInt32);
  total = g.cast(lengthOf(g, mask, 1), kInt32);
  auto table = [&](const char *name, double (*function)(double)) {
    return g.weight(name, {o.context, o.headDim / 2}, o.context, [&](int64_t position, std::vector<float> &row) {
      for (int64_t i = 0; i < o.headDim / 2; ++i)
        row.push_back(float(function(double(position) * frequency(o, i))));
    });
  };
  if (o.ropeTheta > 0) {
    cosine = table("cos_cache", [](double x) { return std::cos(x); });
    sine = table("sin_cache", [](double x) { return std::sin(x); });
  }
}

void Attention::describeMask(const Name &queries, const Name &keys) {
  Name rows = unsqueezed(g, queries, {1}), columns = unsqueezed(g, keys, {0});
  Name visible = g.node("LessOrEqual", {columns, rows});
  if (o.window > 0)
    visible = g.node("And", {visible, g.node("Greater", {columns, g.node("Sub", {rows, g.integer(o.window)})})});
  Name held = unsqueezed(g, g.cast(mask, onnx::TensorProto::BOOL), {1, 2});
  allowed = g.node("And", {held, visible});
}

void Attention::describeRotation(const Name &queries) {
  Name frequencies = g.weight("inv_freq", kFloat, {1, o.headDim / 2}, 1, [&](int64_t, std::vector<float> &row) {
    for (int64_t i = 0; i < o.headDim / 2; ++i)
      row.push_back(float(frequency(o, i)));
  });
  Name half = g.node("MatMul", {unsqueezed(g, g.cast(queries, kFloat), {1}), frequencies});
  Name angles = g.node("Concat", {half, half}, {{"axis", -1}});
  cosine = narrowed(g, g.node("Cos", {angles}));
  sine = narrowed(g, g.node("Sin", {angles}));
}

Name Attention::heads(const Name &x, int64_t count) const { return g.node("Reshape", {x, g.ints({0, 0, count, o.headDim})}); }

Attention::Projected Attention::project(const std::string &prefix, const Name &x) const {
  auto projected = [&](const char *what, int64_t count) {
    return heads(linear(g, o, prefix + what + "_proj.weight", x, o.hidden, count * o.headDim), count);
  };
  auto normalised = [&](const char *what, const Name &value) {
    return o.qkNorm ? rmsNorm(g, o, prefix + what + "_norm.weight", value, o.headDim) : value;
  };
  return {normalised("q", projected("q", o.heads)), normalised("k", projected("k", o.kvHeads)), projected("v", o.kvHeads)};
}

void Attention::present(int64_t index, const char *what, const Name &value) const {
  g.output(value, cacheName("present", index, what), g.type,
           {"batch", std::to_string(o.kvHeads), o.cache ? "total_length" : "length", std::to_string(o.headDim)});
}

Name Attention::extended(int64_t index, const char *what, const Name &own) const {
  if (!o.cache)
    return own;
  Name all = g.node("Concat", {cacheName("past_key_values", index, what), own}, {{"axis", 2}});
  present(index, what, all);
  return all;
}

/// Pairs (i, i + width / 2) turned by their position's angle.
Name Attention::rotated(const Name &x) const {
  if (o.ropeTheta <= 0)
    return x;
  int64_t half = o.headDim / 2;
  Name turned = g.node("Concat", {g.node("Neg", {slice(g, x, 3, half, o.headDim)}), slice(g, x, 3, 0, half)}, {{"axis", -1}});
  return g.node("Add", {g.node("Mul", {x, cosine}), g.node("Mul", {turned, sine})});
}

/// Keys or values repeated for the query heads of their group.
Name Attention::grouped(const Name &x) const {
  int64_t repeats = o.heads / o.kvHeads;
  if (repeats == 1)
    return x;
  Name repeated = g.node("Expand", {unsqueezed(g, x, {2}), g.ints({1, 1, repeats, 1, 1})});
  return g.node("Reshape", {repeated, g.ints({0, o.heads, -1, o.headDim})});
}

Name Attention::decomposed(const Name &q, const Name &k, const Name &v) const {
  double lowest = g.type == onnx::TensorProto::FLOAT16 ? -65504.0 : -3.38e38;
  Name scores = g.node("MatMul", {q, transposed(g, grouped(k), {0, 1, 3, 2})});
  Name scaled = g.node("Mul", {scores, g.number(1 / std::sqrt(double(o.headDim)))});
  Name masked = g.node("Add", {scaled, g.node("Where", {allowed, g.number(0), g.number(lowest)})});
  Name weights = narrowed(g, g.node("Softmax", {widened(g, masked)}, {{"axis", -1}}));
  return g.node("MatMul", {weights, grouped(v)});
}

/// com.microsoft GroupQueryAttention, as onnxruntime-genai writes it: it turns queries and keys and keeps the cache itself.
Name Attention::contrib(int64_t index, const Projected &own) const {
  auto flat = [&](const Name &x, int64_t count) { return g.node("Reshape", {x, g.ints({0, 0, count * o.headDim})}); };
  Name pastKey = o.cache ? cacheName("past_key_values", index, "key") : "", pastValue = o.cache ? cacheName("past_key_values", index, "value") : "";
  std::vector<Attr> attrs = {{"num_heads", o.heads}, {"kv_num_heads", o.kvHeads}, {"scale", 1 / std::sqrt(double(o.headDim))}};
  attrs.push_back({"local_window_size", o.window > 0 ? o.window : int64_t(-1)});
  attrs.push_back({"do_rotary", int64_t(o.ropeTheta > 0)});
  std::vector<Name> results = g.nodes("GroupQueryAttention", 3,
                                      {flat(own.q, o.heads), flat(own.k, o.kvHeads), flat(own.v, o.kvHeads), pastKey, pastValue, lengths, total, cosine, sine},
                                      attrs, "com.microsoft");
  if (o.cache) {
    present(index, "key", results[1]);
    present(index, "value", results[2]);
  }
  return results[0];
}

Name Attention::layer(int64_t index, const Name &x) {
  std::string prefix = "layers." + std::to_string(index) + ".attn.";
  Projected own = project(prefix, x);
  auto project = [&](const Name &mixed) { return linear(g, o, prefix + "o_proj.weight", mixed, o.heads * o.headDim, o.hidden); };
  if (o.attention == AttentionForm::Gqa)
    return project(contrib(index, own));
  auto byHead = [&](const Name &value) { return transposed(g, value, {0, 2, 1, 3}); };
  Name q = rotated(byHead(own.q)), k = extended(index, "key", rotated(byHead(own.k))), v = extended(index, "value", byHead(own.v));
  Name mixed = o.attention == AttentionForm::Decomposed
                   ? decomposed(q, k, v)
                   : g.node("Attention", {q, k, v, allowed}, {{"scale", 1 / std::sqrt(double(o.headDim))}, {"is_causal", 0}});
  return project(g.node("Reshape", {byHead(mixed), g.ints({0, 0, o.heads * o.headDim})}));
}

} // namespace moe::gen
