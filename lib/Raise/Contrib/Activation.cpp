//===- Activation.cpp - ONNX Runtime's elementwise operators ----------------------------------------------------===//
#include "Expansion.h"

using namespace mlir;

namespace moe::raise {
namespace {

Value gelu(Expansion &e, Value x, bool tanhForm) {
  return e.op("Gelu", x, e.attr("approximate", tanhForm ? "tanh" : "none"));
}

LogicalResult exactGelu(Expansion &e) { return e.done(gelu(e, e.in(0), false)); }

LogicalResult fastGelu(Expansion &e) { return e.done(gelu(e, e.in(1) ? e.add(e.in(0), e.in(1)) : e.in(0), true)); }

LogicalResult biasGelu(Expansion &e) { return e.done(gelu(e, e.add(e.in(0), e.in(1)), false)); }

LogicalResult quickGelu(Expansion &e) {
  Value x = e.widened(e.in(0));
  return e.done(e.cast(e.swish(x, e.node.floatAttribute("alpha", 1.702)), e.elementOf(e.in(0))));
}

LogicalResult biasAdd(Expansion &e) { return e.done(e.add(e.add(e.in(0), e.in(1)), e.in(2))); }

/// (x + bias) is cut into halves along the last axis: left * gelu(right).
LogicalResult biasSplitGelu(Expansion &e) {
  int64_t width = e.length(e.in(0), -1);
  if (failed(e.needLength(width, "X's last axis")))
    return failure();
  Value sum = e.add(e.in(0), e.in(1));
  return e.done(e.mul(e.slice(sum, -1, 0, width / 2), gelu(e, e.slice(sum, -1, width / 2, width), false)));
}

/// softmax(data + bias) over the axes from `axis` on, taken together. The bias lacks the leading axes, or has 1 where it repeats.
LogicalResult biasSoftmax(Expansion &e) {
  Value data = e.in(0);
  int64_t rank = e.rankOf(data), axis = e.node.intAttribute("axis", 1);
  axis = axis < 0 ? axis + rank : axis;
  if (axis < 0 || axis >= rank)
    return e.fail("axis is out of range");
  if (e.node.intAttribute("is_inner_broadcast", 0) == 0 && e.rankOf(e.in(1)) == rank)
    return e.fail("a bias with all axes needs is_inner_broadcast; export without BiasSoftmax");
  Value sum = e.add(data, e.in(1));
  if (axis == rank - 1)
    return e.done(e.op("Softmax", sum, e.attr("axis", -1)));
  SmallVector<int64_t> shape(axis, 0);
  shape.push_back(-1);
  Value flat = e.op("Softmax", e.reshape(sum, shape), e.attr("axis", -1));
  return e.done(e.op("Reshape", {flat, e.lengths(data, 0, rank)}));
}

/// z = scale * x, rounded; z * sigmoid(z), each rounded.
LogicalResult scaledSilu(Expansion &e) {
  Value x = e.in(0);
  Value z = e.in(1) ? e.cast(e.mul(e.widened(x), e.widened(e.in(1))), e.elementOf(x)) : e.scaled(x, e.node.floatAttribute("alpha", 1));
  return e.done(e.mul(z, e.sigmoid(z)));
}

/// min(g, limit) * sigmoid(alpha * ...) * (clamp(u, -limit, limit) + beta) in float32; a limit of 0 or less is none.
LogicalResult swiglu(Expansion &e) {
  Value gate = e.in(0), up = e.in(1);
  Type element = e.elementOf(gate);
  if (!up) {
    int64_t width = e.length(gate, -1);
    if (failed(e.needLength(width, "gate's last axis")))
      return failure();
    up = e.slice(gate, -1, width / 2, width);
    gate = e.slice(gate, -1, 0, width / 2);
  }
  gate = e.widened(gate);
  up = e.widened(up);
  if (double limit = e.node.floatAttribute("limit", 0); limit > 0) {
    Value high = e.make.number(limit, e.elementOf(gate));
    gate = e.op("Min", {gate, high});
    up = e.op("Clip", {up, e.make.number(-limit, e.elementOf(up)), high});
  }
  Value active = e.swish(gate, e.node.floatAttribute("activation_alpha", 1));
  if (e.node.intAttribute("round_activation", 0))
    active = e.widened(e.cast(active, element));
  return e.done(e.cast(e.mul(active, e.shifted(up, e.node.floatAttribute("activation_beta", 0))), element));
}

/// x + y * gate, the product rounded. With gate_weight the gate is a projection, defined for bfloat16 with its own roundings.
LogicalResult gatedAdd(Expansion &e) {
  if (e.in(3))
    return e.fail("gate_weight is not supported; export the projection and the sigmoid as nodes of their own");
  return e.done(e.add(e.in(0), e.mul(e.in(1), e.in(2))));
}

} // namespace

void addActivations(ExpandTable &table) {
  addMicrosoft(table, "Gelu", exactGelu);
  addMicrosoft(table, "FastGelu", fastGelu);
  addMicrosoft(table, "QuickGelu", quickGelu);
  addMicrosoft(table, "BiasGelu", biasGelu);
  addMicrosoft(table, "BiasAdd", biasAdd);
  addMicrosoft(table, "BiasSplitGelu", biasSplitGelu);
  addMicrosoft(table, "BiasSoftmax", biasSoftmax);
  addMicrosoft(table, "ScaledSiLU", scaledSilu);
  addMicrosoft(table, "SwiGLU", swiglu);
  addMicrosoft(table, "GatedAdd", gatedAdd);
}

} // namespace moe::raise
