//===- Explain.h - what was recognised, and what was not ----------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace moe {

/// Prints of a raised module: each op of the moe dialect with its sizes and choices and the nodes that it stands for, the nodes that take
/// the plain path, and the weights.
void explainRaised(mlir::ModuleOp module, llvm::raw_ostream &out);

/// Prints of a scheduled module what each role's weights take in the artefact, by format.
void explainWeights(mlir::ModuleOp module, llvm::raw_ostream &out);

/// Says which nodes of a raised module take the plain path though the language has an op for what such nodes are usually part of
/// (products, softmax, sorting, recurrences): a remark, or with `strict` an error for each, and failure.
mlir::LogicalResult reportPlainPath(mlir::ModuleOp module, bool strict);

} // namespace moe
