//===- Models.cpp - whole generated models ----------------------------------------------------------------------===//
#include "Models.h"
#include "Attention.h"
#include "Experts.h"
#include "Layers.h"
#include "Mamba.h"
#include <cmath>

namespace moe::gen {
namespace {

std::string layerPrefix(int64_t layer) { return "layers." + std::to_string(layer) + "."; }

/// Layers of experts on tokens [T, H]; several are residual ones.
void layersOfExperts(Graph &g, const Options &o) {
  std::vector<std::string> shape = {"tokens", std::to_string(o.hidden)};
  Name x = g.input("hidden", o.type, shape);
  for (int64_t layer = 0; layer < o.layers; ++layer) {
    Name y = experts(g, o, layerPrefix(layer), x);
    x = o.layers == 1 ? y : g.node("Add", {x, y});
  }
  g.output(x, "result", o.type, shape);
}

using Mixer = llvm::function_ref<Name(int64_t, const Name &)>;

/// x + mixer(norm(x)), or of a single layer the mixer alone.
Name mixed(Graph &g, const Options &o, int64_t layer, const Name &x, Mixer mixer) {
  if (o.layers == 1)
    return mixer(layer, x);
  return g.node("Add", {x, mixer(layer, rmsNorm(g, o, layerPrefix(layer) + "norm.weight", x, o.hidden))});
}

/// Layers that mix the positions of hidden [batch, length, H].
template <typename MakeMixer> void layersOfMixers(Graph &g, const Options &o, MakeMixer makeMixer) {
  std::vector<std::string> shape = {"batch", "length", std::to_string(o.hidden)};
  Name x = g.input("hidden", o.type, shape);
  auto mixer = makeMixer(x);
  for (int64_t layer = 0; layer < o.layers; ++layer)
    x = mixed(g, o, layer, x, mixer);
  g.output(x, "result", o.type, shape);
}

/// Experts on the tokens of x [batch, length, H].
Name expertsOfTokens(Graph &g, const Options &o, const std::string &prefix, const Name &x) {
  Name tokens = g.node("Reshape", {x, g.ints({-1, o.hidden})});
  return g.node("Reshape", {experts(g, o, prefix, tokens), g.node("Shape", {x})});
}

/// A decoder like Qwen3-MoE: input_ids [batch, length] -> logits [batch, length, vocabulary].
void decoder(Graph &g, const Options &o) {
  Name ids = g.input("input_ids", onnx::TensorProto::INT64, {"batch", "length"});
  Matrix embedding(o.seed, "embed_tokens.weight", o.vocab, o.hidden);
  float unitVariance = float(std::sqrt(double(o.hidden)));
  Name table = g.weight("embed_tokens.weight", {o.vocab, o.hidden}, o.vocab, [&](int64_t token, std::vector<float> &row) {
    for (int64_t i = 0; i < o.hidden; ++i)
      row.push_back(embedding.at(token, i) * unitVariance);
  });
  Attention attention(g, o, ids);
  Name x = g.node("Gather", {table, ids}, {{"axis", 0}});
  for (int64_t layer = 0; layer < o.layers; ++layer) {
    std::string prefix = layerPrefix(layer);
    x = g.node("Add", {x, attention.layer(layer, rmsNorm(g, o, prefix + "input_norm.weight", x, o.hidden))});
    x = g.node("Add", {x, expertsOfTokens(g, o, prefix, rmsNorm(g, o, prefix + "post_attention_norm.weight", x, o.hidden))});
  }
  Name logits = linear(g, o, "lm_head.weight", rmsNorm(g, o, "norm.weight", x, o.hidden), o.hidden, o.vocab);
  g.output(logits, "logits", o.type, {"batch", "length", std::to_string(o.vocab)});
}

} // namespace

void build(Graph &g, const Options &o) {
  auto recurrent = [&](Name (*layer)(Graph &, const Options &, int64_t, const Name &)) {
    layersOfMixers(g, o, [&, layer](const Name &) { return [&, layer](int64_t index, const Name &x) { return layer(g, o, index, x); }; });
  };
  switch (o.what) {
  case What::Moe: return layersOfExperts(g, o);
  case What::Model: return decoder(g, o);
  case What::Mamba: return recurrent(mamba);
  case What::Mamba2: return recurrent(mamba2);
  case What::Attention:
    return layersOfMixers(g, o, [&](const Name &hidden) {
      return [attention = Attention(g, o, hidden)](int64_t index, const Name &x) mutable { return attention.layer(index, x); };
    });
  }
}

} // namespace moe::gen
