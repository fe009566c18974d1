//===- FoldedWeights.h - the bytes of weights that ONNX operators compute -------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Moe.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/raw_ostream.h"

namespace moe {

/// Reads weights as they lie in ONNX files. Operators that compute some are legalised once, apart from the model; one weight at a time is
/// in memory.
class FoldedWeights {
public:
  explicit FoldedWeights(mlir::ModuleOp module) : module(module) {}
  /// Fails with a diagnostic where an operator that computes a weight cannot be legalised.
  mlir::LogicalResult prepare();
  mlir::LogicalResult write(ParamOp param, llvm::raw_ostream &out);

private:
  mlir::ModuleOp module;
  mlir::OwningOpRef<mlir::ModuleOp> legal; ///< all weights, and a function of its name for each that is computed
};

} // namespace moe
