//===- Scalars.h - activations in kernels -------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Moe.h"
#include "moe/Kernels/Code.h"

namespace moe {

/// act(x) of a float32 scalar or vector.
mlir::Value activateVector(Code c, Activation activation, double alpha, mlir::Value x);

} // namespace moe
