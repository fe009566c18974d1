//===- Convolution.cpp - ONNX Runtime's causal convolution ------------------------------------------------------===//
#include "Expansion.h"

using namespace mlir;

namespace moe::raise {
namespace {

/// The columns of `x` [B, C, L] behind `past`, and the last of them: a convolution of each channel that sees no later element.
std::pair<Value, Value> dilated(Expansion &e, Value x, Value weight, Value bias, Value past, int64_t dilation) {
  int64_t history = (e.length(weight, -1) - 1) * dilation;
  if (!past)
    past = e.filled(e.concat({e.lengths(x, 0, 2), e.make.ints(history)}, 0), 0, e.elementOf(x));
  Value whole = e.concat({past, x}, 2);
  SmallVector<Value> operands = {whole, weight};
  if (bias)
    operands.push_back(bias);
  OpBuilder &b = e.make.b;
  Value y = e.op("Conv", operands, {b.getNamedAttr("dilations", b.getDenseI64ArrayAttr({dilation})), e.attr("group", e.length(weight, 0))}, 11);
  Value present = history == 0 ? past : e.slice(whole, 2, -history, INT64_MAX);
  return {y, present};
}

LogicalResult causalConv(Expansion &e) {
  Value x = e.in(0), weight = e.in(1), bias = e.in(2), past = e.in(3);
  for (StringRef name : {"input_channel_offset", "input_channels", "state_length", "state_update_capacity", "state_window"})
    if (e.node.intAttribute(name, 0) != 0)
      return e.fail(name + " is not supported; export with " + name + " 0");
  if (e.node.intAttribute("ndim", 1) != 1 || e.node.intAttribute("state_channels_last", -1) != -1)
    return e.fail("only one spatial axis (ndim 1), and states in the layout of the input, are supported");
  StringRef activation = e.node.stringAttribute("activation", "none");
  if (activation != "none" && activation != "silu" && activation != "swish")
    return e.fail("activation '" + activation + "' is none of none, silu, swish");
  int64_t dilation = e.node.intAttribute("dilation", 1), channels = e.length(weight, 0), rank = e.rankOf(x);
  bool last = e.node.intAttribute("channels_last", 0) != 0;
  if (dilation < 1)
    return e.fail("dilation is " + Twine(dilation) + "; it needs to be at least 1");
  if (failed(e.needRank(1, 3)) || failed(e.needLength(channels, "the number of channels")) ||
      failed(e.needLength(e.length(weight, 2), "the kernel's length")) || failed(e.needShape(2, channels)) || (!last && failed(e.needRank(0, 3))))
    return failure();
  if (rank < 3)
    return e.fail("input needs a batch, a sequence and channels");
  int64_t history = (e.length(weight, 2) - 1) * dilation;
  SmallVector<int64_t> inner(e.typeOf(x).getShape().drop_front(2)); // the channels' axes of the last layout
  if (last) {
    if (ShapedType::isDynamicShape(inner) || ShapedType::getNumElements(inner) != channels)
      return e.fail("the axes of input behind the sequence do not make " + Twine(channels) + " channels");
    auto first = [&](Value value) { return e.make.transpose(e.reshape(value, {0, 0, channels}), {0, 2, 1}); };
    x = first(x);
    past = past ? first(past) : Value();
  }
  if (past && e.length(past, 2) != history && !ShapedType::isDynamic(e.length(past, 2)))
    return e.fail("past_state holds " + Twine(e.length(past, 2)) + " positions; the kernel reads " + Twine(history));
  if (e.length(x, 1) != channels && !ShapedType::isDynamic(e.length(x, 1)))
    return e.fail("input has " + Twine(e.length(x, 1)) + " channels, weight " + Twine(channels));
  // ONNX Runtime computes in float32.
  Type element = e.elementOf(x);
  auto wide = [&](Value value) { return value ? e.widened(value) : Value(); };
  Value y, present;
  if (dilation == 1) {
    auto given = [&](Value value) { return value ? e.widened(value) : e.none(); };
    ValueRange results = e.make.nodes("CausalConvWithState", 2, {e.widened(x), e.widened(weight), given(bias), given(past)},
                                      e.attr("activation", activation), 27);
    y = results[0];
    present = results[1];
  } else {
    std::tie(y, present) = dilated(e, e.widened(x), e.widened(weight), wide(bias), wide(past), dilation);
    if (activation != "none")
      y = e.swish(y);
  }
  y = e.cast(y, element);
  present = e.cast(present, element);
  if (last) {
    SmallVector<int64_t> shape = {0, 0};
    shape.append(inner);
    auto back = [&](Value value) { return e.reshape(e.make.transpose(value, {0, 2, 1}), shape); };
    y = back(y);
    present = back(present);
  }
  return e.done({y, present});
}

} // namespace

void addConvolutions(ExpandTable &table) { addMicrosoft(table, "CausalConvWithState", causalConv); }

} // namespace moe::raise
