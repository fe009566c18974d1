//===- Create.cpp - operators that make tensors from shapes -----------------------------------------------------===//
#include "Loops.h"
#include "Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace moe {
namespace {

LogicalResult range(NodeLowering &n) {
  Type element = signless(n.element(0));
  Value start = n.scalar(0), step = n.scalar(2), count;
  const SymExpr *known = n.expr(n.node.getResult(0), 0);
  if (known)
    count = n.materialize(*known);
  if (!count) {
    // ceil((limit - start) / step), not below 0.
    Value limit = n.scalar(1);
    if (isa<FloatType>(element)) {
      Type wide = accumulator(n, element);
      auto widen = [&](Value x) { return castScalar(n.b, x, wide, false, false); };
      Value span = arith::DivFOp::create(n.b, arith::SubFOp::create(n.b, widen(limit), widen(start)), widen(step));
      Value integer = castScalar(n.b, math::CeilOp::create(n.b, span), n.b.getI64Type(), false, false);
      count = arith::IndexCastOp::create(n.b, n.b.getIndexType(), integer);
    } else {
      Value zero = n.constant(element, 0);
      n.check(arith::CmpIOp::create(n.b, arith::CmpIPredicate::ne, step, zero), "the step is 0");
      Value safe = arith::SelectOp::create(n.b, arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, step, zero), n.constant(element, 1), step);
      Value span = arith::CeilDivSIOp::create(n.b, arith::SubIOp::create(n.b, limit, start), safe);
      count = arith::IndexCastOp::create(n.b, n.b.getIndexType(), span);
    }
    count = arith::MaxSIOp::create(n.b, count, n.index(0));
  }
  return n.done(n.generate({getAsOpFoldResult(count)}, element, [&](OpBuilder &builder, Location loc, ValueRange at) -> Value {
    ImplicitLocOpBuilder b(loc, builder);
    Type wide = accumulator(n, element);
    Value i = castScalar(b, arith::IndexCastOp::create(b, b.getI64Type(), at[0]), wide, false, false);
    Value first = castScalar(b, start, wide, false, false), each = castScalar(b, step, wide, false, false);
    return castScalar(b, addScalars(b, first, multiplyScalars(b, i, each)), element, false, false);
  }));
}

LogicalResult constantOfShape(NodeLowering &n) {
  auto value = llvm::dyn_cast_or_null<DenseElementsAttr>(n.node.attribute("value"));
  Type element = signless(n.onnxElement());
  Value fill;
  if (!value)
    fill = n.constant(element, 0);
  else if (isa<FloatType>(element))
    fill = arith::ConstantOp::create(n.b, n.b.getFloatAttr(element, *value.getValues<APFloat>().begin()));
  else
    fill = arith::ConstantOp::create(n.b, n.b.getIntegerAttr(element, *value.getValues<APInt>().begin()));
  SmallVector<OpFoldResult> sizes;
  if (auto known = n.resultSizes())
    sizes = *known;
  else
    for (int64_t axis = 0; axis < n.type().getRank(); ++axis)
      sizes.push_back(getAsOpFoldResult(n.intAt(0, axis)));
  return n.done(n.filled(sizes, fill));
}

/// `on` where the place along a new axis is the one that the index names (negative ones count from the end), else `off`.
LogicalResult oneHot(NodeLowering &n) {
  int64_t rank = n.type().getRank(), axis = NodeLowering::wrap(n.node.intAttribute("axis", -1), rank);
  Type i64 = n.b.getI64Type();
  auto integer = [&](ImplicitLocOpBuilder &b, Value x, unsigned operand) {
    return castScalar(b, x, i64, n.element(operand).isUnsignedInteger(), false);
  };
  Value indices = n.in(0), off = n.element(2, 0), on = n.element(2, 1), depth;
  if (const SymExpr *known = n.expr(n.node.getResult(0), axis))
    depth = n.materialize(*known);
  if (!depth)
    depth = arith::IndexCastOp::create(n.b, n.b.getIndexType(), integer(n.b, n.scalar(1), 1));
  SmallVector<OpFoldResult> sizes = n.sizes(indices);
  sizes.insert(sizes.begin() + axis, getAsOpFoldResult(depth));
  Value limit = arith::IndexCastOp::create(n.b, i64, depth);
  return n.done(n.generate(sizes, signless(n.onnxElement()), [&](OpBuilder &builder, Location loc, ValueRange at) -> Value {
    ImplicitLocOpBuilder b(loc, builder);
    SmallVector<Value> from(at);
    from.erase(from.begin() + axis);
    Value index = integer(b, tensor::ExtractOp::create(b, indices, from), 0), here = arith::IndexCastOp::create(b, i64, at[axis]);
    Value same = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, index, here);
    Value fromEnd = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, arith::AddIOp::create(b, index, limit), here);
    return arith::SelectOp::create(b, arith::OrIOp::create(b, same, fromEnd), on, off);
  }));
}

} // namespace

void addCreate(LoweringTable &table) {
  table["Range"] = range;
  table["OneHot"] = oneHot;
  table["ConstantOfShape"] = constantOfShape;
}

} // namespace moe
