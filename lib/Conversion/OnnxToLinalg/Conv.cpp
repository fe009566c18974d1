//===- Conv.cpp - convolutions ----------------------------------------------------------------------------------===//
//
// A convolution is one loop nest over the padded input. Its innermost loop runs along the last spatial axis, so that it vectorises
// while the sums stay in memory that is in cache; nothing is unfolded into columns.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Conv.h"
#include "IndexMath.h"
#include "Scalars.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace moe {
namespace {

/// Splits axis `axis` into [parts, rest].
Value splitAxis(NodeLowering &n, Value value, int64_t axis, int64_t parts) {
  IndexMath m(n.b);
  auto type = llvm::cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> sizes = n.sizes(value);
  Value rest = m.div(n.asValue(sizes[axis]), parts);
  sizes[axis] = getAsOpFoldResult(rest);
  sizes.insert(sizes.begin() + axis, n.b.getIndexAttr(parts));
  SmallVector<ReassociationIndices> groups;
  for (int64_t from = 0, to = 0; from < type.getRank(); ++from) {
    groups.push_back({to++});
    if (from == axis)
      groups.back().push_back(to++);
  }
  SmallVector<int64_t> shape = std::get<0>(decomposeMixedValues(sizes));
  return tensor::ExpandShapeOp::create(n.b, RankedTensorType::get(shape, type.getElementType()), value, groups, sizes);
}

/// Joins axes `axis` and `axis` + 1.
Value joinAxis(NodeLowering &n, Value value, int64_t axis) {
  auto type = llvm::cast<RankedTensorType>(value.getType());
  SmallVector<ReassociationIndices> groups;
  for (int64_t from = 0; from < type.getRank(); ++from)
    if (from == axis + 1)
      groups.back().push_back(from);
    else
      groups.push_back({from});
  return tensor::CollapseShapeOp::create(n.b, value, groups);
}

} // namespace

FailureOr<Window> convWindow(NodeLowering &n, unsigned input, unsigned weights) {
  int64_t rank = n.rank(input), group = n.node.intAttribute("group", 1);
  if (rank < 3 || n.rank(weights) != rank)
    return n.fail("needs an input [N, C, spatial axes] and weights of the same rank");
  if (group < 1)
    return n.fail("group must be positive");
  IndexMath m(n.b);
  n.check(m.cmp(IndexMath::P::eq, n.dim(input, 1), m.mul(n.dim(weights, 1), group)), "the channels of input and weights do not fit");
  if (group > 1)
    n.check(m.cmp(IndexMath::P::eq, m.rem(n.dim(weights, 0), group), 0), "the output channels are no multiple of group");
  SmallVector<Value> kernel;
  for (int64_t axis = 2; axis < rank; ++axis)
    kernel.push_back(n.dim(weights, axis));
  if (auto stated = n.node.intsAttribute("kernel_shape"))
    for (auto [value, length] : llvm::zip(kernel, *stated))
      n.check(m.cmp(IndexMath::P::eq, value, length), "kernel_shape is not the shape of the weights");
  return readWindow(n, n.onnxInput(input), kernel);
}

FailureOr<Value> convolve(NodeLowering &n, const ConvOperands &operands, const Window &window, Value init, ScalarPair product) {
  Value input = padForWindows(n, operands.input, window, operands.fill), weights = operands.weights;
  bool grouped = operands.group > 1;
  if (grouped) {
    input = splitAxis(n, input, 1, operands.group);
    weights = splitAxis(n, weights, 0, operands.group);
    init = splitAxis(n, init, 1, operands.group);
  }
  // Loops: batch, (group,) output channel, outputs, input channel, kernel.
  unsigned channel = grouped ? 2 : 1, reduced = channel + 1 + window.axes.size();
  WindowMaps places = windowMaps(n, window, channel + 1, reduced + 1);
  auto d = [&](unsigned loop) { return n.b.getAffineDimExpr(loop); };
  SmallVector<AffineExpr> in = {d(0)}, kernel, out = {d(0)};
  if (grouped) {
    in.push_back(d(1));
    kernel.push_back(d(1));
    out.push_back(d(1));
  }
  in.push_back(d(reduced));
  kernel.append({d(channel), d(reduced)});
  out.push_back(d(channel));
  llvm::append_range(in, places.read);
  llvm::append_range(kernel, places.kernel);
  llvm::append_range(out, places.out);
  auto map = [&](ArrayRef<AffineExpr> exprs) { return AffineMap::get(places.loops, 0, exprs, n.b.getContext()); };
  Value result = loops(n, {input, weights}, {map(in), map(kernel), map(out)}, init, [&](ImplicitLocOpBuilder &b, ValueRange args) {
    return addScalars(b, args[2], product(b, args[0], args[1]));
  });
  return grouped ? joinAxis(n, result, 1) : result;
}

