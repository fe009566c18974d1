//===- Launch.h - making a kernel and its launch ------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Rt.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace moe {

/// Writes a kernel's body: `args` are the launch's operands inside the kernel, [begin, end) its range of tasks.
using KernelBody = llvm::function_ref<void(mlir::ImplicitLocOpBuilder &, mlir::ValueRange args, mlir::Value begin, mlir::Value end)>;

/// Makes a kernel named after `name` in the module around `b` and launches it there over `tasks` tasks of `cost` nanoseconds each.
rt::LaunchOp launch(mlir::ImplicitLocOpBuilder &b, llvm::StringRef name, mlir::ValueRange args, mlir::Value tasks, mlir::Value cost,
                    KernelBody body);

/// Gives a launched kernel another body for processors with the instruction set `isa`.
void addVariant(rt::LaunchOp launch, llvm::StringRef isa, KernelBody body);

/// Memory on the stack of the kernel that has the argument `argument`, taken once, when the kernel begins.
mlir::Value stackMemory(mlir::ImplicitLocOpBuilder &b, mlir::Value argument, llvm::ArrayRef<int64_t> shape, mlir::Type element);

/// Runs `body` for each task of [begin, end).
void forEachTask(mlir::ImplicitLocOpBuilder &b, mlir::Value begin, mlir::Value end,
                 llvm::function_ref<void(mlir::ImplicitLocOpBuilder &, mlir::Value task)> body);

/// The product of lengths, and `task` as indices of those lengths, last one fastest.
mlir::Value product(mlir::ImplicitLocOpBuilder &b, mlir::ValueRange lengths);
llvm::SmallVector<mlir::Value> delinearize(mlir::ImplicitLocOpBuilder &b, mlir::Value task, mlir::ValueRange lengths);

} // namespace moe
