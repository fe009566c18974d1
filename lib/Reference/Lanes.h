//===- Lanes.h - elements of tensors in and out of scalar slots ------------------------------------------*- C++ -*-===//
#pragma once

#include "Element.h"
#include "Program.h"

namespace moe::reference {

/// lanes[i] = tensor[places[i]].
void load(const Tensor &tensor, const int64_t *places, Scalar *lanes, int count);
/// data[places[i]] = lanes[i], which have been rounded to the format.
void store(const ElementFormat &format, char *data, const int64_t *places, const Scalar *lanes, int count);

/// A scalar as a tensor of rank 0, and back.
Tensor toTensor(mlir::Type type, Scalar value);
Scalar toScalar(const Tensor &tensor);

/// Rounds floats, wraps integers.
void narrow(const ElementFormat &format, Scalar *lanes, int count);

/// sum_i row[offset + i] * x[i] in double; the row's elements are floats.
double dot(const Tensor &row, int64_t offset, llvm::ArrayRef<double> x);
/// sums[i] += factor * row[offset + i] in double.
void addScaled(llvm::MutableArrayRef<double> sums, double factor, const Tensor &row, int64_t offset);
/// Elements [offset, offset + count) as doubles.
std::vector<double> reals(const Tensor &tensor, int64_t offset, int64_t count);

/// The place of the element at `index` in a tensor that is repeated along its axes of length 1.
int64_t broadcastPlace(const Tensor &tensor, llvm::ArrayRef<int64_t> index);

/// The bits of an integer as a natural number.
inline uint64_t natural(const ElementFormat &format, int64_t value) {
  return uint64_t(value) << (64 - format.bits) >> (64 - format.bits);
}

} // namespace moe::reference
