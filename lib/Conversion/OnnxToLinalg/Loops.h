//===- Loops.h - loops that several lowerings share ---------------------------------------------------*- C++ -*-===//
#pragma once

#include "NodeLowering.h"

namespace moe {

using ScalarCombine = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::Value accumulated, mlir::Value next)>;
using ScalarPair = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::Value, mlir::Value)>;
using ScalarList = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::ValueRange)>;

/// A linalg.generic with one result that starts as `init`. `maps` holds one per input and then the result's; loops that are not in
/// the result's map are reductions. `body` gets the inputs' elements and the result's.
mlir::Value loops(NodeLowering &n, mlir::ValueRange inputs, llvm::ArrayRef<mlir::AffineMap> maps, mlir::Value init, ScalarList body);

/// Combines the elements of `axes`, in order, starting from the scalar `initial`; the axes are gone from the result.
mlir::Value reduceAxes(NodeLowering &n, mlir::Value value, llvm::ArrayRef<int64_t> axes, mlir::Value initial, ScalarCombine combine);
/// Elementwise on `like` and on `reduced`, which lacks `axes`.
mlir::Value broadcastAxes(NodeLowering &n, mlir::Value like, mlir::Value reduced, llvm::ArrayRef<int64_t> axes, mlir::Type element,
                          ScalarPair body);
/// Elementwise on one tensor.
mlir::Value mapElements(NodeLowering &n, mlir::Value value, mlir::Type element,
                        llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::Value)> body);
/// Elementwise on tensors of one shape.
mlir::Value mapElements(NodeLowering &n, mlir::ValueRange values, mlir::Type element, ScalarList body);
/// The elements converted as ONNX's Cast does.
mlir::Value castElements(NodeLowering &n, mlir::Value value, mlir::Type element, bool fromUnsigned = false, bool toUnsigned = false);

/// Loops over [0, lengths), last axis fastest, that carry a scalar or tensor which each step replaces.
mlir::Value foldLoops(mlir::ImplicitLocOpBuilder &b, mlir::ValueRange lengths, mlir::Value initial,
                      llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::ValueRange indices, mlir::Value carried)> body);

/// The same with several values.
llvm::SmallVector<mlir::Value> foldLoops(mlir::ImplicitLocOpBuilder &b, mlir::ValueRange lengths, mlir::ValueRange initial,
                                         llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::ImplicitLocOpBuilder &, mlir::ValueRange indices,
                                                                                           mlir::ValueRange carried)> body);

/// The type that sums are made in: half precision and narrower in float32.
mlir::Type accumulator(NodeLowering &n, mlir::Type element);
/// The lowest or highest value of a type: what max and min start from.
mlir::Value extreme(NodeLowering &n, mlir::Type type, bool lowest, bool isUnsigned);

mlir::Value addScalars(mlir::ImplicitLocOpBuilder &b, mlir::Value x, mlir::Value y);
mlir::Value multiplyScalars(mlir::ImplicitLocOpBuilder &b, mlir::Value x, mlir::Value y);

} // namespace moe
