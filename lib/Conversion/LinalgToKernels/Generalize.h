//===- Generalize.h - copies and named ops as generic ones --------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace moe {

/// Turns a function's memref.copy and named linalg ops into generic ones, and gives all of those that it has then, in their order. Fails after
/// a diagnostic.
mlir::FailureOr<llvm::SmallVector<mlir::linalg::GenericOp>> generalizeAll(mlir::func::FuncOp function);

} // namespace moe
