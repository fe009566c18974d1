//===- Cumulate.cpp - running sums and products along an axis ---------------------------------------------------===//
#include "IndexMath.h"
#include "Loops.h"
#include "Scalars.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace moe {
namespace {

/// The index of the place `step` along an axis in the order of the sum.
Value ordered(IndexMath &m, Value step, Value length, bool reverse) { return reverse ? m.sub(m.sub(length, 1), step) : step; }

/// Along an axis that is known: one slice after the other, each vectorised.
Value alongAxis(NodeLowering &n, int64_t axis, Type wide, Value initial, ScalarPair combine) {
  bool exclusive = n.node.intAttribute("exclusive", 0), reverse = n.node.intAttribute("reverse", 0);
  Value source = castElements(n, n.in(0), wide), length = n.dim(0u, axis);
  SmallVector<OpFoldResult> sizes = n.sizes(source), kept = sizes, strides(sizes.size(), n.b.getIndexAttr(1));
  kept[axis] = n.b.getIndexAttr(1);
  // A running sum of one slice, and the result that it is written into.
  Value running = n.filled(kept, initial), result = n.empty(sizes, wide);
  auto loop = scf::ForOp::create(n.b, n.index(0), length, n.index(1), ValueRange{running, result},
                                 [&](OpBuilder &builder, Location loc, Value step, ValueRange carried) {
    ImplicitLocOpBuilder b(loc, builder);
    IndexMath m(b);
    SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
    offsets[axis] = ordered(m, step, length, reverse);
    Value part = tensor::ExtractSliceOp::create(b, source, offsets, kept, strides);
    AffineMap identity = b.getMultiDimIdentityMap(sizes.size());
    SmallVector<utils::IteratorType> kinds(sizes.size(), utils::IteratorType::parallel);
    Value sum = linalg::GenericOp::create(b, TypeRange(carried[0].getType()), ValueRange(part), ValueRange(carried[0]),
                                          ArrayRef<AffineMap>{identity, identity}, kinds,
                                          [&](OpBuilder &builder, Location loc, ValueRange args) {
                                            ImplicitLocOpBuilder inner(loc, builder);
                                            linalg::YieldOp::create(inner, combine(inner, args[1], args[0]));
                                          })
                    .getResult(0);
    Value written = tensor::InsertSliceOp::create(b, exclusive ? carried[0] : sum, carried[1], offsets, kept, strides);
    scf::YieldOp::create(b, ValueRange{sum, written});
  });
  return loop.getResult(1);
}

/// Along an axis that only the run knows: each element adds up what comes before it.
Value alongAnyAxis(NodeLowering &n, Type wide, Value initial, ScalarPair combine) {
  bool exclusive = n.node.intAttribute("exclusive", 0), reverse = n.node.intAttribute("reverse", 0);
  int64_t rank = n.rank(0);
  IndexMath m(n.b);
  Value axis = n.place(n.b, n.scalar(1), n.index(rank)), length = n.index(1), source = n.in(0);
  for (int64_t at = 0; at < rank; ++at)
    length = m.select(m.cmp(IndexMath::P::eq, axis, at), n.dim(0u, at), length);
  return n.generate(n.sizes(source), wide, [&](OpBuilder &builder, Location loc, ValueRange at) -> Value {
    ImplicitLocOpBuilder b(loc, builder);
    IndexMath m(b);
    Value here = at.front();
    for (int64_t i = 1; i < rank; ++i)
      here = m.select(m.cmp(IndexMath::P::eq, axis, i), at[i], here);
    Value count = m.add(ordered(m, here, length, reverse), exclusive ? 0 : 1);
    return foldLoops(b, count, initial, [&](ImplicitLocOpBuilder &b, ValueRange step, Value sum) {
      IndexMath m(b);
      Value from = ordered(m, step[0], length, reverse);
      SmallVector<Value> indices;
      for (int64_t i = 0; i < rank; ++i)
        indices.push_back(m.select(m.cmp(IndexMath::P::eq, axis, i), from, at[i]));
      return combine(b, sum, castScalar(b, tensor::ExtractOp::create(b, source, indices), wide, false, false));
    });
  });
}

LogicalResult cumulate(NodeLowering &n, double initial, ScalarPair combine) {
  if (n.rank(0) == 0)
    return n.fail("needs an operand with axes");
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  auto given = n.ints(1);
  Value start = n.constant(wide, initial);
  Value result = given && given->size() == 1 ? alongAxis(n, NodeLowering::wrap(given->front(), n.rank(0)), wide, start, combine)
                                             : alongAnyAxis(n, wide, start, combine);
  return n.done(castElements(n, result, element));
}

LogicalResult cumSum(NodeLowering &n) { return cumulate(n, 0, addScalars); }
LogicalResult cumProd(NodeLowering &n) { return cumulate(n, 1, multiplyScalars); }

} // namespace

void addCumulate(LoweringTable &table) {
  table["CumSum"] = cumSum;
  table["CumProd"] = cumProd;
}

} // namespace moe
