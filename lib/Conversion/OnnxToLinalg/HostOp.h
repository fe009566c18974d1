//===- HostOp.h - nodes that the host program computes ------------------------------------------------*- C++ -*-===//
#pragma once

#include "NodeLowering.h"

namespace moe {

/// A node with onnx.host becomes rt.host_op; the lengths of its results are checked while the model runs.
mlir::LogicalResult lowerHostOp(NodeLowering &n);

} // namespace moe
