//===- RankRules.cpp - ranks of results whose lengths only the run knows ----------------------------------------===//
#include "ShapeRules.h"

using namespace mlir;

namespace moe {
namespace {

std::optional<int64_t> rankOf(Value value) {
  auto type = value ? dyn_cast<RankedTensorType>(value.getType()) : RankedTensorType();
  return type ? std::optional(type.getRank()) : std::nullopt;
}

/// The number of elements of a list of axes or lengths.
std::optional<int64_t> countOf(Value value) {
  auto type = value ? dyn_cast<RankedTensorType>(value.getType()) : RankedTensorType();
  return type && type.hasStaticShape() ? std::optional(type.getNumElements()) : std::nullopt;
}

std::optional<int64_t> reduced(onnx::NodeOp node) {
  auto rank = rankOf(node.input(0)), count = node.input(1) ? countOf(node.input(1)) : std::optional<int64_t>(0);
  if (!rank || node.intAttribute("keepdims", 1) != 0)
    return rank;
  if (!count)
    return std::nullopt;
  bool none = *count == 0;
  return none ? (node.intAttribute("noop_with_empty_axes", 0) ? *rank : 0) : *rank - *count;
}

} // namespace

std::optional<int64_t> knownRank(onnx::NodeOp node) {
  if (!node.getDomain().empty())
    return std::nullopt;
  StringRef op = node.getOpType();
  auto rank = rankOf(node.input(0)), count = countOf(node.input(1));
  if (op.starts_with("Reduce"))
    return reduced(node);
  if (op == "Unsqueeze" && rank && count)
    return *rank + *count;
  if (op == "Squeeze" && rank && count)
    return *rank - *count;
  if (op == "Reshape")
    return count;
  if (op == "ConstantOfShape")
    return countOf(node.input(0));
  if (op == "Expand" && rank && count)
    return std::max(*rank, *count);
  if (op == "Tile" || op == "Pad" || op == "Slice" || op == "Resize" || op == "Upsample" || op == "Split" || op == "CumSum" || op == "CumProd" ||
      op == "Compress" || op == "TopK" || op == "ConvTranspose" || op == "DFT")
    return op == "Compress" && !node.attribute("axis") ? 1 : rank;
  if (op == "HannWindow" || op == "HammingWindow" || op == "BlackmanWindow" || op == "Range")
    return 1;
  if (op == "NonZero" || op == "MelWeightMatrix")
    return 2;
  if (op == "STFT")
    return 4;
  return std::nullopt;
}

} // namespace moe
