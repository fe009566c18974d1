//===- Pool.cpp - combining the elements under sliding windows --------------------------------------------------===//
#include "IndexMath.h"
#include "Loops.h"
#include "Scalars.h"
#include "Window.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace moe {
namespace {

using Build = ImplicitLocOpBuilder &;

FailureOr<Window> poolWindow(NodeLowering &n) {
  auto kernel = n.node.intsAttribute("kernel_shape");
  if (n.rank(0) < 3 || !kernel || int64_t(kernel->size()) != n.rank(0) - 2)
    return n.fail("needs an input [N, C, spatial axes] and one length of kernel_shape per spatial axis");
  if (llvm::any_of(*kernel, [](int64_t length) { return length < 1; }))
    return n.fail("the lengths of kernel_shape must be positive");
  return readWindow(n, n.onnxInput(0), llvm::map_to_vector(*kernel, [&](int64_t length) { return n.index(length); }));
}

SmallVector<OpFoldResult> outSizes(NodeLowering &n, const Window &window) {
  SmallVector<OpFoldResult> sizes = {getAsOpFoldResult(n.dim(0u, 0)), getAsOpFoldResult(n.dim(0u, 1))};
  for (const WindowAxis &axis : window.axes)
    sizes.push_back(getAsOpFoldResult(axis.out));
  return sizes;
}

/// Loops over [N, C, outputs, kernel]; the kernel is a tensor that is never read, which gives those loops their lengths.
struct PoolLoops {
  PoolLoops(NodeLowering &n, const Window &window, Value padded) {
    int64_t axes = window.axes.size();
    WindowMaps places = windowMaps(n, window, 2, 2 + axes);
    SmallVector<AffineExpr> in = {n.b.getAffineDimExpr(0), n.b.getAffineDimExpr(1)}, out = in;
    llvm::append_range(in, places.read);
    llvm::append_range(out, places.out);
    SmallVector<OpFoldResult> kernel;
    for (const WindowAxis &axis : window.axes)
      kernel.push_back(getAsOpFoldResult(axis.kernel));
    inputs = {padded, n.empty(kernel, n.b.getI8Type())};
    for (ArrayRef<AffineExpr> exprs : {ArrayRef<AffineExpr>(in), ArrayRef<AffineExpr>(places.kernel), ArrayRef<AffineExpr>(out)})
      maps.push_back(AffineMap::get(places.loops, 0, exprs, n.b.getContext()));
  }

  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
};

Value pool(NodeLowering &n, const Window &window, Value input, Value fill, Value initial, ScalarCombine combine) {
  PoolLoops nest(n, window, padForWindows(n, input, window, fill));
  return loops(n, nest.inputs, nest.maps, n.filled(outSizes(n, window), initial),
               [&](Build b, ValueRange args) { return combine(b, args[2], args[0]); });
}

/// The number of places that the window at `out` has on an axis in [low, high) of the padded input.
Value placesInside(Build b, const WindowAxis &axis, Value out, Value low, Value high) {
  IndexMath m(b);
  Value start = m.mul(out, axis.stride);
  Value first = m.max(m.ceilDiv(m.sub(low, start), axis.dilation), 0), last = m.min(m.ceilDiv(m.sub(high, start), axis.dilation), axis.kernel);
  return m.max(m.sub(last, first), 0);
}

LogicalResult averagePool(NodeLowering &n) {
  auto window = poolWindow(n);
  if (failed(window))
    return failure();
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  bool all = n.node.intAttribute("count_include_pad", 0) != 0;
  Value zero = n.constant(wide, 0), sums = pool(n, *window, castElements(n, n.in(0), wide), zero, zero, addScalars);
  return n.done(n.generate(outSizes(n, *window), element, [&](OpBuilder &builder, Location loc, ValueRange at) -> Value {
    ImplicitLocOpBuilder b(loc, builder);
    IndexMath m(b);
    Value count = m.of(1);
    for (auto [i, axis] : llvm::enumerate(window->axes)) {
      Value end = m.add(axis.before, axis.length);
      count = m.mul(count, placesInside(b, axis, at[2 + i], all ? m.of(0) : axis.before, all ? m.add(end, axis.after) : end));
    }
    Value divisor = castScalar(b, arith::IndexCastOp::create(b, b.getI64Type(), count), wide, false, false);
    return castScalar(b, arith::DivFOp::create(b, tensor::ExtractOp::create(b, sums, at), divisor), element, false, false);
  }));
}

/// The p-th root of the sum of the elements' p-th powers.
LogicalResult lpPool(NodeLowering &n) {
  auto window = poolWindow(n);
  int64_t p = n.node.intAttribute("p", 2);
  if (failed(window))
    return failure();
  if (p < 1)
    return n.fail("p must be positive");
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  Value zero = n.constant(wide, 0);
  Value powers = mapElements(n, castElements(n, n.in(0), wide), wide, [&](Build b, Value x) -> Value {
    return math::PowFOp::create(b, math::AbsFOp::create(b, x), scalarConstant(b, wide, double(p)));
  });
  return n.done(mapElements(n, pool(n, *window, powers, zero, zero, addScalars), element, [&](Build b, Value sum) {
    return castScalar(b, math::PowFOp::create(b, sum, scalarConstant(b, wide, 1.0 / double(p))), element, false, false);
  }));
}

/// Also the place of each maximum in the whole input, counted in its order of storage: the first of equals.
SmallVector<Value> maximaWithPlaces(NodeLowering &n, const Window &window, Value input, Value lowest, bool isUnsigned) {
  bool columns = n.node.intAttribute("storage_order", 0) != 0;
  Type i64 = n.b.getI64Type();
  SmallVector<OpFoldResult> sizes = outSizes(n, window);
  PoolLoops nest(n, window, padForWindows(n, input, window, lowest));
  SmallVector<Value> inits = {n.filled(sizes, lowest), n.filled(sizes, n.constant(i64, 0))};
  SmallVector<AffineMap> maps = nest.maps;
  maps.push_back(maps.back());
  SmallVector<utils::IteratorType> kinds(maps[0].getNumDims(), utils::IteratorType::parallel);
  for (size_t loop = sizes.size(); loop < kinds.size(); ++loop)
    kinds[loop] = utils::IteratorType::reduction;
  Value channels = n.dim(0u, 1);
  auto op = linalg::GenericOp::create(n.b, TypeRange(ValueRange(inits)), nest.inputs, inits, maps, kinds, [&](OpBuilder &builder, Location loc, ValueRange args) {
    ImplicitLocOpBuilder b(loc, builder);
    IndexMath m(b);
    auto loop = [&](size_t at) -> Value { return linalg::IndexOp::create(b, at); };
    SmallVector<Value> at, length;
    for (auto [i, axis] : llvm::enumerate(window.axes)) {
      at.push_back(m.sub(m.add(m.mul(loop(2 + i), axis.stride), m.mul(loop(sizes.size() + i), axis.dilation)), axis.before));
      length.push_back(axis.length);
    }
    if (columns) {
      std::reverse(at.begin(), at.end());
      std::reverse(length.begin(), length.end());
    }
    Value place = m.add(m.mul(loop(0), channels), loop(1));
    for (auto [index, size] : llvm::zip(at, length))
      place = m.add(m.mul(place, size), index);
    Value better = isa<FloatType>(args[0].getType())
                       ? arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, args[0], args[2]).getResult()
                       : arith::CmpIOp::create(b, isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt, args[0], args[2]).getResult();
    linalg::YieldOp::create(b, ValueRange{arith::SelectOp::create(b, better, args[0], args[2]),
                                          arith::SelectOp::create(b, better, arith::IndexCastOp::create(b, i64, place), args[3])});
  });
  return SmallVector<Value>(op.getResults());
}

LogicalResult maxPool(NodeLowering &n) {
  auto window = poolWindow(n);
  if (failed(window))
    return failure();
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  bool isUnsigned = n.element(0).isUnsignedInteger();
  Value lowest = extreme(n, wide, true, isUnsigned), input = castElements(n, n.in(0), wide);
  if (n.node.getNumResults() > 1 && !n.node.getResult(1).use_empty()) {
    SmallVector<Value> both = maximaWithPlaces(n, *window, input, lowest, isUnsigned);
    return n.done({castElements(n, both[0], element), both[1]});
  }
  return n.done(castElements(n, pool(n, *window, input, lowest, lowest, [&](Build b, Value x, Value y) { return maximum(b, x, y, isUnsigned); }), element));
}

} // namespace

void addPool(LoweringTable &table) {
  table["AveragePool"] = averagePool;
  table["LpPool"] = lpPool;
  table["MaxPool"] = maxPool;
}

} // namespace moe
