//===- Onnx.h - the onnx dialect ----------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "moe/Dialect/Onnx/OnnxDialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "moe/Dialect/Onnx/OnnxTypes.h.inc"
#define GET_OP_CLASSES
#include "moe/Dialect/Onnx/OnnxOps.h.inc"

namespace moe::onnx {

/// Names of the attributes that carry what ONNX says of a graph's inputs and outputs.
inline constexpr llvm::StringLiteral kNameAttr = "onnx.name"; ///< argument/result: its ONNX name
inline constexpr llvm::StringLiteral kDimsAttr = "onnx.dims"; ///< argument/result: a name per dynamic dimension, "" else
inline constexpr llvm::StringLiteral kTypeAttr = "onnx.type"; ///< argument/result of legalised functions: its type with signs
inline constexpr llvm::StringLiteral kEqualAttr = "onnx.equal"; ///< function: pairs of lengths that the graph needs to be equal
inline constexpr llvm::StringLiteral kOpsetsAttr = "onnx.opsets"; ///< module: domain -> version

} // namespace moe::onnx
