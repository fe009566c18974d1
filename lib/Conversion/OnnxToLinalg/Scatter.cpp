//===- Scatter.cpp - operators that write elements at computed places -------------------------------------------===//
#include "IndexMath.h"
#include "Loops.h"
#include "Scalars.h"

using namespace mlir;

namespace moe {
namespace {

/// What an update does to the element that is there.
Value combine(ImplicitLocOpBuilder &b, StringRef reduction, Value old, Value update, bool isUnsigned) {
  bool isFloat = isa<FloatType>(old.getType());
  if (reduction == "add")
    return isFloat ? arith::AddFOp::create(b, old, update).getResult() : arith::AddIOp::create(b, old, update).getResult();
  if (reduction == "mul")
    return isFloat ? arith::MulFOp::create(b, old, update).getResult() : arith::MulIOp::create(b, old, update).getResult();
  if (reduction == "max")
    return maximum(b, old, update, isUnsigned);
  if (reduction == "min")
    return minimum(b, old, update, isUnsigned);
  return update;
}

LogicalResult scatterElements(NodeLowering &n) {
  int64_t axis = NodeLowering::wrap(n.node.intAttribute("axis", 0), n.rank(0));
  StringRef reduction = n.node.stringAttribute("reduction", "none");
  bool isUnsigned = n.element(0).isUnsignedInteger();
  Value indices = n.in(1), updates = n.in(2), length = n.dim(0u, axis);
  SmallVector<Value> lengths;
  for (int64_t at = 0; at < n.rank(1); ++at)
    lengths.push_back(n.dim(1u, at));
  return n.done(foldLoops(n.b, lengths, n.in(0), [&](ImplicitLocOpBuilder &b, ValueRange at, Value result) -> Value {
    SmallVector<Value> to(at);
    to[axis] = n.place(b, tensor::ExtractOp::create(b, indices, at), length);
    Value update = tensor::ExtractOp::create(b, updates, at);
    if (reduction != "none")
      update = combine(b, reduction, tensor::ExtractOp::create(b, result, to), update, isUnsigned);
    return tensor::InsertOp::create(b, update, result, to);
  }));
}

LogicalResult scatterND(NodeLowering &n) {
  int64_t rank = n.rank(0), indexRank = n.rank(1);
  StringRef reduction = n.node.stringAttribute("reduction", "none");
  bool isUnsigned = n.element(0).isUnsignedInteger();
  const SymExpr *last = n.expr(n.onnxInput(1), indexRank - 1);
  if (!last || !last->constant())
    return n.fail("needs a fixed last axis of the indices");
  int64_t depth = *last->constant();
  Value indices = n.in(1), updates = n.in(2);
  SmallVector<Value> lengths, limits;
  for (int64_t at = 0; at < indexRank - 1; ++at)
    lengths.push_back(n.dim(1u, at));
  for (int64_t at = depth; at < rank; ++at)
    lengths.push_back(n.dim(0u, at));
  for (int64_t at = 0; at < depth; ++at)
    limits.push_back(n.dim(0u, at));
  return n.done(foldLoops(n.b, lengths, n.in(0), [&](ImplicitLocOpBuilder &b, ValueRange at, Value result) -> Value {
    SmallVector<Value> where(at.take_front(indexRank - 1)), to;
    where.push_back(nullptr);
    for (int64_t d = 0; d < depth; ++d) {
      where.back() = arith::ConstantIndexOp::create(b, d);
      to.push_back(n.place(b, tensor::ExtractOp::create(b, indices, where), limits[d]));
    }
    llvm::append_range(to, at.drop_front(indexRank - 1));
    Value update = tensor::ExtractOp::create(b, updates, at);
    if (reduction != "none")
      update = combine(b, reduction, tensor::ExtractOp::create(b, result, to), update, isUnsigned);
    return tensor::InsertOp::create(b, update, result, to);
  }));
}

/// Rows of one batch entry written behind each other from a place of its own: two block copies at most, the second where a circular cache
/// wraps around its end.
LogicalResult tensorScatter(NodeLowering &n) {
  int64_t rank = n.rank(0), axis = NodeLowering::wrap(n.node.intAttribute("axis", -2), rank);
  StringRef mode = n.node.stringAttribute("mode", "linear");
  if (axis < 1 || axis >= rank)
    return n.fail("axis " + Twine(axis) + " is not behind the batch axis of a tensor of rank " + Twine(rank));
  if (mode != "linear" && mode != "circular")
    return n.fail("mode '" + mode + "' is unknown");
  bool circular = mode == "circular";
  IndexMath m(n.b);
  Value capacity = n.dim(0u, axis), added = n.dim(1u, axis), starts = n.has(2) ? n.in(2) : Value(), update = n.in(1);
  n.check(m.cmp(IndexMath::P::ule, added, capacity), "the update is longer than the cache");
  SmallVector<OpFoldResult> block = n.sizes(update), strides(rank, n.b.getIndexAttr(1));
  block[0] = n.b.getIndexAttr(1);
  return n.done(foldLoops(n.b, n.dim(0u, 0), n.in(0), [&](ImplicitLocOpBuilder &b, ValueRange at, Value cache) -> Value {
    IndexMath m(b);
    Value start = m.of(0);
    if (starts)
      start = arith::IndexCastOp::create(b, b.getIndexType(), tensor::ExtractOp::create(b, starts, at));
    Value room = m.sub(capacity, start);
    n.check(b, m.both(m.cmp(IndexMath::P::sge, start, 0), m.cmp(IndexMath::P::sge, room, circular ? m.of(1) : added)),
            "write_indices are out of the cache");
    auto copy = [&](Value into, Value from, Value to, Value count) -> Value {
      SmallVector<OpFoldResult> source(rank, b.getIndexAttr(0)), target(source), lengths(block);
      source[0] = target[0] = at[0];
      source[axis] = getAsOpFoldResult(from);
      target[axis] = getAsOpFoldResult(to);
      lengths[axis] = getAsOpFoldResult(count);
      Value rows = tensor::ExtractSliceOp::create(b, update, source, lengths, strides);
      return tensor::InsertSliceOp::create(b, rows, into, target, lengths, strides);
    };
    if (!circular)
      return copy(cache, m.of(0), start, added);
    Value before = m.min(added, room);
    return copy(copy(cache, m.of(0), start, before), before, m.of(0), m.sub(added, before));
  }));
}

} // namespace

void addScatter(LoweringTable &table) {
  table["TensorScatter"] = tensorScatter;
  table["ScatterElements"] = scatterElements;
  table["Scatter"] = scatterElements;
  table["ScatterND"] = scatterND;
}

} // namespace moe
