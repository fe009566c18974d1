//===- Reduce.cpp - operators that combine the elements of axes -------------------------------------------------===//
#include "IndexMath.h"
#include "Loops.h"
#include "Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace moe {

namespace {

using Build = ImplicitLocOpBuilder &;

/// The axes that a Reduce* operator names, or a flag per axis where only the run knows them.
struct AxisSet {
  SmallVector<int64_t> fixed;
  SmallVector<Value> flags;
  bool isDynamic() const { return !flags.empty(); }
};

/// All axes where the operator names none, or none at all with noop_with_empty_axes.
FailureOr<AxisSet> reducedAxes(NodeLowering &n) {
  int64_t rank = n.rank(0);
  auto axes = n.axes(1, rank);
  if (!axes && n.has(1)) {
    AxisSet set;
    int64_t count = cast<RankedTensorType>(n.in(1).getType()).getDimSize(0);
    if (ShapedType::isDynamic(count))
      return n.fail("needs a fixed number of axes");
    if (rank == 0)
      return set;
    IndexMath m(n.b);
    set.flags.assign(rank, arith::ConstantOp::create(n.b, n.b.getBoolAttr(false)));
    for (int64_t i = 0; i < count; ++i) {
      Value named = n.place(n.b, n.element(1, i), n.index(rank));
      for (int64_t axis = 0; axis < rank; ++axis)
        set.flags[axis] = m.either(set.flags[axis], m.cmp(IndexMath::P::eq, named, axis));
    }
    if (count)
      return set;
  }
  if ((!axes || axes->empty()) && n.node.intAttribute("noop_with_empty_axes", 0) == 0)
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  return AxisSet{axes ? *axes : SmallVector<int64_t>(), {}};
}

/// Combines along the axes of a set. Axes that are fixed are gone from the result, others have length 1.
Value combineAxes(NodeLowering &n, Value value, const AxisSet &set, Value initial, ScalarCombine combine) {
  if (!set.isDynamic())
    return reduceAxes(n, value, set.fixed, initial, combine);
  IndexMath m(n.b);
  SmallVector<OpFoldResult> sizes = n.sizes(value), kept;
  SmallVector<Value> lengths;
  for (auto [flag, size] : llvm::zip_equal(set.flags, sizes)) {
    kept.push_back(getAsOpFoldResult(m.select(flag, n.index(1), n.asValue(size))));
    lengths.push_back(m.select(flag, n.asValue(size), n.index(1)));
  }
  return n.generate(kept, initial.getType(), [&](OpBuilder &builder, Location loc, ValueRange at) -> Value {
    ImplicitLocOpBuilder b(loc, builder);
    return foldLoops(b, lengths, initial, [&](Build b, ValueRange inner, Value sum) {
      SmallVector<Value> from;
      for (auto [x, y] : llvm::zip(at, inner))
        from.push_back(arith::AddIOp::create(b, x, y)); // one of them is 0
      return combine(b, sum, tensor::ExtractOp::create(b, value, from));
    });
  });
}

/// Elementwise on `like` and on what combineAxes made of it.
Value spreadAxes(NodeLowering &n, Value like, Value reduced, const AxisSet &set, Type element, ScalarPair body) {
  if (!set.isDynamic())
    return broadcastAxes(n, like, reduced, set.fixed, element, body);
  return n.generate(n.sizes(like), element, [&](OpBuilder &builder, Location loc, ValueRange at) -> Value {
    ImplicitLocOpBuilder b(loc, builder);
    SmallVector<Value> from;
    for (auto [flag, index] : llvm::zip(set.flags, at))
      from.push_back(arith::SelectOp::create(b, flag, arith::ConstantIndexOp::create(b, 0), index));
    return body(b, tensor::ExtractOp::create(b, like, at), tensor::ExtractOp::create(b, reduced, from));
  });
}

/// The number of elements that become one.
Value combinedCount(NodeLowering &n, const AxisSet &set) {
  IndexMath m(n.b);
  Value count = n.index(1);
  for (int64_t axis : set.fixed)
    count = m.mul(count, n.dim(0u, axis));
  for (auto [axis, flag] : llvm::enumerate(set.flags))
    count = m.mul(count, m.select(flag, n.dim(0u, axis), n.index(1)));
  return arith::IndexCastOp::create(n.b, n.b.getI64Type(), count);
}

/// Gives the result the axes that keepdims asks for.
LogicalResult finish(NodeLowering &n, Value reduced, const AxisSet &set) {
  int64_t rank = n.rank(0), resultRank = n.type().getRank();
  bool keep = n.node.intAttribute("keepdims", 1) != 0;
  if (set.isDynamic()) {
    if (keep)
      return n.done(reduced);
    // The lengths of the axes that are not combined, in order.
    IndexMath m(n.b);
    SmallVector<OpFoldResult> sizes;
    for (int64_t to = 0; to < resultRank; ++to) {
      Value length = n.index(1), before = n.index(0);
      for (auto [axis, flag] : llvm::enumerate(set.flags)) {
        Value here = m.select(flag, n.index(-1), before);
        length = m.select(m.cmp(IndexMath::P::eq, here, to), n.dim(0u, axis), length);
        before = m.add(before, m.select(flag, n.index(0), n.index(1)));
      }
      sizes.push_back(getAsOpFoldResult(length));
    }
    return n.done(n.reshape(reduced, sizes));
  }
  if (!keep)
    return n.done(reduced);
  SmallVector<OpFoldResult> sizes;
  SmallVector<ReassociationIndices> groups;
  SmallVector<OpFoldResult> left = n.sizes(reduced);
  unsigned next = 0;
  ReassociationIndices pending;
  for (int64_t axis = 0; axis < rank; ++axis) {
    bool gone = llvm::is_contained(set.fixed, axis);
    sizes.push_back(gone ? OpFoldResult(n.b.getIndexAttr(1)) : left[next]);
    pending.push_back(axis);
    if (!gone) {
      groups.push_back(pending);
      pending.clear();
      ++next;
    }
  }
  if (groups.empty() || set.fixed.empty())
    return n.done(n.reshape(reduced, sizes));
  groups.back().append(pending);
  SmallVector<int64_t> shape = std::get<0>(decomposeMixedValues(sizes));
  auto type = llvm::cast<RankedTensorType>(reduced.getType());
  return n.done(tensor::ExpandShapeOp::create(n.b, RankedTensorType::get(shape, type.getElementType()), reduced, groups, sizes));
}

/// Maps each element, combines, finishes each result.
LogicalResult reduce(NodeLowering &n, function_ref<Value(NodeLowering &, Type)> initial, ScalarCombine combine,
                     function_ref<Value(Build, Value)> before = nullptr, function_ref<Value(Build, Value)> after = nullptr) {
  auto axes = reducedAxes(n);
  if (failed(axes))
    return failure();
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  bool isUnsigned = n.element(0).isUnsignedInteger();
  Value value = n.in(0);
  if (wide != element || before)
    value = mapElements(n, value, wide, [&](Build b, Value x) {
      Value y = castScalar(b, x, wide, isUnsigned, isUnsigned);
      return before ? before(b, y) : y;
    });
  bool nothing = axes->fixed.empty() && !axes->isDynamic();
  Value result = nothing ? value : combineAxes(n, value, *axes, initial(n, wide), combine);
  if (wide != element || after)
    result = mapElements(n, result, element,
                         [&](Build b, Value x) { return castScalar(b, after ? after(b, x) : x, element, isUnsigned, isUnsigned); });
  return finish(n, result, *axes);
}

Value zero(NodeLowering &n, Type type) { return n.constant(type, 0); }
Value one(NodeLowering &n, Type type) { return n.constant(type, 1); }
Value square(Build b, Value x) { return multiplyScalars(b, x, x); }
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

LogicalResult reduceSum(NodeLowering &n) { return reduce(n, zero, addScalars); }
LogicalResult reduceProd(NodeLowering &n) { return reduce(n, one, multiplyScalars); }
LogicalResult reduceSumSquare(NodeLowering &n) { return reduce(n, zero, addScalars, square); }
LogicalResult reduceL1(NodeLowering &n) { return reduce(n, zero, addScalars, magnitude); }
LogicalResult reduceL2(NodeLowering &n) { return reduce(n, zero, addScalars, square, root); }
LogicalResult reduceLogSum(NodeLowering &n) { return reduce(n, zero, addScalars, nullptr, logarithm); }

LogicalResult reduceMean(NodeLowering &n) {
  auto axes = reducedAxes(n);
  if (failed(axes))
    return failure();
  Value count = combinedCount(n, *axes);
  bool isUnsigned = n.element(0).isUnsignedInteger();
  return reduce(n, zero, addScalars, nullptr, [&](Build b, Value sum) -> Value {
    if (isa<FloatType>(sum.getType()))
      return arith::DivFOp::create(b, sum, arith::SIToFPOp::create(b, sum.getType(), count));
    return divide(b, sum, castScalar(b, count, sum.getType(), false, false), isUnsigned);
  });
}

template <bool lowest> LogicalResult extremeOf(NodeLowering &n) {
  bool isUnsigned = n.element(0).isUnsignedInteger() || n.element(0).isInteger(1);
  return reduce(n, [&](NodeLowering &n, Type type) { return extreme(n, type, lowest, isUnsigned); },
                [&](Build b, Value x, Value y) { return lowest ? maximum(b, x, y, isUnsigned) : minimum(b, x, y, isUnsigned); });
}

/// The place of the highest or lowest element of an axis, the first or last of equals. NaN counts as the extreme, as in numpy.
template <bool highest> Value extremePlace(NodeLowering &n, int64_t axis, bool last) {
  Type element = signless(n.element(0)), wide = accumulator(n, element), i64 = n.b.getI64Type();
  bool isUnsigned = n.element(0).isUnsignedInteger() || n.element(0).isInteger(1), isFloat = isa<FloatType>(wide);
  Value value = castElements(n, n.in(0), wide, isUnsigned, isUnsigned);
  SmallVector<OpFoldResult> kept = n.sizes(value);
  kept.erase(kept.begin() + axis);
  int64_t rank = n.rank(0);
  AffineMap all = n.b.getMultiDimIdentityMap(rank), some = all.dropResult(axis);
  SmallVector<utils::IteratorType> kinds(rank, utils::IteratorType::parallel);
  kinds[axis] = utils::IteratorType::reduction;
  SmallVector<Value> inits = {n.filled(kept, extreme(n, wide, highest, isUnsigned)), n.filled(kept, n.constant(i64, 0))};
  auto op = linalg::GenericOp::create(n.b, TypeRange(ValueRange(inits)), value, inits, ArrayRef<AffineMap>{all, some, some}, kinds,
                                      [&](OpBuilder &builder, Location loc, ValueRange args) {
    ImplicitLocOpBuilder b(loc, builder);
    Value x = args[0], best = args[1], better;
    Value here = arith::IndexCastOp::create(b, i64, linalg::IndexOp::create(b, axis));
    if (isFloat) {
      using P = arith::CmpFPredicate;
      better = arith::CmpFOp::create(b, highest ? (last ? P::OGE : P::OGT) : (last ? P::OLE : P::OLT), x, best);
      Value isNan = arith::CmpFOp::create(b, P::UNO, x, x), wasNan = arith::CmpFOp::create(b, P::UNO, best, best);
      Value first = last ? isNan : arith::AndIOp::create(b, isNan, arith::XOrIOp::create(b, wasNan, scalarConstant(b, b.getI1Type(), 1)));
      better = arith::OrIOp::create(b, better, first);
    } else {
      using P = arith::CmpIPredicate;
      P greater = isUnsigned ? (last ? P::uge : P::ugt) : (last ? P::sge : P::sgt), less = isUnsigned ? (last ? P::ule : P::ult) : (last ? P::sle : P::slt);
      better = arith::CmpIOp::create(b, highest ? greater : less, x, best);
    }
    linalg::YieldOp::create(b, ValueRange{arith::SelectOp::create(b, better, x, best), arith::SelectOp::create(b, better, here, args[2])});
  });
  return op.getResult(1);
}

template <bool highest> LogicalResult argExtreme(NodeLowering &n) {
  int64_t axis = NodeLowering::wrap(n.node.intAttribute("axis", 0), n.rank(0));
  Value place = extremePlace<highest>(n, axis, n.node.intAttribute("select_last_index", 0) != 0);
  return finish(n, place, AxisSet{{axis}, {}});
}

//===- softmax --------------------------------------------------------------------------------------------------===//

/// exp(x - max) / sum over some axes, or its logarithm; half precision in float32.
LogicalResult softmaxOver(NodeLowering &n, ArrayRef<int64_t> axes, bool logarithmic) {
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  Value value = n.in(0);
  value = castElements(n, value, wide);
  Value high = reduceAxes(n, value, axes, extreme(n, wide, true, false), [](Build b, Value x, Value y) { return maximum(b, x, y, false); });
  Value shifted = broadcastAxes(n, value, high, axes, wide, [](Build b, Value x, Value m) { return arith::SubFOp::create(b, x, m); });
  Value powers = mapElements(n, shifted, wide, exponential);
  Value sum = reduceAxes(n, powers, axes, n.constant(wide, 0), addScalars);
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
  if (failed(axes))
    return failure();
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  Value value = castElements(n, n.in(0), wide);
  Value high = combineAxes(n, value, *axes, extreme(n, wide, true, false), [](Build b, Value x, Value y) { return maximum(b, x, y, false); });
  // An infinite maximum is not subtracted: inf - inf is no number.
  Value safe = mapElements(n, high, wide, [&](Build b, Value x) -> Value {
    Value infinite = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, math::AbsFOp::create(b, x), extreme(n, wide, false, false));
    return arith::SelectOp::create(b, infinite, scalarConstant(b, wide, 0), x);
  });
  Value powers = spreadAxes(n, value, safe, *axes, wide, [](Build b, Value x, Value m) {
    return math::ExpOp::create(b, arith::SubFOp::create(b, x, m));
  });
  Value sum = combineAxes(n, powers, *axes, n.constant(wide, 0), addScalars);
  return finish(n, mapElements(n, {sum, safe}, element, [&](Build b, ValueRange v) {
    return castScalar(b, arith::AddFOp::create(b, math::LogOp::create(b, v[0]), v[1]), element, false, false);
  }), *axes);
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
  table["ArgMax"] = argExtreme<true>;
  table["ArgMin"] = argExtreme<false>;
  table["Softmax"] = softmax<false>;
  table["LogSoftmax"] = softmax<true>;
}

} // namespace moe
