//===- Activation.h - which activation a formula is ---------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Moe.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <optional>

namespace moe::raise {

/// The parts of `moe.experts`' formula a[i] = act(g) * (u + beta).
struct GatedUnit {
  Activation activation = Activation::identity;
  double alpha = 1, beta = 0;
  std::optional<double> limit;
  bool operator==(const GatedUnit &) const = default;
};

/// Finds the unit that a formula computes, by its values: `formula(g, u)` is compared with every candidate on a grid of points.
/// `constants` are the numbers that occur in the formula: alpha, beta and limit are among them. Without a gate, g is not used.
std::optional<GatedUnit> identifyUnit(llvm::function_ref<double(double g, double u)> formula, llvm::ArrayRef<double> constants, bool gated);

/// The activation's value.
double activate(Activation activation, double alpha, double x);

} // namespace moe::raise
