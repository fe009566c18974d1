//===- Sort.cpp - operators that order elements -----------------------------------------------------------------===//
#include "NodeLowering.h"
#include "moe/Dialect/Moe.h"

using namespace mlir;

namespace moe {
namespace {

/// `value` with two axes exchanged.
Value exchange(NodeLowering &n, Value value, int64_t a, int64_t c) {
  if (a == c)
    return value;
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, llvm::cast<RankedTensorType>(value.getType()).getRank()));
  std::swap(perm[a], perm[c]);
  SmallVector<OpFoldResult> from = n.sizes(value), sizes;
  for (int64_t axis : perm)
    sizes.push_back(from[axis]);
  Value init = n.empty(sizes, llvm::cast<RankedTensorType>(value.getType()).getElementType());
  return linalg::TransposeOp::create(n.b, value, init, perm)->getResult(0);
}

LogicalResult topK(NodeLowering &n) {
  int64_t rank = n.rank(0), axis = NodeLowering::wrap(n.node.intAttribute("axis", -1), rank);
  if (n.element(0).isUnsignedInteger())
    return n.fail("unsigned elements are not supported");
  bool largest = n.node.intAttribute("largest", 1) != 0;
  Value k = n.has(1) ? n.intAt(1, 0) : n.index(n.node.intAttribute("k", 1));
  n.check(arith::CmpIOp::create(n.b, arith::CmpIPredicate::ule, k, n.dim(0u, axis)), "k is larger than the axis");
  Value source = exchange(n, n.in(0), axis, rank - 1);
  SmallVector<int64_t> shape(llvm::cast<RankedTensorType>(source.getType()).getShape());
  shape.back() = getConstantIntValue(getAsOpFoldResult(k)).value_or(ShapedType::kDynamic);
  auto op = TopKOp::create(n.b, RankedTensorType::get(shape, signless(n.element(0))), RankedTensorType::get(shape, n.b.getI64Type()), source, k,
                           n.b.getBoolAttr(largest));
  return n.done({exchange(n, op.getValues(), axis, rank - 1), exchange(n, op.getIndices(), axis, rank - 1)});
}

} // namespace

void addSort(LoweringTable &table) { table["TopK"] = topK; }

} // namespace moe
