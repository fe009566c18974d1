//===- CpuTarget.h - the passes for x86-64, which host code of other targets uses too ------------------*- C++ -*-===//
#pragma once

#include "moe/Pipelines/Options.h"
#include "mlir/Pass/PassManager.h"

namespace moe {

/// From a legalized module to tensors ready for kernels: shapes are scalars, what weights alone determine is a weight, elementwise loops are
/// fused. `ownKernels` lowers the ops that another target has kernels for; weights of the others get the layout of the processor's kernels.
void scheduleTensors(mlir::OpPassManager &passes, const CompileOptions &options, std::unique_ptr<mlir::Pass> ownKernels = nullptr);
/// All of stage schedule for x86-64.
void scheduleForCpu(mlir::OpPassManager &passes, const CompileOptions &options);
/// Functions outside of device code to LLVM.
void lowerForCpu(mlir::OpPassManager &passes);

} // namespace moe