namespace {

SmallVector<OpFoldResult> convSizes(NodeLowering &n, Value channels, const Window &window) {
  SmallVector<OpFoldResult> sizes = {getAsOpFoldResult(n.dim(0u, 0)), getAsOpFoldResult(channels)};
  for (const WindowAxis &axis : window.axes)
    sizes.push_back(getAsOpFoldResult(axis.out));
  return sizes;
}

/// A tensor of `sizes` with the bias of each channel, or 0.
Value biased(NodeLowering &n, ArrayRef<OpFoldResult> sizes, Type wide, unsigned operand) {
  if (!n.has(operand))
    return n.filled(sizes, n.constant(wide, 0));
  unsigned rank = sizes.size();
  return loops(n, n.in(operand), {AffineMap::get(rank, 0, {n.b.getAffineDimExpr(1)}, n.b.getContext()), n.b.getMultiDimIdentityMap(rank)},
               n.empty(sizes, wide), [&](ImplicitLocOpBuilder &b, ValueRange args) { return castScalar(b, args[0], wide, false, false); });
}

LogicalResult conv(NodeLowering &n) {
  auto window = convWindow(n, 0, 1);
  if (failed(window))
    return failure();
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  auto product = [&](ImplicitLocOpBuilder &b, Value x, Value w) {
    return multiplyScalars(b, castScalar(b, x, wide, false, false), castScalar(b, w, wide, false, false));
  };
  ConvOperands operands{n.in(0), n.in(1), n.constant(element, 0), n.node.intAttribute("group", 1)};
  auto result = convolve(n, operands, *window, biased(n, convSizes(n, n.dim(1u, 0), *window), wide, 2), product);
  return failed(result) ? failure() : n.done(castElements(n, *result, element));
}

//===- transposed -----------------------------------------------------------------------------------------------===//

/// The padding of a transposed convolution, from its attributes.
LogicalResult transposedAxes(NodeLowering &n, Window &window, ArrayRef<int64_t> outputPadding) {
  IndexMath m(n.b);
  StringRef automatic = n.node.stringAttribute("auto_pad", "NOTSET");
  auto shape = n.node.intsAttribute("output_shape");
  auto pads = n.node.intsAttribute("pads");
  size_t count = window.axes.size();
  for (auto [i, axis] : llvm::enumerate(window.axes)) {
    // The output of all the windows, without any cropped.
    Value full = m.add(m.add(m.mul(m.sub(axis.length, 1), axis.stride), Window::extent(n, axis)), outputPadding[i]);
    if (shape || automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
      if (shape && shape->size() < count)
        return n.fail("output_shape needs a length per spatial axis");
      axis.out = shape ? n.index((*shape)[shape->size() - count + i]) : m.mul(axis.length, axis.stride);
      Value total = m.max(m.sub(full, axis.out), n.index(0)), half = m.div(total, 2);
      // Half of the cropping before, rounded down for SAME_UPPER.
      axis.before = automatic == "SAME_UPPER" ? half : m.sub(total, half);
      axis.after = m.sub(total, axis.before);
      continue;
    }
    bool given = pads && automatic == "NOTSET";
    axis.before = n.index(given ? (*pads)[i] : 0);
    axis.after = n.index(given ? (*pads)[i + count] : 0);
    axis.out = m.max(m.sub(m.sub(full, axis.before), axis.after), n.index(0));
  }
  return success();
}

/// The input with stride - 1 zeros between neighbours, placed so that window o reads [o, o + extent).
Value spread(NodeLowering &n, Value input, const Window &window, Type element) {
  IndexMath m(n.b);
  SmallVector<OpFoldResult> sizes = n.sizes(input), starts(sizes.size(), n.b.getIndexAttr(0)), counts = sizes, offsets = starts;
  SmallVector<OpFoldResult> ones(sizes.size(), n.b.getIndexAttr(1)), strides = ones;
  for (auto [i, axis] : llvm::enumerate(window.axes)) {
    Value border = m.sub(Window::extent(n, axis), 1), length = m.add(axis.out, border);
    // Element j of the input goes to j * stride + border - before; what falls outside is not read by any window.
    Value first = m.ceilDiv(m.max(m.sub(axis.before, border), n.index(0)), axis.stride);
    Value offset = m.sub(m.add(m.mul(first, axis.stride), border), axis.before);
    Value fits = m.max(m.ceilDiv(m.sub(length, offset), axis.stride), n.index(0));
    starts[2 + i] = getAsOpFoldResult(first);
    counts[2 + i] = getAsOpFoldResult(m.min(m.max(m.sub(axis.length, first), n.index(0)), fits));
    offsets[2 + i] = getAsOpFoldResult(offset);
    strides[2 + i] = n.b.getIndexAttr(axis.stride);
    sizes[2 + i] = getAsOpFoldResult(length);
  }
  Value part = tensor::ExtractSliceOp::create(n.b, input, starts, counts, ones);
  return tensor::InsertSliceOp::create(n.b, part, n.filled(sizes, n.constant(element, 0)), offsets, n.sizes(part), strides);
}

/// [C, M/group, kernel] as [M, C/group, reversed kernel].
Value transposedWeights(NodeLowering &n, Value weights, int64_t group, Type element) {
  IndexMath m(n.b);
  SmallVector<OpFoldResult> from = n.sizes(weights), sizes = from;
  Value perGroup = n.asValue(from[1]), channels = m.div(n.asValue(from[0]), group);
  sizes[0] = getAsOpFoldResult(m.mul(perGroup, group));
  sizes[1] = getAsOpFoldResult(channels);
  return n.generate(sizes, element, [&](OpBuilder &builder, Location loc, ValueRange at) -> Value {
    ImplicitLocOpBuilder b(loc, builder);
    IndexMath m(b);
    SmallVector<Value> place = {m.add(m.mul(m.div(at[0], perGroup), channels), at[1]), m.rem(at[0], perGroup)};
    for (size_t axis = 2; axis < at.size(); ++axis)
      place.push_back(m.sub(m.sub(getValueOrCreateConstantIndexOp(b, loc, from[axis]), 1), at[axis]));
    return tensor::ExtractOp::create(b, weights, place);
  });
}

LogicalResult convTranspose(NodeLowering &n) {
  int64_t rank = n.rank(0), group = n.node.intAttribute("group", 1);
  if (rank < 3 || n.rank(1) != rank)
    return n.fail("needs an input [N, C, spatial axes] and weights of the same rank");
  if (group < 1)
    return n.fail("group must be positive");
  IndexMath m(n.b);
  n.check(m.cmp(IndexMath::P::eq, n.dim(0u, 1), n.dim(1u, 0)), "the channels of input and weights do not fit");
  n.check(m.cmp(IndexMath::P::eq, m.rem(n.dim(0u, 1), group), 0), "the input channels are no multiple of group");
  size_t count = rank - 2;
  auto strides = n.node.intsAttribute("strides").value_or(SmallVector<int64_t>(count, 1));
  auto dilations = n.node.intsAttribute("dilations").value_or(SmallVector<int64_t>(count, 1));
  auto outputPadding = n.node.intsAttribute("output_padding").value_or(SmallVector<int64_t>(count, 0));
  if (strides.size() != count || dilations.size() != count || outputPadding.size() != count)
    return n.fail("strides, dilations and output_padding need one entry per spatial axis, of which there are " + Twine(count));
  Window window;
  for (size_t i = 0; i < count; ++i) {
    WindowAxis axis;
    axis.length = n.dim(0u, 2 + i);
    axis.kernel = n.dim(1u, 2 + i);
    axis.stride = strides[i];
    axis.dilation = dilations[i];
    window.axes.push_back(axis);
  }
  if (failed(transposedAxes(n, window, outputPadding)))
    return failure();
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  Value input = spread(n, n.in(0), window, element), weights = transposedWeights(n, n.in(1), group, element);
  Value init = biased(n, convSizes(n, m.mul(n.dim(1u, 1), group), window), wide, 2);
  // What is left is a convolution of stride 1 on what is already padded.
  for (WindowAxis &axis : window.axes) {
    axis.length = m.add(axis.out, m.sub(Window::extent(n, axis), 1));
    axis.stride = 1;
    axis.before = axis.after = n.index(0);
  }
  auto product = [&](ImplicitLocOpBuilder &b, Value x, Value w) {
    return multiplyScalars(b, castScalar(b, x, wide, false, false), castScalar(b, w, wide, false, false));
  };
  auto result = convolve(n, {input, weights, n.constant(element, 0), group}, window, init, product);
  return failed(result) ? failure() : n.done(castElements(n, *result, element));
}

} // namespace

void addConv(LoweringTable &table) {
  table["Conv"] = conv;
  table["ConvTranspose"] = convTranspose;
}

} // namespace moe
