//===- Product.cpp - matrix products ----------------------------------------------------------------------------===//
#include "Loops.h"
#include "Scalars.h"

using namespace mlir;

namespace moe {
namespace {

using Build = ImplicitLocOpBuilder &;

/// sum over the reduction axes of a * b. The maps are over `lengths`, one per loop; the loops after the first `parallel` are reductions.
Value contract(NodeLowering &n, Value a, Value c, AffineMap mapA, AffineMap mapB, ArrayRef<OpFoldResult> outer, unsigned loops, Type accumulate) {
  SmallVector<AffineExpr> out;
  for (unsigned axis = 0; axis < outer.size(); ++axis)
    out.push_back(n.b.getAffineDimExpr(axis));
  return moe::loops(n, {a, c}, {mapA, mapB, AffineMap::get(loops, 0, out, n.b.getContext())}, n.filled(outer, n.constant(accumulate, 0)),
                    [&](Build b, ValueRange args) {
                      Value x = castScalar(b, args[0], accumulate, false, false), y = castScalar(b, args[1], accumulate, false, false);
                      return addScalars(b, args[2], multiplyScalars(b, x, y));
                    });
}

LogicalResult matmul(NodeLowering &n) {
  int64_t rankA = n.rank(0), rankB = n.rank(1), batchA = std::max<int64_t>(rankA - 2, 0), batchB = std::max<int64_t>(rankB - 2, 0);
  int64_t batch = std::max(batchA, batchB);
  bool vectorA = rankA == 1, vectorB = rankB == 1;
  if (!n.sameLength(n.onnxInput(0), rankA - 1, n.onnxInput(1), vectorB ? 0 : rankB - 2))
    n.check(arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, n.dim(0u, rankA - 1), n.dim(1u, vectorB ? 0 : rankB - 2)), "the inner axes differ");
  SmallVector<OpFoldResult> outer;
  SmallVector<AffineExpr> mapA, mapB;
  Value operands[2] = {n.in(0), n.in(1)};
  // Batch axes that broadcast in a way that only the run knows are expanded first.
  for (int64_t axis = 0; axis < batch; ++axis) {
    int64_t a = axis - (batch - batchA), c = axis - (batch - batchB);
    const SymExpr *x = a >= 0 ? n.expr(n.onnxInput(0), a) : nullptr, *y = c >= 0 ? n.expr(n.onnxInput(1), c) : nullptr;
    bool oneA = a >= 0 && x && x->is(1), oneB = c >= 0 && y && y->is(1);
    Value length = a < 0 || oneA ? (c < 0 ? n.index(1) : n.dim(1u, c)) : n.dim(0u, a);
    if (a >= 0 && c >= 0 && !oneA && !oneB && !(x && y && *x == *y)) {
      Value other = n.dim(1u, c);
      Value isOne = arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, length, n.index(1));
      Value otherOne = arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, other, n.index(1));
      Value same = arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, length, other);
      n.check(arith::OrIOp::create(n.b, arith::OrIOp::create(n.b, isOne, otherOne), same), "the batch axes do not broadcast");
      Value full = arith::SelectOp::create(n.b, isOne, other, length);
      Value flags[2] = {isOne, otherOne};
      int64_t at[2] = {a, c};
      for (int side = 0; side < 2; ++side) {
        SmallVector<OpFoldResult> sizes = n.sizes(operands[side]);
        sizes[at[side]] = getAsOpFoldResult(full);
        Value source = operands[side], step = arith::SelectOp::create(n.b, flags[side], n.index(0), n.index(1));
        operands[side] = n.generate(sizes, llvm::cast<RankedTensorType>(source.getType()).getElementType(), [&](OpBuilder &b, Location loc, ValueRange i) -> Value {
          SmallVector<Value> from(i);
          from[at[side]] = arith::MulIOp::create(b, loc, i[at[side]], step);
          return tensor::ExtractOp::create(b, loc, source, from);
        });
      }
      length = full;
    }
    outer.push_back(getAsOpFoldResult(length));
    if (a >= 0)
      mapA.push_back(oneA && !(oneB || c < 0) ? n.b.getAffineConstantExpr(0) : n.b.getAffineDimExpr(axis));
    if (c >= 0)
      mapB.push_back(oneB && !(oneA || a < 0) ? n.b.getAffineConstantExpr(0) : n.b.getAffineDimExpr(axis));
  }
  unsigned loops = batch;
  if (!vectorA) {
    outer.push_back(getAsOpFoldResult(n.dim(0u, rankA - 2)));
    mapA.push_back(n.b.getAffineDimExpr(loops++));
  }
  AffineExpr column;
  if (!vectorB) {
    outer.push_back(getAsOpFoldResult(n.dim(1u, rankB - 1)));
    column = n.b.getAffineDimExpr(loops++);
  }
  AffineExpr inner = n.b.getAffineDimExpr(loops++);
  mapA.push_back(inner);
  mapB.push_back(inner);
  if (column)
    mapB.push_back(column);
  Type element = signless(n.element(0));
  Value result = contract(n, operands[0], operands[1], AffineMap::get(loops, 0, mapA, n.b.getContext()),
                          AffineMap::get(loops, 0, mapB, n.b.getContext()), outer, loops, accumulator(n, element));
  return n.done(castElements(n, result, element));
}

