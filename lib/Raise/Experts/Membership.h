//===- Membership.h - which tokens an expert adds to, and with what weight ----------------------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"

namespace moe::raise {

/// A factor that is sum_j [ids[t, j] = e] * weight[t, j]: the expert's weight where the token chose it, 0 for others.
struct Membership {
  E ids = nullptr, weight = nullptr; ///< at (rows, slot)
  E slot = nullptr;                  ///< the digit j; the constant 0 where a token has one expert
  int64_t expert = 0;                ///< e, where it is a number
  E count = nullptr;                 ///< how many tokens up to this one chose the expert, where only the first `capacity` count
  int64_t capacity = 0;
};

/// True where `count`, at the expert its last index names, is a cumulative sum of [ids[t] = e] over the axis before the last.
bool isRunningCount(View &view, E count, E ids);

/// Matches the product of `factors`. `expert` is the digit e; null where the factors are those of one expert.
std::optional<Membership> matchMembership(View &view, llvm::ArrayRef<E> factors, E expert);

} // namespace moe::raise
