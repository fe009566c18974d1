//===- RuntimeActivations.cpp - schemas of ONNX Runtime's elementwise operators ---------------------------------===//
#include "Signature.h"

namespace moe::schema {
namespace {

constexpr const char *kFloats = "T: float float16 bfloat16", *kAllFloats = "T: float16 float double bfloat16";

/// A last axis of two halves becomes one.
void halves(::onnx::InferenceContext &context, bool split) {
  ShapeContext shapes(context);
  if (shapes.rank(0) < 1)
    return;
  auto dims = shapes.dims(0);
  if (split)
    dims.back() = dims.back() / 2;
  shapes.set(0, 0, dims);
}

} // namespace

void addActivationSchemas() {
  define({"Gelu", "T X", "T Y", "", kAllFloats, likeFirstInput});
  define({"FastGelu", "T X, T? bias", "T Y", "", kAllFloats, likeFirstInput});
  define({"QuickGelu", "T X", "T Y", "alpha=1.702", kAllFloats, likeFirstInput});
  define({"BiasGelu", "T A, T B", "T C", "", kAllFloats, likeFirstInput});
  define({"BiasAdd", "T X, T bias, T skip", "T Y", "", "T: float16 float", likeFirstInput});
  define({"BiasSplitGelu", "T X, T bias", "T Y", "", "T: float16 float", [](auto &context) { halves(context, true); }});
  define({"BiasSoftmax", "T data, T bias", "T output", "axis=1, is_inner_broadcast:int!", "T: float16 float double", likeFirstInput});
  define({"ScaledSiLU", "T X, M? scale", "T Y", "alpha=1.0", "T: float float16 bfloat16; M: float float16 bfloat16", likeFirstInput});
  define({"SwiGLU", "T gate, T? up", "T output", "activation_alpha=1.0, activation_beta=0.0, limit=0.0, round_activation=0", kFloats,
          [](auto &context) { halves(context, !ShapeContext(context).has(1)); }});
  define({"GatedAdd", "T X, T Y, T gate, T? gate_weight", "T output", "", kFloats, likeFirstInput});
}

} // namespace moe::schema
