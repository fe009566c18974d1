//===- Matrix.h - tensors as matrices over the tokens of a layer --------------------------------------*- C++ -*-===//
#pragma once

#include "Element/View.h"
#include "NodeMaker.h"

namespace moe::raise {

/// The indices of a token: one digit per outer axis.
struct Rows {
  std::vector<E> digits;
  std::vector<SymExpr> extents;
};

/// The tensor whose element at (rows, last) is `load`, as [T, last]; null where its axes lie otherwise or `lastExtent` is not known.
/// One of the load's indices may itself be such a tensor: then the elements are gathered along it.
mlir::Value asMatrix(View &view, NodeMaker &make, const Rows &rows, E load, E last, const SymExpr &lastExtent);

} // namespace moe::raise
