//===- Scalars.h - activations in kernels -------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Moe.h"
#include "moe/Kernels/Code.h"

namespace moe {

/// act(x) of a float32 scalar or vector.
mlir::Value activateVector(Code c, Activation activation, double alpha, mlir::Value x);

/// The unit of an expert's description, of its sums after biases: float32 scalars or vectors; `g` is null without a gate.
mlir::Value gatedUnit(Code k, ExpertsOp op, mlir::Value g, mlir::Value u);

} // namespace moe
