//===- Abi.h - the layout of runtime/include/moert/abi.h in LLVM IR -----------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Rt.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace moe::abi {

/// The entries of moert_api, in order.
enum class Entry { Allocate, Release, Parallel, Param, Fail, Output, HostOp, Routed, State, SetState, Launch, Sync };

mlir::Type pointer(mlir::MLIRContext *context);
/// `base` + `bytes`.
mlir::Value offset(mlir::OpBuilder &b, mlir::Location loc, mlir::Value base, int64_t bytes);
/// The call that the function around an op belongs to: its first argument.
mlir::Value callOf(mlir::Operation *op);
/// Calls an entry of the table with the call as first argument; null where `result` is.
mlir::Value call(mlir::OpBuilder &b, mlir::Location loc, mlir::Value call, Entry entry, mlir::ValueRange args, mlir::Type result);
/// Room for `count` slots of 8 bytes in the frame of the function around `op`.
mlir::Value stackSlots(mlir::OpBuilder &b, mlir::Operation *op, int64_t count);
/// Appends the slots of a launch operand: a memref is its address, then its dynamic lengths, then its dynamic strides.
void pack(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type, mlir::Value converted, llvm::SmallVectorImpl<mlir::Value> &slots);
/// Gives kernels, other functions and entries their ABI signatures, and rt.check its branch.
void adaptFunctions(mlir::ModuleOp module);

} // namespace moe::abi
