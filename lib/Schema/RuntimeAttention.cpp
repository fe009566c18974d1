//===- RuntimeAttention.cpp - schemas of ONNX Runtime's attention and position operators ------------------------===//
#include "Signature.h"

namespace moe::schema {
namespace {

using Dim = ShapeContext::Dim;
using Dims = ShapeContext::Dims;

Dim total(const ShapeContext &shapes, size_t past, size_t input) {
  auto before = shapes.length(past, -2), now = shapes.length(input, 1);
  return before && now ? ShapeContext::fixed(*before + *now) : Dim();
}

/// Queries, or queries with keys and values behind them, of `heads` and twice `groups` heads.
void grouped(const ShapeContext &shapes, const Dim &keys) {
  if (shapes.rank(0) != 3)
    return;
  int64_t heads = shapes.integer("num_heads", 0), groups = shapes.integer("kv_num_heads", 0);
  auto width = shapes.length(0, 2);
  int64_t parts = shapes.has(1) ? heads : heads + 2 * groups;
  Dim head = width && parts > 0 ? ShapeContext::fixed(*width / parts) : Dim();
  shapes.set(0, 0, {shapes.dim(0, 0), shapes.dim(0, 1), head * heads});
  size_t cacheType = shapes.has(3) ? 3 : 0;
  for (size_t output : {1, 2})
    shapes.set(output, cacheType, {shapes.dim(0, 0), ShapeContext::fixed(groups), keys, head});
}

void groupQueryAttention(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  // A window's cache keeps its length; any other is as long as the longer of the past and the whole sequence.
  grouped(shapes, shapes.integer("sliding_window_cache", 0) ? shapes.dim(3, 2) : Dim());
  shapes.set(3, 0, {shapes.dim(0, 0), ShapeContext::fixed(shapes.integer("num_heads", 0)), shapes.dim(0, 1), Dim()});
}

void sparseAttention(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  grouped(shapes, shapes.dim(3, 2));
}

void multiHeadAttention(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  int rank = shapes.rank(0);
  int64_t heads = shapes.integer("num_heads", 1);
  if (rank != 3 && rank != 5)
    return;
  Dim batch = shapes.dim(0, 0), queries = shapes.dim(0, 1), count = ShapeContext::fixed(heads), head, values;
  if (rank == 5) { // packed queries, keys and values
    head = shapes.dim(0, 4);
    values = head;
  } else {
    head = shapes.dim(0, 2) / heads;
    values = shapes.rank(2) == 3 ? shapes.dim(2, 2) / heads : shapes.rank(2) == 4 ? shapes.dim(2, 3) : head;
  }
  shapes.set(0, 0, {batch, queries, values * heads});
  Dim keys;
  if (shapes.has(6))
    keys = shapes.has(8) ? shapes.dim(6, 2) : total(shapes, 6, shapes.rank(1) == 3 ? 1 : 0);
  else
    keys = shapes.rank(1) == 4 ? shapes.dim(1, 2) : shapes.has(1) ? shapes.dim(1, 1) : queries;
  shapes.set(1, 0, {batch, count, keys, head});
  shapes.set(2, 0, {batch, count, keys, values});
  shapes.set(3, 0, {batch, count, queries, keys});
}

void attention(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  if (shapes.rank(0) != 3)
    return;
  Dim values = shapes.dim(1, 1) / 3;
  if (const auto *sizes = context.getAttribute("qkv_hidden_sizes"); sizes && sizes->ints_size() == 3)
    values = ShapeContext::fixed(sizes->ints(2));
  shapes.set(0, 0, {shapes.dim(0, 0), shapes.dim(0, 1), values});
  bool shared = shapes.integer("past_present_share_buffer", 0) != 0;
  Dim keys = shapes.has(4) ? shared ? shapes.dim(4, 3) : total(shapes, 4, 0) : shapes.dim(0, 1);
  int64_t heads = std::max<int64_t>(shapes.integer("num_heads", 1), 1);
  shapes.set(1, 0, {ShapeContext::fixed(2), shapes.dim(0, 0), ShapeContext::fixed(heads), keys, values / heads});
}

constexpr const char *kFloats = "T: float float16 bfloat16; M: int32", *kPositioned = "T: float float16 bfloat16; M: int64";

} // namespace

void addAttentionSchemas() {
  define({"GroupQueryAttention",
          "T query, T? key, T? value, T_CACHE? past_key, T_CACHE? past_value, M seqlens_k, M total_sequence_length, T? cos_cache, T? sin_cache, "
          "P? position_ids, T? attention_bias, T? head_sink, T_KV_SCALE? k_scale, T_KV_SCALE? v_scale, T? q_norm_weight, T? k_norm_weight, "
          "M? query_seqlens",
          "T output, T_CACHE? present_key, T_CACHE? present_value, T? output_qk",
          "causal=1, do_rotary:int, k_norm_epsilon:float, k_quant_type='NONE', kv_cache_bit_width:int, kv_num_heads:int!, local_window_size=-1, "
          "num_heads:int!, q_norm_epsilon:float, qk_norm_epsilon=1.0e-6, qk_output=0, rotary_interleaved:int, scale:float, "
          "sliding_window_cache=0, smooth_softmax=-1, softcap:float, v_quant_type='NONE'",
          "T: float16 bfloat16 float; T_CACHE: float float16 bfloat16 uint8 int8 float8e4m3fn; T_KV_SCALE: float; M: int32; P: int64",
          groupQueryAttention});
  define({"MultiHeadAttention",
          "T query, T? key, T? value, T? bias, M? key_padding_mask, T? attention_bias, T? past_key, T? past_value, M? past_sequence_length, "
          "M? cache_indirection",
          "T output, T? present_key, T? present_value, QK? qk",
          "mask_filter_value:float, num_heads:int!, scale:float, unidirectional=0",
          "T: float float16 bfloat16; QK: float float16 bfloat16; M: int32", multiHeadAttention});
  define({"Attention", "T input, T weights, T? bias, M? mask_index, T? past, T? attention_bias, M? past_sequence_length", "T output, T? present",
          "do_rotary:int, mask_filter_value:float, num_heads:int!, past_present_share_buffer:int, qkv_hidden_sizes:ints, "
          "rotary_embedding_dim:int, scale:float, unidirectional=0",
          kFloats, attention});
  define({"SparseAttention",
          "T query, T? key, T? value, T past_key, T past_value, M block_row_indices, M block_col_indices, M total_sequence_length, "
          "M key_total_sequence_lengths, T? cos_cache, T? sin_cache",
          "T output, T present_key, T present_value",
          "do_rotary:int, kv_num_heads:int!, num_heads:int!, rotary_interleaved:int, scale:float, sparse_block_size:int!", kFloats, sparseAttention});
  define({"RotaryEmbedding", "T input, M position_ids, T cos_cache, T sin_cache", "T output",
          "interleaved:int, is_packed_batching:int, num_heads:int, rotary_embedding_dim:int, scale:float", kPositioned, likeFirstInput});
  define({"MRotaryEmbedding", "T input, M position_ids, T cos_cache, T sin_cache", "T output",
          "interleaved:int, is_packed_batching:int, mrope_layout:int, mrope_section:ints!, num_heads:int, rotary_embedding_dim:int, scale:float",
          kPositioned, likeFirstInput});
}

} // namespace moe::schema
