//===- Activation.cpp - elementwise non-linearities -------------------------------------------------------------===//
#include "Activation.h"
#include <cmath>
#include <numbers>

namespace moe::reference {

double activate(Activation activation, double x, double alpha) {
  switch (activation) {
  case Activation::identity:
    return x;
  case Activation::relu:
    return x < 0 ? 0 : x;
  case Activation::relu2:
    return x < 0 ? 0 : x * x;
  case Activation::silu:
    return x / (1 + std::exp(-alpha * x));
  case Activation::gelu:
    return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2));
  case Activation::gelu_tanh:
    return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
  case Activation::sigmoid:
    return 1 / (1 + std::exp(-x));
  case Activation::tanh:
    return std::tanh(x);
  }
}

} // namespace moe::reference
