//===- Gather.cpp - operators that read elements at computed places ---------------------------------------------===//
#include "NodeLowering.h"

using namespace mlir;

namespace moe {
namespace {

LogicalResult gather(NodeLowering &n) {
  int64_t rank = n.rank(0), indexRank = n.rank(1), axis = NodeLowering::wrap(n.node.intAttribute("axis", 0), rank);
  SmallVector<OpFoldResult> sizes;
  for (int64_t at = 0; at < axis; ++at)
    sizes.push_back(getAsOpFoldResult(n.dim(0u, at)));
  for (int64_t at = 0; at < indexRank; ++at)
    sizes.push_back(getAsOpFoldResult(n.dim(1u, at)));
  for (int64_t at = axis + 1; at < rank; ++at)
    sizes.push_back(getAsOpFoldResult(n.dim(0u, at)));
  Value length = n.dim(0u, axis), data = n.in(0), indices = n.in(1);
  // A constant index into shape data is a plain element.
  if (auto constant = n.ints(1); constant && constant->size() == 1 && indexRank == 0) {
    auto type = cast<RankedTensorType>(data.getType());
    int64_t size = type.getDimSize(axis);
    if (!ShapedType::isDynamic(size)) {
      int64_t at = NodeLowering::wrap(constant->front(), size);
      if (at < 0 || at >= size)
        return n.fail("index " + Twine(constant->front()) + " is out of range for an axis of " + Twine(size));
      SmallVector<OpFoldResult> starts(rank, n.b.getIndexAttr(0)), strides(rank, n.b.getIndexAttr(1)), lengths = n.sizes(data);
      starts[axis] = n.b.getIndexAttr(at);
      lengths[axis] = n.b.getIndexAttr(1);
      SmallVector<int64_t> shape;
      for (int64_t d = 0; d < rank; ++d)
        if (d != axis)
          shape.push_back(type.getDimSize(d));
      auto reduced = RankedTensorType::get(shape, type.getElementType());
      return n.done(tensor::ExtractSliceOp::create(n.b, reduced, data, starts, lengths, strides));
    }
  }
  return n.done(n.generate(sizes, signless(n.element(0)), [&](OpBuilder &builder, Location loc, ValueRange at) -> Value {
    ImplicitLocOpBuilder b(loc, builder);
    Value element = tensor::ExtractOp::create(b, indices, at.slice(axis, indexRank));
    SmallVector<Value> from(at.take_front(axis));
    from.push_back(n.place(b, element, length));
    llvm::append_range(from, at.drop_front(axis + indexRank));
    return tensor::ExtractOp::create(b, data, from);
  }));
}

LogicalResult gatherElements(NodeLowering &n) {
  int64_t axis = NodeLowering::wrap(n.node.intAttribute("axis", 0), n.rank(0));
  SmallVector<OpFoldResult> sizes;
  for (int64_t at = 0; at < n.rank(1); ++at)
    sizes.push_back(getAsOpFoldResult(n.dim(1u, at)));
  Value length = n.dim(0u, axis), data = n.in(0), indices = n.in(1);
  return n.done(n.generate(sizes, signless(n.element(0)), [&](OpBuilder &builder, Location loc, ValueRange at) -> Value {
    ImplicitLocOpBuilder b(loc, builder);
    SmallVector<Value> from(at);
    from[axis] = n.place(b, tensor::ExtractOp::create(b, indices, at), length);
    return tensor::ExtractOp::create(b, data, from);
  }));
}

LogicalResult gatherND(NodeLowering &n) {
  int64_t batch = n.node.intAttribute("batch_dims", 0), rank = n.rank(0), indexRank = n.rank(1);
  const SymExpr *last = n.expr(n.onnxInput(1), indexRank - 1);
  if (!last || !last->constant())
    return n.fail("needs a fixed last axis of the indices");
  int64_t depth = *last->constant();
  SmallVector<OpFoldResult> sizes;
  for (int64_t at = 0; at < indexRank - 1; ++at)
    sizes.push_back(getAsOpFoldResult(n.dim(1u, at)));
  for (int64_t at = batch + depth; at < rank; ++at)
    sizes.push_back(getAsOpFoldResult(n.dim(0u, at)));
  SmallVector<Value> lengths;
  for (int64_t at = 0; at < depth; ++at)
    lengths.push_back(n.dim(0u, batch + at));
  Value data = n.in(0), indices = n.in(1);
  return n.done(n.generate(sizes, signless(n.element(0)), [&](OpBuilder &builder, Location loc, ValueRange at) -> Value {
    ImplicitLocOpBuilder b(loc, builder);
    SmallVector<Value> from(at.take_front(batch)), where(at.take_front(indexRank - 1));
    where.push_back(nullptr);
    for (int64_t d = 0; d < depth; ++d) {
      where.back() = arith::ConstantIndexOp::create(b, d);
      from.push_back(n.place(b, tensor::ExtractOp::create(b, indices, where), lengths[d]));
    }
    llvm::append_range(from, at.drop_front(indexRank - 1));
    return tensor::ExtractOp::create(b, data, from);
  }));
}

} // namespace

void addGather(LoweringTable &table) {
  table["Gather"] = gather;
  table["GatherElements"] = gatherElements;
  table["GatherND"] = gatherND;
}

} // namespace moe
