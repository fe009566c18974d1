//===- RuntimeRecurrent.cpp - schemas of ONNX Runtime's recurrences and causal convolutions ---------------------===//
#include "Signature.h"

namespace moe::schema {
namespace {

using Dim = ShapeContext::Dim;
using Dims = ShapeContext::Dims;

void linearAttention(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  if (shapes.rank(0) != 3 || shapes.rank(2) != 3)
    return;
  int64_t queries = shapes.integer("q_num_heads", 1), groups = shapes.integer("kv_num_heads", 1), window = shapes.integer("state_window", 0);
  if (queries < 1 || groups < 1)
    return;
  Dim key = shapes.dim(0, 2) / queries, value = shapes.dim(2, 2) / groups;
  shapes.set(0, 0, {shapes.dim(0, 0), shapes.dim(0, 1), value * std::max(queries, groups)});
  Dims state = {shapes.dim(0, 0), ShapeContext::fixed(groups), key, value};
  if (window > 0)
    state.insert(state.begin(), ShapeContext::fixed(window));
  shapes.set(1, shapes.has(3) ? 3 : 0, state);
}

void linearAttentionGate(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  shapes.same(0, 0);
  shapes.same(1, 0);
}

void gatedDeltaNet(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  Dims dims = shapes.dims(0);
  if (dims.empty())
    return;
  if (shapes.has(2)) { // the heads and widths of the values
    dims[dims.size() - 2] = shapes.dim(2, -2);
    dims.back() = shapes.dim(2, -1);
  } else { // packed; the state tells the heads
    dims.pop_back();
    dims.push_back(shapes.dim(6, 1));
    dims.push_back(shapes.dim(6, 2));
  }
  shapes.set(0, 0, dims);
  shapes.setTyped(1, ::onnx::TensorProto::FLOAT, shapes.has(6) ? shapes.dims(6) : Dims{Dim(), shapes.dim(2, -2), shapes.dim(2, -1), shapes.dim(0, -1)});
}

void causalConv(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  shapes.same(0, 0);
  if (shapes.has(3)) {
    shapes.same(1, 3);
    return;
  }
  Dims state = shapes.dims(0);
  if (state.empty())
    return;
  auto kernel = shapes.length(1, -1);
  Dim history = kernel ? ShapeContext::fixed((*kernel - 1) * shapes.integer("dilation", 1)) : Dim();
  if (shapes.integer("channels_last", 0))
    state[1] = history;
  else
    state.back() = history;
  if (int64_t window = shapes.integer("state_window", 0); window > 0)
    state.insert(state.begin(), ShapeContext::fixed(window));
  shapes.set(1, 0, state);
}

constexpr const char *kFloats = "T: float float16 bfloat16";

} // namespace

void addRecurrentSchemas() {
  define({"LinearAttention", "T query, T key, T value, S? past_state, T? decay, T? beta", "T output, S present_state",
          "chunk_size=64, kv_num_heads:int!, q_num_heads:int!, scale=0.0, state_window=0, update_rule='gated_delta'",
          "T: float float16 bfloat16; S: float float16 bfloat16", linearAttention});
  define({"LinearAttentionGate", "T a, TF dt_bias, TF decay_scale, T? b", "T decay, T? beta", "", "T: float float16 bfloat16; TF: float",
          linearAttentionGate});
  define({"GatedDeltaNet",
          "T query, T? key, T? value, TI? cu_seqlens, TG? decay, TG? beta, TS? initial_state, TS? a_log, TS? dt_bias, TI? capture_count, "
          "TI? state_update_active",
          "T output, TS? final_state, TS? state_update",
          "beta_activation='none', chunk_size=64, gate_activation='none', gate_lower_bound=-5.0, qk_l2_norm=0, scale=0.0, "
          "state_update_capacity=0, update_rule='gated_delta'",
          "T: float float16 bfloat16; TS: float; TG: float float16 bfloat16; TI: int32", gatedDeltaNet});
  define({"CausalConvWithState", "T input, T weight, T? bias, T? past_state", "T output, T present_state, T? state_update",
          "activation='none', channels_last=0, dilation=1, input_channel_offset=0, input_channels=0, ndim=1, state_channels_last=-1, "
          "state_length=0, state_update_capacity=0, state_window=0",
          kFloats, causalConv});
}

} // namespace moe::schema
