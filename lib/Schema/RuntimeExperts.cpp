//===- RuntimeExperts.cpp - schemas of ONNX Runtime's expert layers and routers ---------------------------------===//
#include "Signature.h"

namespace moe::schema {
namespace {

void groupRouter(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  if (shapes.rank(0) < 1)
    return;
  ShapeContext::Dim tokens = ::onnx::multiplyDims(context.getInputType(0)->tensor_type().shape(), 0, shapes.rank(0) - 1);
  ShapeContext::Dims table = {tokens, shapes.dim(1, 0)};
  shapes.set(0, 0, table);
  shapes.set(1, 1, table);
  shapes.set(2, 1, table);
}

void routerGateUp(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  if (shapes.rank(0) < 1)
    return;
  auto dims = shapes.dims(0);
  int64_t router = shapes.integer("router_size", 0);
  dims.back() = ShapeContext::fixed(router);
  shapes.set(0, 0, dims);
  auto columns = shapes.length(1, -1);
  dims.back() = columns ? ShapeContext::fixed((*columns - router) / 2) : ShapeContext::Dim();
  shapes.set(1, 0, dims);
}

constexpr const char *kUnit = "activation_alpha=1.0, activation_beta=0.0, activation_type='relu', k=1, normalize_routing_weights=0, swiglu_fusion=0, "
                              "swiglu_limit:float, swiglu_limit_after_activation=0, use_sparse_mixer=0";

} // namespace

void addExpertSchemas() {
  define({"MoE",
          "T input, T router_probs, T fc1_experts_weights, T? fc1_experts_bias, T fc2_experts_weights, T? fc2_experts_bias, "
          "T? fc3_experts_weights, T? fc3_experts_bias",
          "T output", kUnit, "T: float float16 bfloat16", likeFirstInput});
  static const std::string quantized = std::string(kUnit) +
                                       ", accuracy_level=0, block_size:int, expert_weight_bits=4, fc1_expert_weight_bits:int, "
                                       "fc2_expert_weight_bits:int, fc3_expert_weight_bits:int, quant_type='int', weights_prepacked=-1";
  define({"QMoE",
          "T input, T router_probs, T1 fc1_experts_weights, T2? fc1_scales, T? fc1_experts_bias, T1 fc2_experts_weights, T2? fc2_scales, "
          "T? fc2_experts_bias, T1? fc3_experts_weights, T2? fc3_scales, T? fc3_experts_bias, T1? fc1_zero_points, T1? fc2_zero_points, "
          "T1? fc3_zero_points, T? router_weights, T4? fc1_global_scale, T4? fc2_global_scale, T4? fc1_act_scale, T4? fc2_act_scale, "
          "T2? fc1_act_block_scale, T2? fc2_act_block_scale",
          "T output", quantized.c_str(),
          "T: float float16 bfloat16; T1: uint8 float8e4m3fn; T2: float float16 bfloat16 float8e8m0 float8e4m3fn; T4: float", likeFirstInput});
  define({"MoEGroupRouter", "T logits, TF expert_bias, T? projection_weight", "T? router_probs, TF? selection_scores, TF? router_weights",
          "group_topk=2, n_group=1, router_sentinel=-1.0e4, top_k:int!, topk_group=1", "T: float float16 bfloat16; TF: float", groupRouter});
  define({"RouterGateUpProj", "T X, T W", "T router, T activated",
          "activation='swiglu', activation_alpha=1.0, activation_beta=0.0, limit=0.0, router_size:int!", "T: bfloat16 float16 float",
          routerGateUp});
}

} // namespace moe::schema
