//===- Scalars.cpp - activations in kernels ---------------------------------------------------------------------===//
#include "Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace moe {

/// 1 / (1 + exp(-x)).
static Value logistic(Code c, Value x) {
  Value one = c.constant(x.getType(), 1);
  return arith::DivFOp::create(c.b, one, c.add(one, math::ExpOp::create(c.b, arith::NegFOp::create(c.b, x))));
}

Value activateVector(Code c, Activation activation, double alpha, Value x) {
  auto number = [&](double value) { return c.constant(x.getType(), value); };
  switch (activation) {
  case Activation::identity: return x;
  case Activation::relu: return arith::MaximumFOp::create(c.b, x, number(0));
  case Activation::relu2: {
    Value positive = arith::MaximumFOp::create(c.b, x, number(0));
    return c.mul(positive, positive);
  }
  case Activation::silu: return c.mul(x, logistic(c, alpha == 1 ? x : c.mul(x, number(alpha))));
  case Activation::sigmoid: return logistic(c, x);
  case Activation::tanh: return math::TanhOp::create(c.b, x);
  case Activation::gelu:
  case Activation::gelu_tanh: {
    Value inside;
    if (activation == Activation::gelu) {
      inside = math::ErfOp::create(c.b, c.mul(x, number(0.7071067811865476)));
    } else {
      Value cube = c.mul(c.mul(x, x), x);
      inside = math::TanhOp::create(c.b, c.mul(number(0.7978845608028654), c.add(x, c.mul(number(0.044715), cube))));
    }
    return c.mul(c.mul(number(0.5), x), c.add(number(1), inside));
  }
  }
  return {};
}

Value gatedUnit(Code k, ExpertsOp op, Value g, Value u) {
  auto number = [&](double x) { return k.constant(u.getType(), x); };
  if (auto limit = op.getLimit()) {
    double bound = limit->convertToDouble();
    u = arith::MinimumFOp::create(k.b, arith::MaximumFOp::create(k.b, u, number(-bound)), number(bound));
    if (g)
      g = arith::MinimumFOp::create(k.b, g, number(bound));
  }
  double alpha = op.getAlpha().convertToDouble(), beta = op.getBeta().convertToDouble();
  if (!g)
    return activateVector(k, op.getActivation(), alpha, u);
  return k.mul(activateVector(k, op.getActivation(), alpha, g), beta == 0 ? u : k.add(u, number(beta)));
}

} // namespace moe
