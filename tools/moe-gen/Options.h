//===- Options.h - what is generated ------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "onnx/onnx_pb.h"
#include <cstdint>
#include <optional>
#include <string>

namespace moe::gen {

enum class What { Moe, Model, Mamba, Mamba2, Attention };

/// How an exporter writes a layer of experts.
enum class Form {
  Contrib, ///< com.microsoft MoE: gate and up interleaved (onnxruntime-genai)
  QMoe,    ///< com.microsoft QMoE: the same, weights in blocks of few bits
  Sorted,  ///< pairs sorted by expert, one product per expert, joined (transformers' exporter, grouped_mm)
  Batched, ///< the matrices of every (token, k) gathered, one batched product (torch's exporter, batched_mm)
  Dense,   ///< every expert on every token, weights scattered, summed (optimum, gpt-oss)
  Masked,  ///< one expert after another on every token, added with a masked weight (Switch)
  Loop,    ///< one expert after another on its tokens, found by NonZero (torch.jit.trace, optimum)
  LoopOp,  ///< the same in an ONNX Loop over the experts
};

/// How an exporter writes attention.
enum class AttentionForm {
  Decomposed, ///< products, mask and softmax in plain ops (torch's exporter)
  Op,         ///< Attention-23 with a mask (transformers' exporter at opset 24)
  Gqa,        ///< com.microsoft GroupQueryAttention (onnxruntime-genai)
};

/// How a recurrence is written.
enum class RecurrenceForm {
  Unrolled, ///< one step after another, as many as traced (every exporter of Mamba-1)
  Scan,
  Loop,
  Chunked, ///< products of matrices over chunks, in plain ops (every exporter of Mamba-2)
};

enum class Unit {
  Silu,   ///< silu(gate) * up
  Relu,   ///< relu(up): plain experts without gate
  GptOss, ///< clamped, gate * sigmoid(1.702 * gate) * (up + 1)
};

enum class Router {
  Softmax,     ///< softmax, top-k, renormalised (Qwen3-MoE, Mixtral)
  TopkSoftmax, ///< top-k, softmax over the chosen (gpt-oss)
  Sigmoid,     ///< sigmoid, selection by score + bias within the best groups, renormalised (DeepSeek-V3)
};

/// The constants of gpt-oss' unit.
constexpr double kAlpha = 1.702, kBeta = 1, kLimit = 7;

struct Options {
  What what = What::Moe;
  Form form = Form::Sorted;
  Unit unit = Unit::Silu;
  Router router = Router::Softmax;
  int64_t hidden = 64, ffn = 96, experts = 8, topk = 2, layers = 1, shared = 0, groups = 1, groupsKept = 1;
  AttentionForm attention = AttentionForm::Decomposed;
  int64_t heads = 4, kvHeads = 2, headDim = 16, vocab = 256;
  int64_t window = 0;  ///< keys that a query sees, its own included; 0: all before it
  int64_t context = 0; ///< positions in GroupQueryAttention's tables
  double ropeTheta = 0; ///< 0: no rotation
  bool qkNorm = false;
  RecurrenceForm recurrence = RecurrenceForm::Unrolled;
  int64_t state = 0, inner = 0, conv = 0, steps = 0, chunk = 0;
  bool cache = false; ///< pasts in, presents out
  onnx::TensorProto::DataType type = onnx::TensorProto::FLOAT;
  bool biases = false;
  int64_t bits = 0, block = 32; ///< bits > 0: the experts' weights lie on the grid of a block format, in every form
  double zipf = 0;              ///< exponent of the experts' shares; 0: router as the seed gives it
  uint64_t seed = 0;
  std::string output;

  bool gated() const { return unit != Unit::Relu; }
};

} // namespace moe::gen
