//===- Reduce.cpp - operators that combine the elements of axes -------------------------------------------------===//
#include "NodeLowering.h"
#include "Reductions.h"
#include "Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace moe {

Value reduceAxes(NodeLowering &n, Value value, ArrayRef<int64_t> axes, Value initial, ScalarCombine combine) {
  auto type = llvm::cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> sizes = n.sizes(value), kept;
  SmallVector<AffineExpr> to;
  SmallVector<utils::IteratorType> loops;
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    bool reduced = llvm::is_contained(axes, axis);
    loops.push_back(reduced ? utils::IteratorType::reduction : utils::IteratorType::parallel);
    if (reduced)
      continue;
    kept.push_back(sizes[axis]);
    to.push_back(n.b.getAffineDimExpr(axis));
  }
  Value init = n.filled(kept, initial);
  SmallVector<AffineMap> maps = {n.b.getMultiDimIdentityMap(type.getRank()), AffineMap::get(type.getRank(), 0, to, n.b.getContext())};
  return linalg::GenericOp::create(n.b, TypeRange(init.getType()), ValueRange(value), ValueRange(init), maps, loops,
                                   [&](OpBuilder &builder, Location loc, ValueRange args) {
                                     ImplicitLocOpBuilder b(loc, builder);
                                     linalg::YieldOp::create(b, combine(b, args[1], args[0]));
                                   })
      .getResult(0);
}

Value broadcastAxes(NodeLowering &n, Value like, Value reduced, ArrayRef<int64_t> axes, Type element, ScalarPair body) {
  auto type = llvm::cast<RankedTensorType>(like.getType());
  SmallVector<AffineExpr> from;
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    if (!llvm::is_contained(axes, axis))
      from.push_back(n.b.getAffineDimExpr(axis));
  Value init = n.empty(n.sizes(like), element);
  AffineMap identity = n.b.getMultiDimIdentityMap(type.getRank());
  SmallVector<AffineMap> maps = {identity, AffineMap::get(type.getRank(), 0, from, n.b.getContext()), identity};
  SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(n.b, TypeRange(init.getType()), ValueRange{like, reduced}, ValueRange(init), maps, loops,
                                   [&](OpBuilder &builder, Location loc, ValueRange args) {
                                     ImplicitLocOpBuilder b(loc, builder);
                                     linalg::YieldOp::create(b, body(b, args[0], args[1]));
                                   })
      .getResult(0);
}

Value mapElements(NodeLowering &n, Value value, Type element, function_ref<Value(ImplicitLocOpBuilder &, Value)> body) {
  auto type = llvm::cast<RankedTensorType>(value.getType());
  Value init = n.empty(n.sizes(value), element);
  AffineMap identity = n.b.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(n.b, TypeRange(init.getType()), ValueRange(value), ValueRange(init), ArrayRef<AffineMap>{identity, identity},
                                   loops,
                                   [&](OpBuilder &builder, Location loc, ValueRange args) {
                                     ImplicitLocOpBuilder b(loc, builder);
                                     linalg::YieldOp::create(b, body(b, args[0]));
                                   })
      .getResult(0);
}

