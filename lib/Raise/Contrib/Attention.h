//===- Attention.h - what ONNX Runtime's attention operators have in common ---------------------------*- C++ -*-===//
#pragma once

#include "Expansion.h"

namespace moe::raise {

/// The operands of moe.attention; all but the first three may be null.
struct AttentionParts {
  mlir::Value query, key, value; ///< [B, Hq, S, D], [B, Hk, L, D], [B, Hk, L, Dv]
  mlir::Value mask, sinks, past, total;
  double scale = 1, softcap = 0;
  bool causal = false;
  int64_t window = 0;
};

/// The attention as [B, S, Hq * Dv].
mlir::Value attend(Expansion &e, const AttentionParts &parts);

/// The attribute `scale`, or 1 / sqrt(width) where it is 0 or not given.
double attentionScale(Expansion &e, int64_t width);

/// `added` written into `cache` [B, H, C, D] behind `at` [B] rows of each batch; rows past C are not allowed.
mlir::Value writeRows(Expansion &e, mlir::Value cache, mlir::Value added, mlir::Value at);

} // namespace moe::raise
