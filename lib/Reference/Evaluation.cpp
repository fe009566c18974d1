//===- Evaluation.cpp - what the rule of one op reads and writes ------------------------------------------------===//
#include "Evaluation.h"

using namespace mlir;

namespace moe::reference {

std::string describe(ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (auto [axis, length] : llvm::enumerate(shape))
    text += (axis ? ", " : "") + (ShapedType::isDynamic(length) ? "?" : std::to_string(length));
  return text + "]";
}

OpSlots::OpSlots(Compiler &compiler, Operation *op) {
  for (Value operand : op->getOperands()) {
    operands.push_back(compiler.slot(operand));
    take.push_back(compiler.mayTake(operand, op));
  }
  for (Value result : op->getResults())
    results.push_back(compiler.define(result));
}

bool Axes::bind(StringRef letters, ArrayRef<int64_t> shape) {
  bool agree = letters.size() == shape.size();
  for (auto [letter, length] : llvm::zip(letters, shape))
    agree &= lengths.try_emplace(letter, length).first->second == length;
  return agree;
}

unsigned Evaluation::numberOf(Value operand) {
  return std::distance(op->operand_begin(), llvm::find(op->getOperands(), operand));
}

const Tensor &Evaluation::tensor(Value operand) { return frame.tensors[slots.operands[numberOf(operand)].index]; }

Tensor Evaluation::take(Value operand) {
  unsigned number = numberOf(operand);
  Tensor &held = frame.tensors[slots.operands[number].index];
  return slots.take[number] ? std::move(held) : held;
}

Scalar Evaluation::scalar(Value operand) { return *frame.at(slots.operands[numberOf(operand)].index); }
int64_t Evaluation::integer(Value operand) { return scalar(operand).integer; }

int64_t Evaluation::integer(OpFoldResult size) {
  if (auto value = dyn_cast<Value>(size))
    return integer(value);
  return cast<IntegerAttr>(cast<Attribute>(size)).getInt();
}

SmallVector<int64_t> Evaluation::integers(ArrayRef<OpFoldResult> sizes) {
  return llvm::map_to_vector(sizes, [&](OpFoldResult size) { return integer(size); });
}

std::optional<Axes> Evaluation::axes(std::initializer_list<std::pair<Value, StringRef>> operands) {
  Axes result;
  for (auto [operand, letters] : operands)
    if (operand && !result.bind(letters, tensor(operand).shape())) {
      std::string known;
      for (char letter : letters)
        known += (known.empty() ? "" : ", ") + std::string(1, letter) + " = " + std::to_string(result[letter]);
      (void)fail("operand #" + Twine(numberOf(operand)) + " has the lengths " + describe(tensor(operand).shape()) + ", which disagree with " + known);
      return std::nullopt;
    }
  return result;
}

std::optional<Tensor> Evaluation::make(Value result, ArrayRef<int64_t> shape) {
  Type element = getElementTypeOrSelf(result.getType());
  auto bytes = Tensor::sizeInBytes(element, shape);
  if (bytes && *bytes <= machine().limits.bytes)
    return Tensor(element, shape);
  (void)fail("a tensor with the lengths " + describe(shape) + " does not fit");
  return std::nullopt;
}

LogicalResult Evaluation::set(Value result, Tensor value) {
  auto type = cast<RankedTensorType>(result.getType());
  if (failed(verifyCompatibleShape(type.getShape(), value.shape())))
    return fail("the result has the lengths " + describe(value.shape()) + ", but its type says " + describe(type.getShape()));
  frame.tensors[slots.results[cast<OpResult>(result).getResultNumber()].index] = std::move(value);
  return success();
}

LogicalResult Evaluation::set(Value result, Scalar value) {
  *frame.at(slots.results[cast<OpResult>(result).getResultNumber()].index) = value;
  return success();
}

LogicalResult Evaluation::fail(const Twine &message) {
  machine().fail(op, message);
  return failure();
}

} // namespace moe::reference