LogicalResult gemm(NodeLowering &n) {
  bool transA = n.node.intAttribute("transA", 0), transB = n.node.intAttribute("transB", 0);
  double alpha = n.node.floatAttribute("alpha", 1), beta = n.node.floatAttribute("beta", 1);
  AffineExpr i = n.b.getAffineDimExpr(0), j = n.b.getAffineDimExpr(1), k = n.b.getAffineDimExpr(2);
  auto map = [&](AffineExpr x, AffineExpr y) { return AffineMap::get(3, 0, {x, y}, n.b.getContext()); };
  SmallVector<OpFoldResult> outer = {getAsOpFoldResult(n.dim(0u, transA ? 1 : 0)), getAsOpFoldResult(n.dim(1u, transB ? 0 : 1))};
  if (!n.sameLength(n.onnxInput(0), transA ? 0 : 1, n.onnxInput(1), transB ? 1 : 0))
    n.check(arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, n.dim(0u, transA ? 0 : 1), n.dim(1u, transB ? 1 : 0)), "the inner axes differ");
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  Value product = contract(n, n.in(0), n.in(1), transA ? map(k, i) : map(i, k), transB ? map(j, k) : map(k, j), outer, 3, wide);
  if (!n.has(2) && alpha == 1)
    return n.done(castElements(n, product, element));
  // alpha * product + beta * C, where C broadcasts to the product.
  SmallVector<AffineMap> maps = {n.b.getMultiDimIdentityMap(2)};
  SmallVector<Value> inputs = {product};
  if (n.has(2)) {
    SmallVector<AffineExpr> from;
    for (int64_t axis = 0; axis < n.rank(2); ++axis) {
      int64_t at = axis + 2 - n.rank(2);
      const SymExpr *length = n.expr(n.onnxInput(2), axis);
      if (!length || (!length->is(1) && !n.sameLength(n.onnxInput(2), axis, n.node.getResult(0), at)))
        n.check(arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, n.dim(2u, axis), n.asValue(outer[at])), "C does not broadcast to the product");
      from.push_back(length && length->is(1) ? n.b.getAffineConstantExpr(0) : n.b.getAffineDimExpr(at));
    }
    maps.push_back(AffineMap::get(2, 0, from, n.b.getContext()));
    inputs.push_back(n.in(2));
  }
  maps.push_back(n.b.getMultiDimIdentityMap(2));
  return n.done(moe::loops(n, inputs, maps, n.empty(outer, element), [&](Build b, ValueRange args) {
    auto scaled = [&](Value x, double factor) {
      Value y = castScalar(b, x, wide, false, false);
      return factor == 1 ? y : multiplyScalars(b, y, scalarConstant(b, wide, factor));
    };
    Value sum = scaled(args[0], alpha);
    if (n.has(2))
      sum = addScalars(b, sum, scaled(args[1], beta));
    return castScalar(b, sum, element, false, false);
  }));
}

} // namespace

void addProduct(LoweringTable &table) {
  table["MatMul"] = matmul;
  table["Gemm"] = gemm;
}

} // namespace moe