namespace {

using Build = ImplicitLocOpBuilder &;

Value add(Build b, Value x, Value y) {
  return isa<FloatType>(x.getType()) ? arith::AddFOp::create(b, x, y).getResult() : arith::AddIOp::create(b, x, y).getResult();
}
Value multiply(Build b, Value x, Value y) {
  return isa<FloatType>(x.getType()) ? arith::MulFOp::create(b, x, y).getResult() : arith::MulIOp::create(b, x, y).getResult();
}

/// The type that a reduction adds up in: half precision in float32.
Type accumulator(NodeLowering &n, Type element) {
  return isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32 ? Type(n.b.getF32Type()) : element;
}

/// The lowest or highest value of a type: what max and min start from.
Value extreme(NodeLowering &n, Type type, bool lowest, bool isUnsigned) {
  if (auto real = dyn_cast<FloatType>(type))
    return arith::ConstantOp::create(n.b, n.b.getFloatAttr(real, APFloat::getInf(real.getFloatSemantics(), lowest)));
  unsigned width = type.getIntOrFloatBitWidth();
  APInt value = isUnsigned || width == 1 ? (lowest ? APInt::getMinValue(width) : APInt::getMaxValue(width))
                                         : (lowest ? APInt::getSignedMinValue(width) : APInt::getSignedMaxValue(width));
  return arith::ConstantOp::create(n.b, n.b.getIntegerAttr(type, value));
}

/// The axes that a Reduce* operator names; nullopt where they are not constant. All axes where it names none, or none at all with
/// noop_with_empty_axes.
std::optional<SmallVector<int64_t>> reducedAxes(NodeLowering &n) {
  auto axes = n.axes(1, n.rank(0));
  if (!axes && n.has(1))
    return std::nullopt;
  if ((!axes || axes->empty()) && n.node.intAttribute("noop_with_empty_axes", 0) == 0)
    axes = llvm::to_vector(llvm::seq<int64_t>(0, n.rank(0)));
  return axes ? axes : std::optional(SmallVector<int64_t>());
}

/// Gives back axes of length 1 where keepdims asks for them.
LogicalResult finish(NodeLowering &n, Value reduced, ArrayRef<int64_t> axes, int64_t rank, bool keep) {
  if (!keep)
    return n.done(reduced);
  SmallVector<OpFoldResult> sizes;
  SmallVector<ReassociationIndices> groups;
  SmallVector<OpFoldResult> left = n.sizes(reduced);
  unsigned next = 0;
  ReassociationIndices pending;
  for (int64_t axis = 0; axis < rank; ++axis) {
    bool gone = llvm::is_contained(axes, axis);
    sizes.push_back(gone ? OpFoldResult(n.b.getIndexAttr(1)) : left[next]);
    pending.push_back(axis);
    if (!gone) {
      groups.push_back(pending);
      pending.clear();
      ++next;
    }
  }
  if (groups.empty() || axes.empty())
    return n.done(n.reshape(reduced, sizes));
  groups.back().append(pending);
  SmallVector<int64_t> shape = std::get<0>(decomposeMixedValues(sizes));
  auto type = llvm::cast<RankedTensorType>(reduced.getType());
  return n.done(tensor::ExpandShapeOp::create(n.b, RankedTensorType::get(shape, type.getElementType()), reduced, groups, sizes));
}

/// Maps each element, combines, finishes each result.
LogicalResult reduce(NodeLowering &n, Value (*initial)(NodeLowering &, Type), ScalarCombine combine,
                     function_ref<Value(Build, Value)> before = nullptr, function_ref<Value(Build, Value)> after = nullptr) {
  auto axes = reducedAxes(n);
  if (!axes)
    return n.fail("needs constant axes");
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  Value value = n.in(0);
  if (wide != element || before)
    value = mapElements(n, value, wide, [&](Build b, Value x) {
      Value y = castScalar(b, x, wide, false, false);
      return before ? before(b, y) : y;
    });
  Value result = axes->empty() ? value : reduceAxes(n, value, *axes, initial(n, wide), combine);
  if (wide != element || after)
    result = mapElements(n, result, element, [&](Build b, Value x) { return castScalar(b, after ? after(b, x) : x, element, false, false); });
  return finish(n, result, *axes, n.rank(0), n.node.intAttribute("keepdims", 1) != 0);
}

Value zero(NodeLowering &n, Type type) { return n.constant(type, 0); }
Value one(NodeLowering &n, Type type) { return n.constant(type, 1); }
Value square(Build b, Value x) { return multiply(b, x, x); }
Value magnitude(Build b, Value x) {
  return isa<FloatType>(x.getType()) ? math::AbsFOp::create(b, x).getResult() : math::AbsIOp::create(b, x).getResult();
}
Value root(Build b, Value x) {
  if (isa<FloatType>(x.getType()))
    return math::SqrtOp::create(b, x);
  Value real = arith::SIToFPOp::create(b, b.getF64Type(), x);
  return arith::FPToSIOp::create(b, x.getType(), math::SqrtOp::create(b, real));
}
Value exponential(Build b, Value x) { return math::ExpOp::create(b, x); }
Value logarithm(Build b, Value x) { return math::LogOp::create(b, x); }

LogicalResult reduceSum(NodeLowering &n) { return reduce(n, zero, add); }
LogicalResult reduceProd(NodeLowering &n) { return reduce(n, one, multiply); }
LogicalResult reduceSumSquare(NodeLowering &n) { return reduce(n, zero, add, square); }
LogicalResult reduceL1(NodeLowering &n) { return reduce(n, zero, add, magnitude); }
LogicalResult reduceL2(NodeLowering &n) { return reduce(n, zero, add, square, root); }
LogicalResult reduceLogSum(NodeLowering &n) { return reduce(n, zero, add, nullptr, logarithm); }

LogicalResult reduceMean(NodeLowering &n) {
  auto axes = reducedAxes(n);
  if (!axes)
    return n.fail("needs constant axes");
  Value count = n.index(1);
  for (int64_t axis : *axes)
    count = arith::MulIOp::create(n.b, count, n.dim(0u, axis));
  Value integer = arith::IndexCastOp::create(n.b, n.b.getI64Type(), count);
  return reduce(n, zero, add, nullptr, [&](Build b, Value sum) -> Value {
    if (isa<FloatType>(sum.getType()))
      return arith::DivFOp::create(b, sum, arith::SIToFPOp::create(b, sum.getType(), integer));
    return divide(b, sum, castScalar(b, integer, sum.getType(), false, false), false);
  });
}

template <bool lowest> LogicalResult extremeOf(NodeLowering &n) {
  static thread_local bool isUnsigned;
  isUnsigned = n.element(0).isUnsignedInteger() || n.element(0).isInteger(1);
  return reduce(n, [](NodeLowering &n, Type type) { return extreme(n, type, lowest, isUnsigned); },
                [](Build b, Value x, Value y) { return lowest ? maximum(b, x, y, isUnsigned) : minimum(b, x, y, isUnsigned); });
}

//===- softmax --------------------------------------------------------------------------------------------------===//

/// exp(x - max) / sum over some axes, or its logarithm; half precision in float32.
LogicalResult softmaxOver(NodeLowering &n, ArrayRef<int64_t> axes, bool logarithmic) {
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  Value value = n.in(0);
  if (wide != element)
    value = mapElements(n, value, wide, [&](Build b, Value x) { return castScalar(b, x, wide, false, false); });
  Value high = reduceAxes(n, value, axes, extreme(n, wide, true, false), [](Build b, Value x, Value y) { return maximum(b, x, y, false); });
  Value shifted = broadcastAxes(n, value, high, axes, wide, [](Build b, Value x, Value m) { return arith::SubFOp::create(b, x, m); });
  Value powers = mapElements(n, shifted, wide, exponential);
  Value sum = reduceAxes(n, powers, axes, n.constant(wide, 0), add);
  return n.done(broadcastAxes(n, logarithmic ? shifted : powers, sum, axes, element, [&](Build b, Value x, Value total) {
    Value y = logarithmic ? arith::SubFOp::create(b, x, math::LogOp::create(b, total)).getResult()
                          : arith::DivFOp::create(b, x, total).getResult();
    return castScalar(b, y, element, false, false);
  }));
}

template <bool logarithmic> LogicalResult softmax(NodeLowering &n) {
  bool old = n.node.getVersion() < 13;
  int64_t axis = NodeLowering::wrap(n.node.intAttribute("axis", old ? 1 : -1), n.rank(0));
  // Before opset 13 all axes from `axis` on are one.
  SmallVector<int64_t> axes = old ? llvm::to_vector(llvm::seq<int64_t>(axis, n.rank(0))) : SmallVector<int64_t>{axis};
  return softmaxOver(n, axes, logarithmic);
}

LogicalResult reduceLogSumExp(NodeLowering &n) {
  auto axes = reducedAxes(n);
  if (!axes)
    return n.fail("needs constant axes");
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  Value value = wide == element ? n.in(0) : mapElements(n, n.in(0), wide, [&](Build b, Value x) { return castScalar(b, x, wide, false, false); });
  Value high = reduceAxes(n, value, *axes, extreme(n, wide, true, false), [](Build b, Value x, Value y) { return maximum(b, x, y, false); });
  // An infinite maximum is not subtracted: inf - inf is no number.
  Value safe = mapElements(n, high, wide, [&](Build b, Value x) -> Value {
    Value infinite = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, math::AbsFOp::create(b, x), extreme(n, wide, false, false));
    return arith::SelectOp::create(b, infinite, scalarConstant(b, wide, 0), x);
  });
  Value powers = broadcastAxes(n, value, safe, *axes, wide, [](Build b, Value x, Value m) {
    return math::ExpOp::create(b, arith::SubFOp::create(b, x, m));
  });
  Value sum = reduceAxes(n, powers, *axes, n.constant(wide, 0), add);
  Value result = broadcastAxes(n, sum, safe, {}, element, [&](Build b, Value total, Value m) {
    return castScalar(b, arith::AddFOp::create(b, math::LogOp::create(b, total), m), element, false, false);
  });
  return finish(n, result, *axes, n.rank(0), n.node.intAttribute("keepdims", 1) != 0);
}

