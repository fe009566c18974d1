//===- Lowerings.h - one function per moe op with a kernel of its own for GPUs ----------------------------*- C++ -*-===//
#pragma once

#include "../MoeToKernels/Lowerings.h"
#include "moe/Kernels/TileProduct.h"

namespace moe {

/// A weight that kernels for GPUs read as it is: no panels, no codes.
bool isPlainWeight(mlir::Value weight);

/// What a product of `x` with `weights` multiplies: bfloat16 where all are, else float32.
mlir::Type operandType(mlir::Value x, mlir::ValueRange weights);

/// buffer[at] as `type`, or 0 where `inside` does not hold, without touching memory.
mlir::Value loadInside(Code c, mlir::Value inside, mlir::Value buffer, mlir::ValueRange at, mlir::Type type);

void lowerLinearToGpu(LinearOp op, const Chip &chip, mlir::RewriterBase &rewriter);
void lowerExpertsToGpu(ExpertsOp op, const Chip &chip, mlir::RewriterBase &rewriter);

} // namespace moe
