//===- Linear.cpp - finding projections -------------------------------------------------------------------------===//
#include "../NodeMaker.h"
#include "../Replace.h"
#include "Layers.h"
#include "moe/Dialect/Moe.h"

using namespace mlir;

namespace moe::raise {

bool WeightSet::contains(Value value) {
  auto [entry, isNew] = known.try_emplace(value, false);
  if (!isNew)
    return entry->second;
  bool result = false;
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<GetParamOp, onnx::ConstantOp>(op))
    result = true;
  else if (auto node = dyn_cast_or_null<onnx::NodeOp>(op); node && node.getBodies().empty() && node.getNumOperands())
    result = llvm::all_of(node.getOperands(), [&](Value operand) { return isa<onnx::NoneType>(operand.getType()) || contains(operand); });
  return known[value] = result;
}

/// The weight [N] that one operand of an Add gives to rows of `value`; null where it is none.
static Value biasOf(WeightSet &weights, onnx::NodeOp add, Value value, int64_t outputs) {
  Value other = add.getOperand(add.getOperand(0) == value ? 1 : 0);
  auto type = dyn_cast<RankedTensorType>(other.getType());
  if (other == value || !type || !weights.contains(other) || type.getRank() == 0 || type.getShape().back() != outputs || type.getNumElements() != outputs)
    return {};
  return other;
}

bool raiseLinear(View &view, WeightSet &weights, onnx::NodeOp node) {
  if (!node.is("MatMul") && !node.is("Gemm"))
    return false;
  Value x = node.getOperand(0), w = node.getOperand(1);
  auto inputType = dyn_cast<RankedTensorType>(x.getType()), weightType = dyn_cast<RankedTensorType>(w.getType());
  bool transB = node.intAttribute("transB", 0);
  if (!inputType || !weightType || weightType.getRank() != 2 || !weightType.hasStaticShape() || inputType.getRank() < 1 ||
      !isa<FloatType>(inputType.getElementType()) || !weights.contains(w) || weights.contains(x))
    return false;
  if (node.intAttribute("transA", 0) || node.floatAttribute("alpha", 1) != 1 || node.floatAttribute("beta", 1) != 1)
    return false;
  int64_t outputs = weightType.getDimSize(transB ? 0 : 1);
  Value bias = node.input(2);
  onnx::NodeOp last = node;
  if (bias) {
    auto type = cast<RankedTensorType>(bias.getType());
    if (!weights.contains(bias) || type.getNumElements() != outputs || type.getRank() == 0 || type.getShape().back() != outputs)
      return false;
  } else if (node->hasOneUse()) {
    auto add = dyn_cast<onnx::NodeOp>(*node->user_begin());
    if (add && add.is("Add") && add.getResult(0).getType() == node.getResult(0).getType() && (bias = biasOf(weights, add, node.getResult(0), outputs)))
      last = add;
  }
  NodeMaker make(OpBuilder(last), node.getLoc(), view.shapes);
  Value matrix = transB ? w : make.transpose(w, {1, 0});
  if (bias)
    bias = make.reshape(bias, {outputs});
  auto op = make.known(LinearOp::create(make.b, node.getLoc(), cast<RankedTensorType>(last.getResult(0).getType()), x, matrix, bias));
  replaceRaised(last.getResult(0), op.getResult());
  return true;
}

} // namespace moe::raise
