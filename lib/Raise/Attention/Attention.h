//===- Attention.h - finding softmax attention --------------------------------------------------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"

namespace moe::raise {

/// A product of softmaxed scores with values becomes moe.attention; so does the standard's Attention where nothing but its result is used.
bool raiseAttention(View &view, onnx::NodeOp node);

} // namespace moe::raise
