//===- Loops.cpp - loops that several lowerings share -----------------------------------------------------------===//
#include "Loops.h"
#include "Scalars.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace moe {

Value loops(NodeLowering &n, ValueRange inputs, ArrayRef<AffineMap> maps, Value init, ScalarList body) {
  SmallVector<utils::IteratorType> kinds;
  for (unsigned loop = 0; loop < maps.back().getNumDims(); ++loop)
    kinds.push_back(maps.back().isFunctionOfDim(loop) ? utils::IteratorType::parallel : utils::IteratorType::reduction);
  return linalg::GenericOp::create(n.b, TypeRange(init.getType()), inputs, ValueRange(init), maps, kinds,
                                   [&](OpBuilder &builder, Location loc, ValueRange args) {
                                     ImplicitLocOpBuilder b(loc, builder);
                                     linalg::YieldOp::create(b, body(b, args));
                                   })
      .getResult(0);
}

Value reduceAxes(NodeLowering &n, Value value, ArrayRef<int64_t> axes, Value initial, ScalarCombine combine) {
  int64_t rank = llvm::cast<RankedTensorType>(value.getType()).getRank();
  SmallVector<OpFoldResult> sizes = n.sizes(value), kept;
  SmallVector<AffineExpr> to;
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (llvm::is_contained(axes, axis))
      continue;
    kept.push_back(sizes[axis]);
    to.push_back(n.b.getAffineDimExpr(axis));
  }
  return loops(n, value, {n.b.getMultiDimIdentityMap(rank), AffineMap::get(rank, 0, to, n.b.getContext())}, n.filled(kept, initial),
               [&](ImplicitLocOpBuilder &b, ValueRange args) { return combine(b, args[1], args[0]); });
}

Value broadcastAxes(NodeLowering &n, Value like, Value reduced, ArrayRef<int64_t> axes, Type element, ScalarPair body) {
  int64_t rank = llvm::cast<RankedTensorType>(like.getType()).getRank();
  SmallVector<AffineExpr> from;
  for (int64_t axis = 0; axis < rank; ++axis)
    if (!llvm::is_contained(axes, axis))
      from.push_back(n.b.getAffineDimExpr(axis));
  AffineMap identity = n.b.getMultiDimIdentityMap(rank);
  return loops(n, {like, reduced}, {identity, AffineMap::get(rank, 0, from, n.b.getContext()), identity}, n.empty(n.sizes(like), element),
               [&](ImplicitLocOpBuilder &b, ValueRange args) { return body(b, args[0], args[1]); });
}

Value mapElements(NodeLowering &n, ValueRange values, Type element, ScalarList body) {
  AffineMap identity = n.b.getMultiDimIdentityMap(llvm::cast<RankedTensorType>(values.front().getType()).getRank());
  return loops(n, values, SmallVector<AffineMap>(values.size() + 1, identity), n.empty(n.sizes(values.front()), element),
               [&](ImplicitLocOpBuilder &b, ValueRange args) { return body(b, args.drop_back()); });
}

Value mapElements(NodeLowering &n, Value value, Type element, function_ref<Value(ImplicitLocOpBuilder &, Value)> body) {
  return mapElements(n, ValueRange(value), element, [&](ImplicitLocOpBuilder &b, ValueRange args) { return body(b, args[0]); });
}

Value castElements(NodeLowering &n, Value value, Type element, bool fromUnsigned, bool toUnsigned) {
  if (llvm::cast<RankedTensorType>(value.getType()).getElementType() == element)
    return value;
  return mapElements(n, value, element,
                     [&](ImplicitLocOpBuilder &b, Value x) { return castScalar(b, x, element, fromUnsigned, toUnsigned); });
}

SmallVector<Value> foldLoops(ImplicitLocOpBuilder &b, ValueRange lengths, ValueRange initial,
                             function_ref<SmallVector<Value>(ImplicitLocOpBuilder &, ValueRange, ValueRange)> body) {
  if (lengths.empty())
    return body(b, {}, initial);
  Value zero = arith::ConstantIndexOp::create(b, 0), one = arith::ConstantIndexOp::create(b, 1);
  SmallVector<Value> zeros(lengths.size(), zero), ones(lengths.size(), one);
  auto nest = scf::buildLoopNest(b, b.getLoc(), zeros, lengths, ones, initial,
                                 [&](OpBuilder &builder, Location loc, ValueRange indices, ValueRange carried) {
                                   ImplicitLocOpBuilder inner(loc, builder);
                                   SmallVector<Value> results = body(inner, indices, carried);
                                   return scf::ValueVector(results.begin(), results.end());
                                 });
  return SmallVector<Value>(nest.results.begin(), nest.results.end());
}

Value foldLoops(ImplicitLocOpBuilder &b, ValueRange lengths, Value initial,
                function_ref<Value(ImplicitLocOpBuilder &, ValueRange, Value)> body) {
  return foldLoops(b, lengths, ValueRange(initial), [&](ImplicitLocOpBuilder &b, ValueRange indices, ValueRange carried) {
    return SmallVector<Value>{body(b, indices, carried[0])};
  }).front();
}

Type accumulator(NodeLowering &n, Type element) {
  return isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32 ? Type(n.b.getF32Type()) : element;
}

Value extreme(NodeLowering &n, Type type, bool lowest, bool isUnsigned) {
  if (auto real = dyn_cast<FloatType>(type))
    return arith::ConstantOp::create(n.b, n.b.getFloatAttr(real, APFloat::getInf(real.getFloatSemantics(), lowest)));
  unsigned width = type.getIntOrFloatBitWidth();
  APInt value = isUnsigned || width == 1 ? (lowest ? APInt::getMinValue(width) : APInt::getMaxValue(width))
                                         : (lowest ? APInt::getSignedMinValue(width) : APInt::getSignedMaxValue(width));
  return arith::ConstantOp::create(n.b, n.b.getIntegerAttr(type, value));
}

Value addScalars(ImplicitLocOpBuilder &b, Value x, Value y) {
  return isa<FloatType>(x.getType()) ? arith::AddFOp::create(b, x, y).getResult() : arith::AddIOp::create(b, x, y).getResult();
}

Value multiplyScalars(ImplicitLocOpBuilder &b, Value x, Value y) {
  return isa<FloatType>(x.getType()) ? arith::MulFOp::create(b, x, y).getResult() : arith::MulIOp::create(b, x, y).getResult();
}

} // namespace moe
