//===- Mask.h - what a mask computed in the graph means -----------------------------------------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"

namespace moe::raise {

/// A mask taken apart: keys up to the query's own position, a window, and what is left over.
struct MaskPart {
  bool causal = false;
  int64_t window = 0;
  std::vector<E> rest; ///< conditions over (b, h, s, l) that must hold too
};

/// Takes a condition apart whose conjunction says which key `key` the query `query` may see. `past` is the number of keys before the first
/// query. Conditions that always hold are dropped.
MaskPart takeApart(View &view, E condition, E query, E key, const SymExpr &past);

/// The condition under which an additive mask is 0 where it else is about -inf; null for any other mask.
E additiveCondition(View &view, E mask);

} // namespace moe::raise
