//===- StatePairs.h - inputs that come back as outputs --------------------------------------------------*- C++ -*-===//
//
// What an output is of an input is read from the data flow: the input with something behind it (a cache that grows), the input with a part
// overwritten (a cache with room), or, for a pair that the names say belong together, anything computed from it (a recurrence).
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "moe/Analysis/Shapes.h"

namespace moe {

/// An input and the output that is its value in the next run.
struct StatePair {
  mlir::BlockArgument past;
  unsigned present; ///< the result's number
  std::optional<int64_t> axis;      ///< that grows
  std::optional<int64_t> writeAxis; ///< along which `write` overwrites
  onnx::NodeOp append, write;  ///< the nodes that become appending and overwriting, where the present is made so
};

/// Each input and each result is in one pair at most; caches come before recurrences.
llvm::SmallVector<StatePair> findStatePairs(mlir::func::FuncOp function, const ShapeAnalysis &shapes);

} // namespace moe
