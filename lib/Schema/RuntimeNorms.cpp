//===- RuntimeNorms.cpp - schemas of ONNX Runtime's normalisations ----------------------------------------------===//
#include "Signature.h"

namespace moe::schema {
namespace {

constexpr const char *kStatistics = "T: float float16 bfloat16; U: float";

/// output, mean, inv_std_var, and the sum of the summands at output 3.
void skipNorm(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  if (shapes.rank(0) < 1)
    return;
  auto rows = shapes.dims(0);
  shapes.same(0, 0);
  shapes.same(3, 0);
  rows.back() = ShapeContext::fixed(1);
  shapes.setTyped(1, ::onnx::TensorProto::FLOAT, rows);
  shapes.setTyped(2, ::onnx::TensorProto::FLOAT, rows);
}

/// The second output has one number for each group that is normalised, from `axis` on.
void simplifiedNorm(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  int rank = shapes.rank(0), axis = int(shapes.integer("axis", -1));
  if (rank < 0 || axis < -rank || axis >= rank)
    return;
  auto groups = shapes.dims(0);
  shapes.set(0, 1, groups);
  for (int at = axis < 0 ? axis + rank : axis; at < rank; ++at)
    groups[at] = ShapeContext::fixed(1);
  shapes.setTyped(1, int32_t(shapes.integer("stash_type", 1)), groups);
}

void embedNorm(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  if (shapes.rank(0) != 2 || shapes.rank(2) != 2)
    return;
  ShapeContext::Dims rows = {shapes.dim(0, 0), shapes.dim(0, 1), shapes.dim(2, 1)};
  shapes.set(0, 2, rows);
  shapes.set(1, 0, {shapes.dim(0, 0)});
  shapes.set(2, 2, rows);
}

void skipGroupNorm(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  shapes.same(0, 0);
  shapes.same(1, 0);
}

} // namespace

void addNormSchemas() {
  // Exporters put these into the standard domain.
  for (const char *domain : {"", kMicrosoft}) {
    define({"SimplifiedLayerNormalization", "T X, V scale", "V Y, U? inv_std_var", "axis=-1, epsilon=1.0e-5, stash_type=1",
            "T: float16 float double bfloat16; U: float double; V: float16 float double bfloat16", simplifiedNorm, domain});
    define({"SkipSimplifiedLayerNormalization", "T input, T skip, T gamma, T? bias",
            "T output, U? mean, U? inv_std_var, T? input_skip_bias_sum", "epsilon=1.0e-12", kStatistics, skipNorm, domain});
    define({"SkipLayerNormalization", "T input, T skip, T gamma, T? beta, T? bias",
            "T output, U? mean, U? inv_std_var, T? input_skip_bias_sum", "epsilon=1.0e-12", kStatistics, skipNorm, domain});
  }
  define({"GatedRMSNorm", "T X, T scale, T gate", "T Y", "activation='silu', epsilon=1.0e-5", "T: float float16 bfloat16", likeFirstInput});
  define({"BranchwiseRMSNorm", "T X, M? scale", "T Y", "epsilon=1.0e-5, num_branches=0",
          "T: float float16 bfloat16; M: float float16 bfloat16", likeFirstInput});
  define({"EmbedLayerNormalization",
          "T1 input_ids, T1? segment_ids, T word_embedding, T position_embedding, T? segment_embedding, T gamma, T beta, T1? mask, "
          "T1? position_ids",
          "T output, T1? mask_index, T? embedding_sum", "epsilon=1.0e-12, mask_index_type:int", "T1: int32; T: float float16", embedNorm});
  define({"SkipGroupNorm", "T X, M gamma, M beta, T skip, T? bias", "T Y, T? S",
          "activation:int!, channels_last=1, epsilon=1.0e-5, groups:int!", "T: float16 float; M: float16 float", skipGroupNorm});
  define({"GroupNorm", "T X, M gamma, M beta", "T Y", "activation:int!, channels_last=1, epsilon=1.0e-5, groups:int!",
          "T: float16 float; M: float16 float", likeFirstInput});
}

} // namespace moe::schema
