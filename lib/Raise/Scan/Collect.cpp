//===- Collect.cpp - what the steps of an unrolled loop give, put together --------------------------------------===//
#include "Collect.h"

using namespace mlir;

namespace moe::raise {

/// The number that every element of a tensor is; nullopt where that is not known.
static std::optional<int64_t> splat(View &view, Value value) {
  std::vector<E> digits;
  E element = view.open(view.at(value, digits));
  return element->is(Kind::Const) ? std::optional<int64_t>(element->number) : std::nullopt;
}

std::optional<Collected> collectConcat(View &view, onnx::NodeOp node) {
  auto type = dyn_cast<RankedTensorType>(node.getResult(0).getType());
  if (!node.is("Concat") || node.getNumOperands() < 2 || !type)
    return std::nullopt;
  int64_t axis = node.intAttribute("axis", 0);
  Collected result{llvm::to_vector(node.getOperands()), axis < 0 ? axis + type.getRank() : axis, {}, 0};
  bool single = llvm::all_of(result.values, [&](Value value) { return view.extent(value, result.axis).is(1); });
  return single ? std::optional(std::move(result)) : std::nullopt;
}

std::optional<Collected> collectScatters(View &view, onnx::NodeOp node) {
  Collected result;
  auto skip = [](Value value) {
    for (auto node = value.getDefiningOp<onnx::NodeOp>(); node && node.is("Identity"); node = value.getDefiningOp<onnx::NodeOp>())
      value = node.getOperand(0);
    return value;
  };
  auto isWrite = [&](onnx::NodeOp each) { return each && each.is("ScatterElements") && each.stringAttribute("reduction", "none") == "none"; };
  if (!isWrite(node))
    return std::nullopt;
  for (Operation *user : node->getUsers()) // not the last one
    for (auto next = dyn_cast<onnx::NodeOp>(user); next;
         next = next.is("Identity") && next->hasOneUse() ? dyn_cast<onnx::NodeOp>(*next->user_begin()) : onnx::NodeOp())
      if (isWrite(next) && skip(next.getOperand(0)) == node.getResult(0))
        return std::nullopt;
  SmallVector<int64_t> places;
  for (onnx::NodeOp write = node; isWrite(write); write = result.buffer.getDefiningOp<onnx::NodeOp>()) {
    auto type = dyn_cast<RankedTensorType>(write.getOperand(0).getType());
    if (!type)
      return std::nullopt;
    int64_t axis = write.intAttribute("axis", 0);
    axis = axis < 0 ? axis + type.getRank() : axis;
    auto place = splat(view, write.getOperand(1));
    if (!place || (!places.empty() && axis != result.axis))
      return std::nullopt;
    // The whole of the other axes is written.
    for (int64_t other = 0; other < type.getRank(); ++other)
      if (SymExpr length = view.extent(write.getOperand(1), other); other == axis ? !length.is(1) : !(length == view.extent(write.getOperand(0), other)))
        return std::nullopt;
    result.axis = axis;
    places.push_back(*place);
    result.values.push_back(write.getOperand(2));
    result.buffer = skip(write.getOperand(0));
  }
  std::reverse(places.begin(), places.end());
  std::reverse(result.values.begin(), result.values.end());
  if (places.empty() || places != llvm::to_vector(llvm::seq<int64_t>(places.front(), places.front() + places.size())))
    return std::nullopt;
  result.first = places.front();
  return result;
}

} // namespace moe::raise
