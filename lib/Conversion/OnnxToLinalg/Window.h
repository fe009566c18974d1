//===- Window.h - sliding windows of convolutions and pools -------------------------------------------*- C++ -*-===//
#pragma once

#include "NodeLowering.h"

namespace moe {

/// One spatial axis: the window at output o reads the input at o * stride + k * dilation - before for k in [0, kernel).
struct WindowAxis {
  mlir::Value length, kernel, before, after, out; ///< lengths of input, kernel, padding on both sides, and output
  int64_t stride = 1, dilation = 1;
};

struct Window {
  llvm::SmallVector<WindowAxis> axes;
  /// What a window spans.
  static mlir::Value extent(NodeLowering &n, const WindowAxis &axis);
};

/// Reads strides, dilations, pads, auto_pad and ceil_mode of a node whose operand `input` is [batch, channels, spatial axes].
mlir::FailureOr<Window> readWindow(NodeLowering &n, mlir::Value onnxInput, llvm::ArrayRef<mlir::Value> kernel);

/// The operand with as much of `fill` around it as the windows read; the operand itself where they read nothing else.
mlir::Value padForWindows(NodeLowering &n, mlir::Value value, const Window &window, mlir::Value fill);

/// Maps of a loop nest over [batch, channels, outputs..., reduced..., kernel...]: the places that windows read, the kernel's places.
struct WindowMaps {
  unsigned loops;
  llvm::SmallVector<mlir::AffineExpr> read;   ///< o * stride + k * dilation, per spatial axis
  llvm::SmallVector<mlir::AffineExpr> out;    ///< o, per spatial axis
  llvm::SmallVector<mlir::AffineExpr> kernel; ///< k, per spatial axis
};
/// `firstOut` and `firstKernel` are the first loops of the outputs and of the kernel.
WindowMaps windowMaps(NodeLowering &n, const Window &window, unsigned firstOut, unsigned firstKernel);

} // namespace moe
