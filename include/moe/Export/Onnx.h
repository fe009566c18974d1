//===- Onnx.h - modules as ONNX files -----------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace moe {

/// Writes the one function of a module of onnx.node ops and weights (moe-spell-onnx) to `path`, its weights to `path`.data beside it: both
/// appear whole or not at all. Weights that are computed from others are computed here and streamed. Fails with a diagnostic.
mlir::LogicalResult exportOnnx(mlir::ModuleOp module, llvm::StringRef path);

} // namespace moe
