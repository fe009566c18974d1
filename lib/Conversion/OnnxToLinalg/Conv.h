//===- Conv.h - convolutions of any kind of elements --------------------------------------------------*- C++ -*-===//
#pragma once

#include "Loops.h"
#include "Window.h"

namespace moe {

/// What is multiplied where: operands of a convolution after their padding.
struct ConvOperands {
  mlir::Value input;   ///< [N, C, spatial...]
  mlir::Value weights; ///< [M, C/group, kernel...]
  mlir::Value fill;    ///< what the input is padded with
  int64_t group = 1;
};

/// init[n, m, o] + the sum over c, k of product(input[n, c, o * stride + k * dilation - before], weights[m, c, k]).
mlir::FailureOr<mlir::Value> convolve(NodeLowering &n, const ConvOperands &operands, const Window &window, mlir::Value init, ScalarPair product);

/// The window of a node whose operands are [N, C, ...] and [M, C/group, kernel...]; checks the channels.
mlir::FailureOr<Window> convWindow(NodeLowering &n, unsigned input, unsigned weights);

} // namespace moe
