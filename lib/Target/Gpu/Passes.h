//===- Passes.h - the passes of all GPUs ---------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Target/Chip.h"
#include "moe/Pipelines/Options.h"
#include "mlir/Pass/PassManager.h"

namespace moe {

/// From a legalized module to host functions, and kernels on grids in a gpu.module.
void scheduleForGpu(mlir::OpPassManager &passes, const CompileOptions &options, const Chip &chip);
/// Host functions to LLVM, kernels to LLVM with the vendor's instructions.
void lowerForGpu(mlir::OpPassManager &passes, const Chip &chip);

} // namespace moe
