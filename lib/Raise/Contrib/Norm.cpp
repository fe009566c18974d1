//===- Norm.cpp - ONNX Runtime's normalisations -----------------------------------------------------------------===//
#include "Expansion.h"

using namespace mlir;

namespace moe::raise {
namespace {

/// 1 / sqrt(mean of squares + epsilon) over the last axis, in float32.
Value inverseSize(Expansion &e, Value x, double epsilon) {
  Value wide = e.widened(x);
  Value mean = e.reduce("ReduceMean", e.mul(wide, wide), int64_t(-1));
  return e.op("Reciprocal", e.op("Sqrt", e.shifted(mean, epsilon)));
}

Value mean(Expansion &e, Value x) { return e.reduce("ReduceMean", e.widened(x), int64_t(-1)); }

LogicalResult simplified(Expansion &e) {
  Value x = e.in(0), scale = e.in(1);
  int64_t rank = e.rankOf(x), axis = e.node.intAttribute("axis", -1);
  if (axis < -rank || axis >= rank)
    return e.fail("axis is " + Twine(axis) + " for a rank of " + Twine(rank));
  double epsilon = e.node.floatAttribute("epsilon", 1e-5);
  bool last = axis == -1 || axis == rank - 1;
  Value y;
  if (last && e.rankOf(scale) == 1) {
    if (failed(e.needShape(1, e.length(x, -1))))
      return failure();
    y = e.cast(e.norm(x, scale, {}, NormKind::rms, epsilon), e.elementOf(scale));
  } else {
    y = e.op("RMSNormalization", {x, scale}, {e.attr("axis", axis), e.realAttr("epsilon", epsilon), e.attr("stash_type", 1)}, 23);
  }
  if (!e.wants(1))
    return e.done(y);
  if (!last)
    return e.fail("inv_std_var over several axes is not supported; export without that output");
  return e.done({y, inverseSize(e, x, epsilon)});
}

/// x + skip + bias is normalised; ONNX Runtime adds up and normalises in float32, and rounds each output once.
LogicalResult skip(Expansion &e, NormKind kind, unsigned biasIndex, Value shift) {
  Value x = e.in(0);
  if (failed(e.needRank(0, {2, 3})) || failed(e.needRank(1, {2, 3})) || failed(e.needShape(2, e.length(x, -1))) ||
      failed(e.needShape(biasIndex, e.length(x, -1))))
    return failure();
  if (e.rankOf(e.in(1)) > e.rankOf(x) || e.length(e.in(1), -1) != e.length(x, -1))
    return e.fail("skip does not have the shape of input, or that of one of its batches");
  Type element = e.elementOf(x);
  double epsilon = e.node.floatAttribute("epsilon", 1e-12);
  Value sum = e.add(e.widened(x), e.widened(e.in(1)));
  if (Value bias = e.in(biasIndex))
    sum = e.add(sum, e.widened(bias));
  Value y = e.cast(e.norm(sum, e.in(2), shift, kind, epsilon), element);
  Value average, inverse;
  if (e.wants(1))
    average = mean(e, sum);
  if (e.wants(2))
    inverse = inverseSize(e, kind == NormKind::layer ? e.sub(sum, mean(e, sum)) : sum, epsilon);
  return e.done({y, average, inverse, e.wants(3) ? e.cast(sum, element) : Value()});
}

LogicalResult skipSimplified(Expansion &e) { return skip(e, NormKind::rms, 3, {}); }

LogicalResult skipLayer(Expansion &e) {
  if (failed(e.needShape(3, e.length(e.in(0), -1))))
    return failure();
  return skip(e, NormKind::layer, 4, e.in(3));
}

/// Groups of the length of `scale` along the last axis, times an activation of the gate; all in float32.
LogicalResult gatedRms(Expansion &e) {
  Value x = e.in(0), scale = e.in(1), gate = e.in(2);
  int64_t width = e.length(x, -1), group = e.length(scale, 0);
  if (failed(e.needRank(1, 1)) || failed(e.needLength(width, "X's last axis")) || failed(e.needLength(group, "scale's axis")) ||
      failed(e.needShape(2, e.typeOf(x).getShape())))
    return failure();
  if (width % group != 0)
    return e.fail("the last axis of X has " + Twine(width) + " elements, which scale's " + Twine(group) + " do not divide");
  StringRef activation = e.node.stringAttribute("activation", "silu");
  if (activation != "silu" && activation != "swish" && activation != "sigmoid")
    return e.fail("activation '" + activation + "' is none of silu, swish, sigmoid");
  auto grouped = [&](Value value) {
    SmallVector<int64_t> shape(e.rankOf(x) - 1, 0);
    shape.append({width / group, group});
    return width == group ? value : e.reshape(value, shape);
  };
  Value y = e.norm(grouped(e.widened(x)), scale, {}, NormKind::rms, e.node.floatAttribute("epsilon", 1e-5));
  if (width != group) {
    SmallVector<int64_t> shape(e.rankOf(x) - 1, 0);
    shape.push_back(width);
    y = e.reshape(y, shape);
  }
  Value wide = e.widened(gate);
  y = e.mul(y, activation == "sigmoid" ? e.sigmoid(wide) : e.swish(wide));
  return e.done(e.cast(y, e.elementOf(x)));
}

/// Branches (..., C, H), or (..., C * H) with num_branches C, each normalised on its own; scale is [H], [C, H] or [C * H].
LogicalResult branchwise(Expansion &e) {
  Value x = e.in(0), scale = e.in(1);
  int64_t branches = e.node.intAttribute("num_branches", 0), rank = e.rankOf(x);
  if (rank < (branches ? 1 : 2) || failed(e.needLength(e.length(x, -1), "X's last axis")))
    return e.fail("X needs the shape [.., C, H], or num_branches");
  int64_t count = branches ? branches : e.length(x, -2), width = branches ? e.length(x, -1) / branches : e.length(x, -1);
  if (failed(e.needLength(count, "the number of branches")))
    return failure();
  Value y = e.widened(x);
  if (branches) {
    SmallVector<int64_t> shape(rank - 1, 0);
    shape.append({count, width});
    y = e.reshape(y, shape);
  }
  bool shared = scale && e.rankOf(scale) == 1 && e.length(scale, 0) == width && count != 1;
  y = e.norm(y, shared ? scale : Value(), {}, NormKind::rms, e.node.floatAttribute("epsilon", 1e-5));
  if (scale && !shared) {
    if (e.typeOf(scale).getNumElements() != count * width)
      return e.fail("scale has neither the width nor the size of the branches");
    y = e.mul(y, e.widened(e.reshape(scale, {count, width})));
  }
  if (branches) {
    SmallVector<int64_t> shape(rank - 1, 0);
    shape.push_back(count * width);
    y = e.reshape(y, shape);
  }
  return e.done(e.cast(y, e.elementOf(x)));
}

/// word[input_ids] + position[position_ids] + segment[segment_ids], normalised. mask_index is the number of ones of each row's mask.
LogicalResult embed(Expansion &e) {
  Value ids = e.in(0), positions = e.in(8), mask = e.in(7);
  if (failed(e.needRank(0, 2)) || failed(e.needRank(2, 2)) || failed(e.needRank(3, 2)) || failed(e.needRank(4, 2)))
    return failure();
  if (bool(e.in(1)) != bool(e.in(4)))
    return e.fail("segment_ids and segment_embedding need each other");
  Value sum = e.op("Gather", {e.in(2), ids});
  if (!positions)
    positions = e.unsqueeze(e.range(e.lengthOf(ids, 1, /*scalar=*/true)), int64_t(0));
  sum = e.add(sum, e.op("Gather", {e.in(3), positions}));
  if (e.in(1))
    sum = e.add(sum, e.op("Gather", {e.in(4), e.in(1)}));
  Value y = e.norm(sum, e.in(5), e.in(6), NormKind::layer, e.node.floatAttribute("epsilon", 1e-12));
  Value count;
  if (e.wants(1))
    count = mask ? e.reduce("ReduceSum", mask, int64_t(1), /*keep=*/false)
                 : e.filled(e.lengths(ids, 0, 1), 0, e.make.b.getI32Type());
  return e.done({y, count, e.wants(2) ? sum : Value()});
}

/// Group normalisation of NHWC or NCHW data; with a sum before, and an activation behind.
LogicalResult groupNorm(Expansion &e, bool skips) {
  Value x = e.in(0), sum = x;
  if (failed(e.needRank(0, 4)))
    return failure();
  int64_t activation = e.node.intAttribute("activation", 0);
  if (activation != 0 && activation != 1)
    return e.fail("activation is " + Twine(activation) + "; it needs 0 (none) or 1 (SiLU)");
  bool last = e.node.intAttribute("channels_last", 1) != 0;
  if (skips) {
    Value skip = e.in(3);
    if (failed(e.needRank(3, {2, 4})))
      return failure();
    if (e.rankOf(skip) == 2)
      skip = e.unsqueeze(skip, last ? ArrayRef<int64_t>{1, 2} : ArrayRef<int64_t>{2, 3});
    sum = e.add(e.widened(x), e.widened(skip));
    if (Value bias = e.in(4))
      sum = e.add(sum, e.widened(last ? bias : e.unsqueeze(bias, {1, 2})));
  }
  Value channels = last ? e.make.transpose(e.widened(sum), {0, 3, 1, 2}) : e.widened(sum);
  Type wide = e.elementOf(channels);
  Value y = e.op("GroupNormalization", {channels, e.cast(e.in(1), wide), e.cast(e.in(2), wide)},
                 {e.realAttr("epsilon", e.node.floatAttribute("epsilon", 1e-5)), e.attr("num_groups", e.node.intAttribute("groups", 1))});
  if (activation)
    y = e.swish(y);
  if (last)
    y = e.make.transpose(y, {0, 2, 3, 1});
  return e.done({e.cast(y, e.elementOf(x)), skips && e.wants(1) ? e.cast(sum, e.elementOf(x)) : Value()});
}

LogicalResult plainGroupNorm(Expansion &e) { return groupNorm(e, false); }
LogicalResult skipGroupNorm(Expansion &e) { return groupNorm(e, true); }

} // namespace

void addNorms(ExpandTable &table) {
  for (std::string domain : {"", "com.microsoft."}) {
    table[domain + "SimplifiedLayerNormalization"] = simplified;
    table[domain + "SkipSimplifiedLayerNormalization"] = skipSimplified;
    table[domain + "SkipLayerNormalization"] = skipLayer;
  }
  addMicrosoft(table, "GatedRMSNorm", gatedRms);
  addMicrosoft(table, "BranchwiseRMSNorm", branchwise);
  addMicrosoft(table, "EmbedLayerNormalization", embed);
  addMicrosoft(table, "SkipGroupNorm", skipGroupNorm);
  addMicrosoft(table, "GroupNorm", plainGroupNorm);
}

} // namespace moe::raise
