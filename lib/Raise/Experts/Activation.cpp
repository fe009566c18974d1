//===- Activation.cpp - which activation a formula is -----------------------------------------------------------===//
#include "Activation.h"
#include <cmath>
#include <set>

namespace moe::raise {

double activate(Activation activation, double alpha, double x) {
  switch (activation) {
  case Activation::identity: return x;
  case Activation::relu: return std::max(x, 0.0);
  case Activation::relu2: return x > 0 ? x * x : 0;
  case Activation::silu: return x / (1 + std::exp(-alpha * x));
  case Activation::gelu: return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
  case Activation::gelu_tanh: return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  case Activation::sigmoid: return 1 / (1 + std::exp(-x));
  case Activation::tanh: return std::tanh(x);
  }
  return NAN;
}

static double unit(const GatedUnit &candidate, double g, double u, bool gated) {
  if (candidate.limit) {
    g = std::min(g, *candidate.limit);
    u = std::clamp(u, -*candidate.limit, *candidate.limit);
  }
  return gated ? activate(candidate.activation, candidate.alpha, g) * (u + candidate.beta) : activate(candidate.activation, candidate.alpha, u);
}

std::optional<GatedUnit> identifyUnit(llvm::function_ref<double(double, double)> formula, llvm::ArrayRef<double> constants, bool gated) {
  // The grid reaches past any limit that occurs, on both sides.
  std::set<double> alphas = {1}, betas = {0}, grid = {-3.1, -1.7, -0.9, -0.31, -0.05, 0, 0.07, 0.42, 1.1, 2.3, 4.6};
  std::set<std::optional<double>> limits = {std::nullopt};
  for (double x : constants) {
    if (x > 0 && x < 100)
      alphas.insert(x);
    betas.insert(x);
    if (x > 0 && x < 1e4) {
      limits.insert(x);
      grid.insert({x * 0.97, x * 1.4, -x * 0.97, -x * 1.4});
    }
  }
  auto matches = [&](const GatedUnit &candidate) {
    for (double g : grid) {
      for (double u : grid) {
        double want = formula(gated ? g : 0, u), have = unit(candidate, g, u, gated);
        if (!(std::fabs(want - have) <= 3e-6 * std::max(1.0, std::fabs(want))))
          return false;
        if (!gated && g != *grid.begin())
          break;
      }
      if (!gated)
        break;
    }
    return true;
  };
  for (auto activation : {Activation::silu, Activation::gelu, Activation::gelu_tanh, Activation::relu, Activation::relu2, Activation::sigmoid,
                          Activation::tanh, Activation::identity})
    for (double alpha : alphas) {
      if (alpha != 1 && activation != Activation::silu)
        continue;
      for (double beta : betas) {
        if (!gated && beta != 0)
          continue;
        for (std::optional<double> limit : limits)
          if (GatedUnit candidate{activation, alpha, beta, limit}; matches(candidate))
            return candidate;
      }
    }
  return std::nullopt;
}

} // namespace moe::raise
