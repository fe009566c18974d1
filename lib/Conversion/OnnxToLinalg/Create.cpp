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

} // namespace

void addCreate(LoweringTable &table) {
  table["Range"] = range;
  table["ConstantOfShape"] = constantOfShape;
}

} // namespace moe
