//===- Bytes.h - sizes of elements and tensors in memory and in files ---------------------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include <optional>

namespace moe {

/// Bits of one element as it is stored: a boolean takes 8.
unsigned storageBits(mlir::Type element);

/// Bytes of a tensor or memref of static shape, elements packed without gaps. Shapes whose size does not fit into 63 bits are not
/// passed here (see checkedBytes).
int64_t byteSize(mlir::ShapedType type);

/// Bytes of `lengths` elements of `bits` bits, rounded up; nullopt where a length is negative or the product overflows 63 bits.
std::optional<int64_t> checkedBytes(llvm::ArrayRef<int64_t> lengths, unsigned bits);

} // namespace moe
