//===- Pipelines.h - one builder and one verifier per stage -------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Pipelines/Options.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

namespace moe {

void buildRaise(mlir::OpPassManager &passes, const CompileOptions &options);
void buildOptimize(mlir::OpPassManager &passes, const CompileOptions &options);
mlir::LogicalResult verifyOptimize(mlir::ModuleOp module);
void buildQuantize(mlir::OpPassManager &passes, const CompileOptions &options);
mlir::LogicalResult verifyQuantize(mlir::ModuleOp module);
void buildLegalize(mlir::OpPassManager &passes, const CompileOptions &options);
mlir::LogicalResult verifyLegalize(mlir::ModuleOp module);
void buildSchedule(mlir::OpPassManager &passes, const CompileOptions &options);
mlir::LogicalResult verifySchedule(mlir::ModuleOp module);
void buildLower(mlir::OpPassManager &passes, const CompileOptions &options);
mlir::LogicalResult verifyLower(mlir::ModuleOp module);

/// Fails at the first op for which `allowed` is false, naming the stage and the op.
mlir::LogicalResult verifyOps(mlir::ModuleOp module, llvm::StringRef stage, llvm::StringRef rule,
                              llvm::function_ref<bool(mlir::Operation *)> allowed);

} // namespace moe
