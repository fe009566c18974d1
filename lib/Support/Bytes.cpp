//===- Bytes.cpp - sizes of elements and tensors in memory and in files -----------------------------------------===//
#include "moe/Support/Bytes.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;

namespace moe {

unsigned storageBits(Type element) {
  unsigned bits = isa<IndexType>(element) ? 64 : element.getIntOrFloatBitWidth();
  return bits == 1 ? 8 : bits;
}

std::optional<int64_t> checkedBytes(ArrayRef<int64_t> lengths, unsigned bits) {
  std::optional<int64_t> total = bits;
  bool empty = false;
  for (int64_t length : lengths) {
    if (length < 0)
      return std::nullopt;
    empty |= length == 0;
    if (total && length)
      total = llvm::checkedMul<int64_t>(*total, length);
  }
  if (!total)
    return std::nullopt;
  return empty ? 0 : *total / 8 + (*total % 8 != 0);
}

int64_t byteSize(ShapedType type) {
  return checkedBytes(type.getShape(), storageBits(type.getElementType())).value_or(-1);
}

} // namespace moe
