//===- Window.cpp - sliding windows of convolutions and pools ---------------------------------------------------===//
#include "Window.h"
#include "IndexMath.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace moe {

Value Window::extent(NodeLowering &n, const WindowAxis &axis) {
  IndexMath m(n.b);
  return m.add(m.mul(m.sub(axis.kernel, 1), axis.dilation), 1);
}

FailureOr<Window> readWindow(NodeLowering &n, Value onnxInput, ArrayRef<Value> kernel) {
  IndexMath m(n.b);
  size_t count = kernel.size();
  auto strides = n.node.intsAttribute("strides").value_or(SmallVector<int64_t>(count, 1));
  auto dilations = n.node.intsAttribute("dilations").value_or(SmallVector<int64_t>(count, 1));
  auto pads = n.node.intsAttribute("pads").value_or(SmallVector<int64_t>(2 * count, 0));
  StringRef automatic = n.node.stringAttribute("auto_pad", "NOTSET");
  bool ceil = n.node.intAttribute("ceil_mode", 0) != 0;
  if (strides.size() != count || dilations.size() != count || pads.size() != 2 * count)
    return n.fail("strides, dilations and pads need one entry (pads: two) per spatial axis, of which there are " + Twine(count));
  auto positive = [](int64_t value) { return value > 0; };
  if (!llvm::all_of(strides, positive) || !llvm::all_of(dilations, positive))
    return n.fail("strides and dilations must be positive");
  if (llvm::any_of(pads, [](int64_t pad) { return pad < 0; }))
    return n.fail("pads must not be negative");
  bool same = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
  if (!same && automatic != "NOTSET" && automatic != "VALID")
    return n.fail("auto_pad '" + automatic + "' is unknown");

  Window window;
  for (size_t i = 0; i < count; ++i) {
    WindowAxis axis;
    axis.length = n.dim(onnxInput, 2 + i);
    axis.kernel = kernel[i];
    axis.stride = strides[i];
    axis.dilation = dilations[i];
    Value span = Window::extent(n, axis), zero = n.index(0);
    if (same) {
      axis.out = m.ceilDiv(axis.length, axis.stride);
      Value total = m.max(m.sub(m.add(m.mul(m.sub(axis.out, 1), axis.stride), span), axis.length), zero);
      Value half = m.div(total, 2);
      axis.before = automatic == "SAME_UPPER" ? half : m.sub(total, half);
      axis.after = m.sub(total, axis.before);
    } else {
      bool valid = automatic == "VALID";
      axis.before = n.index(valid ? 0 : pads[i]);
      axis.after = n.index(valid ? 0 : pads[i + count]);
      Value room = m.sub(m.add(m.add(axis.length, axis.before), axis.after), span);
      axis.out = m.max(m.add(ceil ? m.ceilDiv(room, axis.stride) : m.floorDiv(room, axis.stride), 1), zero);
      if (ceil) {
        // A window that would start in the padding after the input is left out.
        Value last = m.mul(m.sub(axis.out, 1), axis.stride);
        Value outside = m.cmp(IndexMath::P::sge, last, m.add(axis.length, axis.before));
        axis.out = m.select(outside, m.sub(axis.out, 1), axis.out);
      }
    }
    window.axes.push_back(axis);
  }
  return window;
}

Value padForWindows(NodeLowering &n, Value value, const Window &window, Value fill) {
  IndexMath m(n.b);
  SmallVector<OpFoldResult> from = n.sizes(value), to = from, offsets(from.size(), n.b.getIndexAttr(0)), strides(from.size(), n.b.getIndexAttr(1));
  bool needed = false;
  for (auto [i, axis] : llvm::enumerate(window.axes)) {
    // The last window may end before or behind the padded input.
    Value reach = m.add(m.mul(m.sub(axis.out, 1), axis.stride), Window::extent(n, axis));
    Value length = m.max(m.add(axis.length, axis.before), reach);
    bool same = isConstantIntValue(axis.before, 0) && isConstantIntValue(axis.after, 0) && n.node.intAttribute("ceil_mode", 0) == 0;
    if (same)
      length = axis.length;
    needed |= !same;
    to[2 + i] = getAsOpFoldResult(length);
    from[2 + i] = getAsOpFoldResult(axis.length);
    offsets[2 + i] = getAsOpFoldResult(axis.before);
  }
  if (!needed)
    return value;
  auto type = RankedTensorType::get(std::get<0>(decomposeMixedValues(from)), fill.getType());
  return tensor::InsertSliceOp::create(n.b, n.cast(value, type), n.filled(to, fill), offsets, n.sizes(n.cast(value, type)), strides);
}

WindowMaps windowMaps(NodeLowering &n, const Window &window, unsigned firstOut, unsigned firstKernel) {
  WindowMaps maps;
  for (auto [i, axis] : llvm::enumerate(window.axes)) {
    maps.out.push_back(n.b.getAffineDimExpr(firstOut + i));
    maps.kernel.push_back(n.b.getAffineDimExpr(firstKernel + i));
    maps.read.push_back(maps.out.back() * axis.stride + maps.kernel.back() * axis.dilation);
  }
  maps.loops = firstKernel + window.axes.size();
  return maps;
}

} // namespace moe
