//===- Emit.h - tensors from what their elements are ---------------------------------------------------*- C++ -*-===//
#pragma once

#include "Element/View.h"
#include "NodeMaker.h"

namespace moe::raise {

/// A tensor of the type `element` whose element at `axes` is `expr`. Each axis is one of the digits that `expr` mentions, or null for an
/// axis of length 1; an axis whose digit `expr` does not mention has length 1 too. Null where `expr` mentions other digits or is not made
/// of elements of tensors and elementwise operators.
mlir::Value emit(View &view, NodeMaker &make, E expr, llvm::ArrayRef<E> axes, mlir::Type element);

} // namespace moe::raise
