//===- Router.h - routers of generated layers ---------------------------------------------------------*- C++ -*-===//
#pragma once

#include "Graph.h"
#include "Options.h"

namespace moe::gen {

struct Routed {
  Name logits;       ///< [T, E]
  Name ids, weights; ///< [T, K], int64 and the graph's type
};

/// Routes the tokens x [T, H].
Routed route(Graph &g, const Options &o, const std::string &prefix, const Name &x);

/// The biases of logits that are standard normal with which expert r of a random order has a share of the tokens' choices proportional to
/// 1 / (r + 1)^zipf, at most one choice per token. Empty where `zipf` is 0.
std::vector<float> popularity(const Options &o, const std::string &prefix);

} // namespace moe::gen
