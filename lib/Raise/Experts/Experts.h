//===- Experts.h - finding layers of experts ----------------------------------------------------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"
#include "moe/Dialect/Moe.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace moe::raise {

/// Replaces the layer of experts that ends in `node` by moe.experts. True where it did. Summed: a reduction adds the experts' results up.
bool raiseSummedExperts(View &view, onnx::NodeOp node);
/// Added: one addition after another, or a loop over the experts. The last addition is to be tried first.
bool raiseAddedExperts(View &view, onnx::NodeOp node);

} // namespace moe::raise
