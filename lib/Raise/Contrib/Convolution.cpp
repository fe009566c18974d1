//===- Convolution.cpp - causal convolution, as a standard operator and as ONNX Runtime's --------------------===//
#include "Expansion.h"

using namespace mlir;

namespace moe::raise {
namespace {

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
  auto tokensFirst = [&](Value value) { return last ? e.reshape(value, {0, 0, channels}) : e.make.transpose(value, {0, 2, 1}); };
  auto channelsFirst = [&](Value value) { return last ? e.make.transpose(e.reshape(value, {0, 0, channels}), {0, 2, 1}) : value; };
  if (last && (ShapedType::isDynamicShape(inner) || ShapedType::getNumElements(inner) != channels))
    return e.fail("the axes of input behind the sequence do not make " + Twine(channels) + " channels");
  past = past ? channelsFirst(past) : Value();
  if (past && e.length(past, 2) != history && !ShapedType::isDynamic(e.length(past, 2)))
    return e.fail("past_state holds " + Twine(e.length(past, 2)) + " positions; the kernel reads " + Twine(history));
  if (!last && e.length(x, 1) != channels && !ShapedType::isDynamic(e.length(x, 1)))
    return e.fail("input has " + Twine(e.length(x, 1)) + " channels, weight " + Twine(channels));
  x = tokensFirst(x);
  auto state = RankedTensorType::get({e.length(x, 0), channels, history}, e.elementOf(past ? past : x));
  auto conv = e.make.known(CausalConvOp::create(e.make.b, e.make.loc, x.getType(), state, x, e.reshape(weight, {channels, e.length(weight, 2)}), bias, past,
                                                activation == "none" ? Activation::identity : Activation::silu, dilation));
  Value y = conv.getResult(), present = conv.getFinal();
  if (!last)
    return e.done({e.make.transpose(y, {0, 2, 1}), present});
  SmallVector<int64_t> shape = {0, 0};
  shape.append(inner);
  return e.done({e.reshape(y, shape), e.reshape(e.make.transpose(present, {0, 2, 1}), shape)});
}

} // namespace

void addConvolutions(ExpandTable &table) {
  table["CausalConvWithState"] = causalConv;
  addMicrosoft(table, "CausalConvWithState", causalConv);
}

} // namespace moe::raise
