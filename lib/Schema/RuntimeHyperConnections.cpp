//===- RuntimeHyperConnections.cpp - schemas of ONNX Runtime's hyper-connections and Engram gates ---------------===//
#include "Signature.h"

namespace moe::schema {
namespace {

constexpr const char *kMixed = "T: float float16 bfloat16; M: float float16 bfloat16";

/// Streams (..., C, H), or (..., C * H) with num_branches C, become (..., H).
void preMix(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  int64_t branches = shapes.integer("num_branches", 0);
  auto dims = shapes.dims(0);
  if (int(dims.size()) < (branches ? 1 : 2))
    return;
  if (branches)
    dims.back() = dims.back() / branches;
  else
    dims.erase(dims.end() - 2);
  shapes.set(0, 0, dims);
}

void lowRankMix(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  int64_t branches = shapes.integer("num_branches", 0);
  auto dims = shapes.dims(0);
  if (dims.empty() || branches < 1)
    return;
  shapes.same(2, 0);
  dims.back() = dims.back() / branches;
  shapes.set(0, 0, dims);
  dims.back() = ShapeContext::fixed(branches);
  shapes.set(1, 0, dims);
}

void engramGate(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  shapes.same(0, 0);
  shapes.same(1, 0);
}

} // namespace

void addHyperConnectionSchemas() {
  define({"HyperConnectionPreMix", "T streams, M pre_mix", "T output", "num_branches=0, reduction_scale=1.0", kMixed, preMix});
  define({"HyperConnectionPostMix", "T streams, T block_output, M post_mix, M? stream_mix", "T output", "num_branches=0", kMixed, likeFirstInput});
  define({"HyperConnectionLowRankMix",
          "T streams, T norm_scale, T down_weight, T up_weight, T inject_weight, T? prev_block_output, T? prev_post_gate",
          "T pre_output, T post_gate, T? streams_out",
          "epsilon=1.0e-5, gate_div=1.0, gate_mul=1.0, num_branches:int!, reduction_scale=1.0, silu_alpha=1.0", "T: float float16 bfloat16",
          lowRankMix});
  define({"EngramGate", "T key, T query, T value, T key_norm_scale, T query_norm_scale, T? conv_norm_scale", "T output, T? gated_value_normed",
          "epsilon=1.0e-5", "T: float float16 bfloat16", engramGate});
}

} // namespace moe::schema
