//===- Experts.h - finding layers of experts ----------------------------------------------------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"
#include "moe/Dialect/Moe.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace moe::raise {

/// Replaces the expert layers that end in `node` by moe.experts. True where it did.
bool raiseSummedExperts(View &view, onnx::NodeOp node);

} // namespace moe::raise
