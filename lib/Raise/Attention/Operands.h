//===- Operands.h - the tensors of an attention, wherever the graph lays out their axes ---------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"
#include "../NodeMaker.h"

namespace moe::raise {

/// The indices of one logit: of which batch and head, of which query with which key. One that does not exist is the number 0.
struct Logit {
  E batch = nullptr, head = nullptr, query = nullptr, key = nullptr;

  /// The number of keys before the first query.
  SymExpr past() const;
};

/// A tensor found as queries, keys or values: its axes that are batch, head, row and element; -1 for one that it lacks.
struct HeadTensor {
  mlir::Value tensor;
  int batch = -1, head = -1, row = -1, element = -1;
  int64_t group = 1; ///< query heads that share one of its heads; 0 where all do
};

/// Finds the tensor nearest to its source of which `expr`, a load, is the element: of the logit's batch and head at `row` and `element`,
/// each index on an axis of its own.
std::optional<HeadTensor> findHeads(View &view, const Logit &at, E expr, E row, E element);

/// The tensor as [B, heads, rows, elements].
mlir::Value arrangeHeads(NodeMaker &make, const HeadTensor &found);

/// A tensor over (batch, head, query, key) of which `expr`, a load, is the element; an axis on which it does not depend has length 1.
/// Null where its indices are others.
mlir::Value overLogits(View &view, NodeMaker &make, const Logit &at, E expr, const HeadTensor &queries, const HeadTensor &keys);

/// The expression with factors that are numbers taken off into `factor`.
E stripFactors(View &view, E expr, double &factor);

/// The node that gives the element once all that only moves elements is followed, or null.
onnx::NodeOp sourceNode(View &view, E expr);

} // namespace moe::raise
