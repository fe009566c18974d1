//===- Grid.h - making a kernel for a GPU and its launch ----------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Kernels/Code.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace moe {

/// Device code: the one gpu.module of a module, made where it is missing.
mlir::gpu::GPUModuleOp deviceModule(mlir::ModuleOp module);

/// How often a kernel runs: `threads` threads in each block.
struct Grid {
  llvm::SmallVector<mlir::Value, 3> blocks; ///< up to three lengths, of type index
  int64_t threads;
};

/// Writes a kernel's body: `args` are the launch's operands inside the kernel, `shared` its arrays in workgroup memory.
using GridBody = llvm::function_ref<void(Code, mlir::ValueRange args, mlir::ValueRange shared)>;

/// An array that the threads of a block share.
struct SharedArray {
  llvm::SmallVector<int64_t, 2> shape;
  mlir::Type element;
};

/// Makes a kernel named after `name` in the device code.
mlir::gpu::GPUFuncOp makeGridKernel(mlir::ModuleOp module, mlir::Location loc, llvm::StringRef name, mlir::TypeRange args, int64_t threads,
                                    llvm::ArrayRef<SharedArray> shared, GridBody body);
/// Launches a kernel at `b`.
mlir::gpu::LaunchFuncOp launchGrid(mlir::ImplicitLocOpBuilder &b, mlir::gpu::GPUFuncOp kernel, mlir::ValueRange args, const Grid &grid);
/// Both.
mlir::gpu::LaunchFuncOp launchGrid(mlir::ImplicitLocOpBuilder &b, llvm::StringRef name, mlir::ValueRange args, const Grid &grid,
                                   llvm::ArrayRef<SharedArray> shared, GridBody body);

/// Where a thread is: its place in its block, and its block's in the grid.
mlir::Value threadOf(Code c);
mlir::Value blockOf(Code c, unsigned axis = 0);
/// Threads of a block wait for each other.
void barrier(Code c);

} // namespace moe
