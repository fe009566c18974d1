//===- Mamba.h - state-space layers -------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "Graph.h"
#include "Options.h"

namespace moe::gen {

/// Mamba-1 (Gu, Dao 2023) on x [batch, length, hidden]: h' = exp(dt A) h + dt B u, y = C h' + D u, with an A for every channel and element
/// of its state.
Name mamba(Graph &g, const Options &o, int64_t layer, const Name &x);

/// Mamba-2 (Dao, Gu 2024): one A for a head, so that chunks of the sequence are products of matrices.
Name mamba2(Graph &g, const Options &o, int64_t layer, const Name &x);

/// softplus(values + bias), the lengths of the steps; the biases spread them from about 0.001 to 0.1.
Name stepLengths(Graph &g, const Options &o, const std::string &name, const Name &values, int64_t width);
/// The parameter D, near 1.
Name skipWeights(Graph &g, const Options &o, const std::string &name, std::vector<int64_t> shape);
/// -exp(A_log) for the parameter A_log [shape] = log of `rate` at each element.
Name decayRates(Graph &g, const std::string &name, std::vector<int64_t> shape, llvm::function_ref<double(int64_t)> rate);

} // namespace moe::gen
