//===- Layers.h - what all kinds of layers are made of ------------------------------------------------*- C++ -*-===//
#pragma once

#include "Graph.h"
#include "Options.h"

namespace moe::gen {

/// x · W of a weight [in, out].
Name linear(Graph &g, const Options &o, const std::string &name, const Name &x, int64_t in, int64_t out);
/// x / rms(x) · (weight) over the last axis, computed in float32 and written out as torch's exporter does.
Name rmsNorm(Graph &g, const Options &o, const std::string &name, const Name &x, int64_t width);
Name silu(Graph &g, const Name &x);
/// `value` in float32, for what exporters do not compute in less.
Name widened(Graph &g, const Name &value);
Name narrowed(Graph &g, const Name &value); ///< back in the graph's type
/// The length of an axis as a scalar.
Name lengthOf(Graph &g, const Name &value, int64_t axis);
Name unsqueezed(Graph &g, const Name &value, llvm::ArrayRef<int64_t> axes);
Name transposed(Graph &g, const Name &value, std::vector<int64_t> order);
/// value[..., begin : end, ...]
Name slice(Graph &g, const Name &value, int64_t axis, int64_t begin, int64_t end);
/// Parts of an axis with the given lengths.
std::vector<Name> split(Graph &g, const Name &value, int64_t axis, llvm::ArrayRef<int64_t> lengths);

} // namespace moe::gen
