//===- Rotary.h - rows of cosines and sines for rotary positions --------------------------------------*- C++ -*-===//
#pragma once

#include "Expansion.h"

namespace moe::raise {

/// Turns `x` [B, heads, S, D] by the rows of the caches that `positions` [B or 1, S] names.
mlir::Value rotate(Expansion &e, mlir::Value x, mlir::Value positions, mlir::Value cosCache, mlir::Value sinCache, bool interleaved);

} // namespace moe::raise
