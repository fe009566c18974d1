//===- Experts.h - layers of experts in every exporter's form -----------------------------------------*- C++ -*-===//
#pragma once

#include "Bank.h"
#include "Router.h"

namespace moe::gen {

/// A layer of experts on the tokens x [T, H], in the form that the options say.
Name experts(Graph &g, const Options &o, const std::string &prefix, const Name &x);

/// The layer's forms, for tokens that are routed.
Name contribExperts(const Bank &bank, const Name &x, const Routed &routed); ///< MoE and QMoE
Name sortedExperts(const Bank &bank, const Name &x, const Routed &routed);
Name batchedExperts(const Bank &bank, const Name &x, const Routed &routed);
Name denseExperts(const Bank &bank, const Name &x, const Routed &routed);
Name maskedExperts(const Bank &bank, const Name &x, const Routed &routed);
Name loopExperts(const Bank &bank, const Name &x, const Routed &routed);
Name loopOpExperts(const Bank &bank, const Name &x, const Routed &routed);

} // namespace moe::gen
