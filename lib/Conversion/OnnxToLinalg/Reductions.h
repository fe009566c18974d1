//===- Reductions.h - loops that several lowerings share ----------------------------------------------*- C++ -*-===//
#pragma once

#include "NodeLowering.h"

namespace moe {

using ScalarCombine = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::Value accumulated, mlir::Value next)>;
using ScalarPair = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::Value, mlir::Value)>;

/// Combines the elements of `axes`, in order, starting from the scalar `initial`; the axes are gone from the result.
mlir::Value reduceAxes(NodeLowering &n, mlir::Value value, llvm::ArrayRef<int64_t> axes, mlir::Value initial, ScalarCombine combine);
/// Elementwise on `like` and on `reduced`, which lacks `axes`.
mlir::Value broadcastAxes(NodeLowering &n, mlir::Value like, mlir::Value reduced, llvm::ArrayRef<int64_t> axes, mlir::Type element,
                          ScalarPair body);
/// Elementwise on one tensor.
mlir::Value mapElements(NodeLowering &n, mlir::Value value, mlir::Type element,
                        llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::Value)> body);

} // namespace moe
