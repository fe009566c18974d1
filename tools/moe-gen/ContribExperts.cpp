//===- ContribExperts.cpp - com.microsoft MoE and QMoE, as onnxruntime-genai writes them ------------------------===//
#include "Experts.h"

namespace moe::gen {

constexpr llvm::StringRef kDomain = "com.microsoft";

/// What MoE's own softmax and top-k turn into the routing: the logits, or for a router that they do not express the logarithms of its
/// weights, with a sentinel for the experts that were not chosen.
static Name logits(const Bank &bank, const Routed &routed) {
  Graph &g = bank.g;
  if (bank.o.router != Router::Sigmoid)
    return routed.logits;
  Name log = g.node("Log", {routed.weights});
  Name sentinel = g.node("Expand", {g.number(-1e4), g.node("Shape", {routed.logits})});
  return g.node("ScatterElements", {sentinel, routed.ids, log}, {{"axis", 1}});
}

static std::vector<Attr> attributes(const Options &o) {
  std::vector<Attr> attrs = {{"k", o.topk}, {"normalize_routing_weights", 1}, {"activation_type", std::string(o.gated() ? "swiglu" : "relu")}};
  if (o.gated())
    attrs.push_back({"swiglu_fusion", 1});
  if (o.unit == Unit::Silu)
    attrs.insert(attrs.end(), {{"activation_alpha", 1.0}, {"activation_beta", 0.0}});
  if (o.unit == Unit::GptOss)
    attrs.insert(attrs.end(), {{"activation_alpha", kAlpha}, {"activation_beta", kBeta}, {"swiglu_limit", kLimit}});
  return attrs;
}

/// Elements of `bits` each, the first ones in the low bits.
static void pack(const std::vector<uint8_t> &elements, int64_t bits, std::vector<uint8_t> &out) {
  int64_t perByte = 8 / bits;
  for (size_t i = 0; i < elements.size(); i += perByte) {
    uint8_t byte = 0;
    for (int64_t j = 0; j < perByte && i + j < elements.size(); ++j)
      byte |= uint8_t(elements[i + j] << (j * bits));
    out.push_back(byte);
  }
}

/// A quantized bank [E, rows, columns]: the packed weights and their scales. `row` says which row of which matrix comes at (e, row).
static std::pair<Name, Name> quantized(const Bank &bank, const std::string &name, int64_t rows, int64_t columns,
                                       llvm::function_ref<QuantizedRow(int64_t, int64_t)> row) {
  const Options &o = bank.o;
  std::vector<int64_t> scaleShape = {o.experts, rows};
  if (o.block)
    scaleShape.push_back(columns / o.block);
  Name packed = bank.g.bytes(name + ".qweight", {o.experts, rows, columns * o.bits / 8}, o.experts * rows, [&](int64_t i, std::vector<uint8_t> &out) {
    pack(row(i / rows, i % rows).q, o.bits, out);
  });
  Name scales = bank.g.weight(name + ".scales", onnx::TensorProto::FLOAT, scaleShape, o.experts * rows,
                              [&](int64_t i, std::vector<float> &out) { out = row(i / rows, i % rows).scales; });
  return {packed, scales};
}

Name contribExperts(const Bank &bank, const Name &x, const Routed &routed) {
  const Options &o = bank.o;
  Graph &g = bank.g;
  std::vector<Attr> attrs = attributes(o);
  Name scores = logits(bank, routed), firstBias = bank.firstBias(Order::Interleaved, {o.experts, bank.firstRows()}),
       downBias = bank.downBias({o.experts, o.hidden});
  if (o.form == Form::Contrib)
    return g.node("MoE", {x, scores, bank.first(Layout::Rows, Order::Interleaved), firstBias, bank.down(Layout::Rows), downBias}, attrs, kDomain);
  auto [first, firstScales] = quantized(bank, bank.prefix + "experts.gate_up_proj", bank.firstRows(), o.hidden, [&](int64_t e, int64_t row) {
    auto [projection, at] = bank.firstRow(Order::Interleaved, row);
    return bank.matrix(projection, e).quantized(at);
  });
  auto [down, downScales] = quantized(bank, bank.prefix + "experts.down_proj", o.hidden, o.ffn,
                                      [&](int64_t e, int64_t row) { return bank.matrix("down", e).quantized(row); });
  attrs.push_back({"expert_weight_bits", o.bits});
  if (o.block)
    attrs.push_back({"block_size", o.block});
  return g.node("QMoE", {x, scores, first, firstScales, firstBias, down, downScales, downBias}, attrs, kDomain);
}

} // namespace moe::gen
