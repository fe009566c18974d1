//===- State.cpp - the ops on states ----------------------------------------------------------------------------===//
//
// A state is memory of the session. Its tensor is a view of that memory, so that nothing is copied but what is new.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Lowerings.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {

static std::optional<int64_t> axisOf(Operation *op, FlatSymbolRefAttr name) {
  return SymbolTable::lookupNearestSymbolFrom<StateOp>(op, name).getAxis();
}

/// The state's memory as a tensor that nobody writes to.
static Value viewOf(ImplicitLocOpBuilder &b, Value memory, Type type) {
  return bufferization::ToTensorOp::create(b, type, memory, /*restrict=*/true, /*writable=*/false);
}

/// The memory of the state that `op` names, as it is; `lengths` are the dynamic ones of a fresh state but along its axis.
template <typename Op> static Value memoryOf(ImplicitLocOpBuilder &b, Op op, RankedTensorType type, OperandRange lengths) {
  std::optional<int64_t> axis = axisOf(op, op.getStateAttr());
  SmallVector<Value> fresh;
  auto next = lengths.begin();
  for (int64_t at = 0; at < type.getRank(); ++at)
    if (type.isDynamicDim(at))
      fresh.push_back(at == axis ? Value(arith::ConstantIndexOp::create(b, 0)) : *next++);
  return rt::StateOp::create(b, rt::StateOp::memoryType(type, axis), op.getStateAttr().getAttr(), fresh, axis ? b.getI64IntegerAttr(*axis) : IntegerAttr(),
                             UnitAttr());
}

void lowerGetState(GetStateOp op, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  auto type = cast<RankedTensorType>(op.getType());
  rewriter.replaceOp(op, viewOf(b, memoryOf(b, op, type, op.getLengths()), type));
}

void lowerAppendState(AppendStateOp op, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Code c(b);
  auto type = cast<RankedTensorType>(op.getType());
  int64_t axis = *axisOf(op, op.getStateAttr());
  Value added = b.createOrFold<tensor::DimOp>(op.getValue(), axis), value = bufferOf(b, op.getValue());
  SmallVector<Value> lengths;
  for (int64_t at = 0; at < type.getRank(); ++at)
    if (type.isDynamicDim(at))
      lengths.push_back(at == axis ? added : b.createOrFold<tensor::DimOp>(op.getValue(), at));
  Value memory = rt::StateOp::create(b, rt::StateOp::memoryType(type, axis), op.getStateAttr().getAttr(), lengths, b.getI64IntegerAttr(axis), b.getUnitAttr());
  SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)), strides(type.getRank(), b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), op.getValue());
  offsets[axis] = OpFoldResult(c.sub(c.dim(memory, axis), added));
  Value tail = memref::SubViewOp::create(b, memory, offsets, sizes, strides);
  memref::CopyOp::create(b, value, tail);
  rewriter.replaceOp(op, viewOf(b, memory, type));
}

/// Copies the elements behind the first indices, which are given.
static void copyInner(Code k, Value from, SmallVector<Value> source, Value to, SmallVector<Value> target) {
  if (int64_t(source.size()) == cast<MemRefType>(from.getType()).getRank())
    return k.store(k.load(from, source), to, target);
  k.loop(k.index(0), k.dim(from, source.size()), [&](Code inner, Value at) {
    SmallVector<Value> nextSource(source), nextTarget(target);
    nextSource.push_back(at);
    nextTarget.push_back(at);
    copyInner(inner, from, nextSource, to, nextTarget);
  });
}

/// A task is a row of the value: the elements behind one index of the axis.
void lowerWriteState(WriteStateOp op, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Code c(b);
  auto type = cast<RankedTensorType>(op.getResult().getType());
  int64_t axis = op.getAxis();
  Value memory = memoryOf(b, op, type, op.getLengths());
  Value value = bufferOf(b, op.getValue()), at = bufferOf(b, op.getAt()), length = c.dim(memory, axis), written = c.dim(value, axis);
  SmallVector<Value> outer, inner, args = {memory, value, at, length};
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    (dim <= axis ? outer : inner).push_back(c.dim(value, dim));
  args.append(outer);
  bool circular = op.getCircular();
  Value cost = product(b, inner);
  launch(b, "write_state", args, product(b, outer), cost, [&](ImplicitLocOpBuilder &kb, ValueRange in, Value begin, Value end) {
    Code(kb).loop(begin, end, [&](Code k, Value task) {
      SmallVector<Value> from = delinearize(k.b, task, in.drop_front(4)), to = from;
      Value batch = k.minIndex(from[0], k.sub(k.dim(in[2], 0), k.index(1)));
      // Indices are compared unsigned: a negative position is a large one.
      Value start = k.asIndex(k.load(in[2], {batch})), rows = in[4 + axis];
      Value end = circular ? k.index(INT64_MAX) : k.add(k.sub(in[3], rows), k.index(1));
      Value inside = k.both(k.less(rows, k.add(in[3], k.index(1))), k.less(start, end));
      rt::CheckOp::create(k.b, inside, "a cache is too short for what is written at these positions");
      to[axis] = k.add(start, from[axis]);
      if (circular)
        to[axis] = k.rem(to[axis], in[3]);
      copyInner(k, in[1], from, in[0], to);
    });
  });
  rewriter.replaceOp(op, viewOf(b, memory, type));
}

void lowerSetState(SetStateOp op, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  rt::SetStateOp::create(b, op.getState(), bufferOf(b, op.getValue()));
  rewriter.eraseOp(op);
}

} // namespace moe
