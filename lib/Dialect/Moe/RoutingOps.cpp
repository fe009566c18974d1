//===- RoutingOps.cpp - verifiers and shapes of the routing ops -------------------------------------------------===//
#include "Shapes.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace moe {

LogicalResult RouteOp::verify() {
  if (rank(getLogits()) != 2) // C1
    return emitOpError("needs logits [T, E]");
  int64_t tokens = length(getLogits(), 0), experts = length(getLogits(), 1);
  if (!hasShape(getBias(), {experts}) || !hasShape(getTokenIds(), {tokens}) ||
      !hasShape(getTable(), {ShapedType::kDynamic, int64_t(getK())})) // C1
    return emitOpError("needs bias [E], token_ids [T] and table [V, K]");
  if (ShapedType::isDynamic(experts) || int64_t(getK()) < 1 || int64_t(getK()) > experts) // C3
    return emitOpError("needs 1 <= k <= E, but k is ") << getK() << " and E is " << experts;
  if (getSelect() == Select::expert_choice && int64_t(getK()) != experts) // C3
    return emitOpError("needs k = E for expert_choice, but k is ") << getK() << " and E is " << experts;
  int64_t slots = getSelect() == Select::expert_choice ? experts : int64_t(getK());
  if (!hasShape(getIds(), {tokens, slots}) || !hasShape(getWeights(), {tokens, slots})) // C2
    return emitOpError("needs results [T, ") << slots << "]";
  int64_t groups = getGroups(), kept = getGroupsKept();
  if (groups < 1 || experts % groups != 0 || kept < 1 || kept > groups) // C4
    return emitOpError("needs groups that divide E and 1 <= groups_kept <= groups");
  bool hashed = getSelect() == Select::hash;
  if (hashed != bool(getTokenIds()) || hashed != bool(getTable())) // C5
    return emitOpError("takes token_ids and table for hash, and only then");
  bool bounded = getSelect() == Select::capacity || getSelect() == Select::expert_choice;
  if (bounded && int64_t(getCapacity()) < 1) // C6
    return emitOpError("needs a capacity of at least 1");
  if (getSequence() && (getSelect() != Select::capacity || rank(getSequence()) != 0)) // C7
    return emitOpError("takes a sequence of rank 0, for capacity alone");
  return success();
}

LogicalResult RouteOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> shape = {dimension(builder, getLoc(), getLogits(), 0),
                                     builder.getIndexAttr(length(getIds(), 1))};
  shapes.assign(2, shape);
  return success();
}

LogicalResult TopKOp::verify() {
  if (rank(getInput()) < 1) // C2
    return emitOpError("needs a rank of at least 1");
  auto outer = cast<ShapedType>(getInput().getType()).getShape().drop_back();
  SmallVector<int64_t> shape(outer);
  shape.push_back(ShapedType::kDynamic);
  bool sameElements = getElementTypeOrSelf(getValues()) == getElementTypeOrSelf(getInput());
  if (!sameElements || !hasShape(getValues(), shape) || !hasShape(getIndices(), shape)) // C1
    return emitOpError("needs results with the outer shape of the input, and values of its element type");
  return success();
}

LogicalResult TopKOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> shape = dimensions(builder, getLoc(), getInput());
  int64_t kept = length(getValues(), -1);
  shape.back() = ShapedType::isDynamic(kept) ? OpFoldResult(getK()) : builder.getIndexAttr(kept);
  shapes.assign(2, shape);
  return success();
}

} // namespace moe
