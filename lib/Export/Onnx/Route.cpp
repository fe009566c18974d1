//===- Route.cpp - routers as ONNX operators --------------------------------------------------------------------===//
#include "Spell.h"

using namespace mlir;

namespace moe::spell {

static Value scored(NodeMaker &make, RouteOp op) {
  Value logits = op.getLogits();
  switch (op.getScore()) {
  case Score::identity: return logits;
  case Score::softmax: return make.node("Softmax", logits, make.attr("axis", -1), kOpset);
  case Score::sigmoid: return make.node("Sigmoid", logits, {}, kOpset);
  case Score::sqrt_softplus: return make.node("Sqrt", make.node("Softplus", logits, {}, kOpset), {}, kOpset);
  }
  llvm_unreachable("all scores are listed");
}

/// The k largest elements of the last axis and where they are.
static ValueRange topK(NodeMaker &make, Value value, int64_t k) {
  return make.nodes("TopK", 2, {value, make.ints(k)}, {make.attr("axis", -1), make.attr("largest", 1), make.attr("sorted", 1)}, kOpset);
}

/// `choice` with -inf where the group is not among the best.
static Value keptGroups(NodeMaker &make, RouteOp op, Value choice) {
  if (op.getGroups() == op.getGroupsKept())
    return choice;
  auto type = llvm::cast<RankedTensorType>(choice.getType());
  int64_t experts = type.getDimSize(1), groups = op.getGroups(), size = experts / groups;
  Value grouped = make.node("Reshape", {choice, make.ints({-1, groups, size})}, {}, kOpset);
  bool two = op.getGroupScore() == GroupScore::top2_sum && size > 1;
  Value best = topK(make, grouped, two ? 2 : 1)[0];
  Value score = make.node("ReduceSum", {best, make.ints(-1)}, make.attr("keepdims", 0), kOpset);
  Value kept = topK(make, score, op.getGroupsKept())[1];
  // [T, groups kept, 1] against [groups]: a group is kept where it is one of them.
  SmallVector<int64_t> numbers = llvm::to_vector(llvm::seq<int64_t>(groups));
  Value equal = make.node("Equal", {unsqueeze(make, kept, {2}), make.ints(numbers)}, {}, kOpset);
  Value any = make.node("ReduceMax", {cast(make, equal, make.b.getIntegerType(32)), make.ints(1)}, make.attr("keepdims", 0), kOpset);
  Value mask = cast(make, unsqueeze(make, any, {2}), make.b.getI1Type());
  Value lowest = make.number(-std::numeric_limits<double>::infinity(), type.getElementType());
  Value masked = make.node("Where", {mask, grouped, lowest}, {}, kOpset);
  return make.node("Reshape", {masked, make.ints({-1, experts})}, {}, kOpset);
}

std::pair<Value, Value> spell(NodeMaker &make, RouteOp op) {
  if (op.getSelect() != Select::topk && op.getSelect() != Select::hash)
    return op.emitError("a router that selects by ") << stringifySelect(op.getSelect()) << " has no form in ONNX; compile to an artefact (-o NAME.moe)",
           std::pair<Value, Value>();
  Value score = scored(make, op), ids;
  Type element = getElementTypeOrSelf(score.getType());
  if (op.getSelect() == Select::hash) {
    ids = make.node("Gather", {op.getTable(), op.getTokenIds()}, make.attr("axis", 0), kOpset);
  } else {
    Value choice = op.getBias() ? make.node("Add", {score, op.getBias()}, {}, kOpset) : score;
    ids = topK(make, keptGroups(make, op, choice), op.getK())[1];
  }
  Value weights = make.node("GatherElements", {score, ids}, make.attr("axis", 1), kOpset);
  if (op.getRenorm() == Renorm::softmax)
    weights = make.node("Softmax", weights, make.attr("axis", -1), kOpset);
  if (op.getRenorm() == Renorm::sum) {
    Value sum = make.node("ReduceSum", {weights, make.ints(-1)}, make.attr("keepdims", 1), kOpset);
    if (double epsilon = op.getEpsilon().convertToDouble())
      sum = make.node("Add", {sum, make.number(epsilon, element)}, {}, kOpset);
    if (double floor = op.getFloor().convertToDouble(); floor > 0)
      sum = make.node("Max", {sum, make.number(floor, element)}, {}, kOpset);
    weights = make.node("Div", {weights, sum}, {}, kOpset);
  }
  if (double scale = op.getScale().convertToDouble(); scale != 1)
    weights = make.node("Mul", {weights, make.number(scale, element)}, {}, kOpset);
  return {cast(make, ids, getElementTypeOrSelf(op.getIds().getType())), cast(make, weights, getElementTypeOrSelf(op.getWeights().getType()))};
}

} // namespace moe::spell
