//===- Lengths.cpp - lengths of named axes that must agree when the code runs -----------------------------------===//
#include "Lengths.h"
#include "moe/Dialect/Rt.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace moe {

Value Lengths::operator[](char letter) const { return getValueOrCreateConstantIndexOp(b, b.getLoc(), known.lookup(letter)); }

void Lengths::compare(char letter, OpFoldResult length, bool orOne) {
  OpFoldResult first = known.lookup(letter);
  bool constants = getConstantIntValue(first) && getConstantIntValue(length); // those the verifier compared
  if (first == length || constants || (orOne && isConstantIntValue(length, 1)))
    return;
  Code c(b);
  Value here = getValueOrCreateConstantIndexOp(b, b.getLoc(), length), fits = c.equal(here, (*this)[letter]);
  if (orOne)
    fits = c.either(fits, c.equal(here, c.index(1)));
  rt::CheckOp::create(b, fits, (opName + ": operands disagree about the length " + Twine(letter)).str());
}

void Lengths::bind(Value tensor, StringRef letters) {
  if (!tensor)
    return;
  for (auto [axis, letter] : llvm::enumerate(letters)) {
    OpFoldResult length = tensor::getMixedSize(b, b.getLoc(), tensor, axis);
    char name = llvm::toUpper(letter);
    if (!known.try_emplace(name, length).second)
      compare(name, length, /*orOne=*/letter != name);
  }
}

} // namespace moe
