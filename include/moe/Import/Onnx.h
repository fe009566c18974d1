//===- Onnx.h - reading ONNX files --------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Analysis/Shapes.h"
#include "moe/Dialect/HostOp.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace moe {

/// Reads `path` into a module of `onnx.node` ops: one function `main`, a `moe.param` for each initialiser of more than 1 KiB. Everything
/// is validated first: limits, paths of external data, names, types, attributes against the operators' schemas. Operators of `hostOps`
/// need no schema: the host computes them. Null after a diagnostic that names the file, the node and the rule.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(llvm::StringRef path, mlir::MLIRContext *context, llvm::ArrayRef<HostOp> hostOps = {});

/// Registers the schemas of ONNX Runtime's operators: those of com.microsoft, and those that exporters put into the standard domain.
void registerRuntimeSchemas();

/// True where ONNX defines the node's operator by other operators, at least for some types and attributes.
bool hasFunctionBody(onnx::NodeOp node);

/// Replaces the node by the nodes of its function body, as ONNX defines it for the node's version, operand types and attributes; they
/// are analysed as they are made. Fails with a diagnostic that names the node where there is no body for them.
mlir::LogicalResult expandFunctionBody(onnx::NodeOp node, ShapeAnalysis &analysis);

} // namespace moe
