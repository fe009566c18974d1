//===- Hoist.h - strands that need no state, for all steps at once ------------------------------------*- C++ -*-===//
#pragma once

#include "../NodeMaker.h"
#include "Strand.h"

namespace moe::raise {

/// Makes one tensor of a strand's values, stacked along a new first axis, without computing it step by step.
class Hoist {
public:
  /// With `anyLength` the steps read all of an axis, however long it is.
  Hoist(NodeMaker &make, size_t steps, bool anyLength) : make(make), steps(steps), anyLength(anyLength) {}

  /// The stacked values; null for a strand that depends on a carried one, is invariant, or whose operator works on single steps only.
  mlir::Value whole(const Strand *strand);

private:
  mlir::Value table(const Strand *strand);
  mlir::Value read(const Strand *strand);
  mlir::Value node(const Strand *strand);
  /// A stacked or invariant operand of a node whose result has `rank` axes in each step, so that the first axis lines up.
  mlir::Value operand(const Strand *strand, int64_t rank);

  NodeMaker &make;
  size_t steps;
  bool anyLength;
  std::map<const Strand *, mlir::Value> made;
};

} // namespace moe::raise
