//===- Attention.h - finding softmax attention --------------------------------------------------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"

namespace moe::raise {

/// A product of softmaxed scores with values becomes moe.attention.
bool raiseAttention(View &view, onnx::NodeOp node);

/// So does the standard's Attention with all of its operands, unless the scores themselves are a result.
bool raiseStandardAttention(View &view, onnx::NodeOp node);

} // namespace moe::raise
