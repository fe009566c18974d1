//===- Machine.h - LLVM's code generator for x86-64 ---------------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

namespace moe {

std::unique_ptr<llvm::TargetMachine> x86Machine();

/// Optimizes a module; long functions among `entries` take the quick way.
void optimizeForX86(llvm::Module &module, llvm::TargetMachine &machine, const llvm::StringSet<> &entries);

/// Writes the module as the shared object `path`; fails with a diagnostic at `origin`.
mlir::LogicalResult writeSharedObject(llvm::Module &module, llvm::TargetMachine &machine, mlir::Operation *origin, llvm::StringRef path);

} // namespace moe
