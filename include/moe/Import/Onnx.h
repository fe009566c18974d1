//===- Onnx.h - reading ONNX files --------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace moe {

/// Reads `path` into a module of `onnx.node` ops: one function `main`, a `moe.param` for each initialiser of more than 1 KiB. Everything
/// is validated first: limits, paths of external data, names, types, attributes against the operators' schemas. Null after a
/// diagnostic that names the file, the node and the rule.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(llvm::StringRef path, mlir::MLIRContext *context);

/// Registers the schemas of ONNX Runtime's operators: those of com.microsoft, and those that exporters put into the standard domain.
void registerRuntimeSchemas();

} // namespace moe