//===- sums along an axis ---------------------------------------------------------------------------------------===//

LogicalResult cumSum(NodeLowering &n) {
  auto given = n.ints(1);
  if (!given || given->size() != 1)
    return n.fail("needs a constant axis");
  int64_t axis = NodeLowering::wrap(given->front(), n.rank(0));
  bool exclusive = n.node.intAttribute("exclusive", 0), reverse = n.node.intAttribute("reverse", 0);
  Type element = signless(n.element(0));
  Value source = n.in(0), length = n.dim(0u, axis), one = n.index(1), zero = n.index(0);
  SmallVector<OpFoldResult> sizes = n.sizes(source), kept = sizes;
  kept[axis] = n.b.getIndexAttr(1);
  SmallVector<OpFoldResult> strides(sizes.size(), n.b.getIndexAttr(1));
  // A running sum of one slice, and the result that it is written into.
  Value running = n.filled(kept, n.constant(element, 0)), result = n.empty(sizes, element);
  auto loop = scf::ForOp::create(n.b, zero, length, one, ValueRange{running, result}, [&](OpBuilder &builder, Location loc, Value step, ValueRange carried) {
    ImplicitLocOpBuilder b(loc, builder);
    Value at = reverse ? arith::SubIOp::create(b, arith::SubIOp::create(b, length, one), step).getResult() : step;
    SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
    offsets[axis] = at;
    Value part = tensor::ExtractSliceOp::create(b, source, offsets, kept, strides);
    AffineMap identity = b.getMultiDimIdentityMap(sizes.size());
    SmallVector<utils::IteratorType> loops(sizes.size(), utils::IteratorType::parallel);
    Value sum = linalg::GenericOp::create(b, TypeRange(carried[0].getType()), ValueRange(part), ValueRange(carried[0]),
                                          ArrayRef<AffineMap>{identity, identity}, loops,
                                          [&](OpBuilder &builder, Location loc, ValueRange args) {
                                            ImplicitLocOpBuilder inner(loc, builder);
                                            linalg::YieldOp::create(inner, add(inner, args[0], args[1]));
                                          })
                    .getResult(0);
    Value written = tensor::InsertSliceOp::create(b, exclusive ? carried[0] : sum, carried[1], offsets, kept, strides);
    scf::YieldOp::create(b, ValueRange{sum, written});
  });
  return n.done(loop.getResult(1));
}

} // namespace

void addReduce(LoweringTable &table) {
  table["ReduceSum"] = reduceSum;
  table["ReduceMean"] = reduceMean;
  table["ReduceProd"] = reduceProd;
  table["ReduceMax"] = extremeOf<true>;
  table["ReduceMin"] = extremeOf<false>;
  table["ReduceSumSquare"] = reduceSumSquare;
  table["ReduceL1"] = reduceL1;
  table["ReduceL2"] = reduceL2;
  table["ReduceLogSum"] = reduceLogSum;
  table["ReduceLogSumExp"] = reduceLogSumExp;
  table["Softmax"] = softmax<false>;
  table["LogSoftmax"] = softmax<true>;
  table["CumSum"] = cumSum;
}

} // namespace moe
