//===- Rt.h - the rt dialect --------------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "moe/Dialect/Rt/RtDialect.h.inc"
#define GET_OP_CLASSES
#include "moe/Dialect/Rt/RtOps.h.inc"

namespace moe::rt {

inline constexpr llvm::StringLiteral kKernelAttr = "rt.kernel"; ///< function: a kernel that rt.launch may name
inline constexpr llvm::StringLiteral kIsaAttr = "rt.isa";       ///< kernel: the instruction set that it is written for
inline constexpr llvm::StringLiteral kEntryAttr = "rt.entry";   ///< function: an entry point of the artefact

inline constexpr llvm::StringLiteral kIndexAttr = "rt.index";   ///< rt.param, rt.state, rt.set_state, gpu.launch_func: the place in the artefact's list of weights, states or kernels
inline constexpr llvm::StringLiteral kParamsAttr = "rt.params"; ///< module: the names of the weights, in that order

inline constexpr llvm::StringLiteral kKernelsAttr = "rt.kernels"; ///< module: the names of kernels on a grid, in the order of their numbers
inline constexpr llvm::StringLiteral kMessagesAttr = "rt.messages"; ///< module: why checks in those kernels fail, in the order of their numbers

/// module: the states that a session keeps, as a list of {name, type, dims, axis}; axis is -1 where all lengths stay.
inline constexpr llvm::StringLiteral kStatesAttr = "rt.states";

/// module: what callers of each entry need to know, as a list of {name, inputs, outputs, equal}; inputs and outputs are lists of
/// {name, type, dims}.
inline constexpr llvm::StringLiteral kEntriesAttr = "rt.entries";

} // namespace moe::rt
