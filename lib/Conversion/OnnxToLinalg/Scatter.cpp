//===- Scatter.cpp - operators that write elements at computed places -------------------------------------------===//
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

} // namespace

void addScatter(LoweringTable &table) {
  table["ScatterElements"] = scatterElements;
  table["Scatter"] = scatterElements;
  table["ScatterND"] = scatterND;
}

} // namespace moe
