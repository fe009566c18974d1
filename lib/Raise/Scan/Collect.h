//===- Collect.h - what the steps of an unrolled loop give, put together ------------------------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"

namespace moe::raise {

/// What the steps give, put together along an axis on which each has length 1.
struct Collected {
  llvm::SmallVector<mlir::Value> values; ///< step by step
  int64_t axis = 0;
  mlir::Value buffer;                    ///< what the values are written over; null where they are all there is
  int64_t first = 0;                     ///< the place that the first value is written to
};

/// A concatenation of values of length 1 on the axis.
std::optional<Collected> collectConcat(View &view, onnx::NodeOp node);
/// The last of a chain of scatters, each of which writes the whole of the next place of an axis.
std::optional<Collected> collectScatters(View &view, onnx::NodeOp node);

} // namespace moe::raise
