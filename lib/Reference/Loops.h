//===- Loops.h - walking the iteration space of a linalg op ------------------------------------------------*- C++ -*-===//
#pragma once

#include "Program.h"
#include "mlir/IR/AffineMap.h"

namespace moe::reference {

/// A map whose results are sums of loop counters times constants.
struct LinearMap {
  llvm::SmallVector<llvm::SmallVector<int64_t>> factors; ///< [result][loop]
  llvm::SmallVector<int64_t> constants;

  /// Nullopt where some result is not linear.
  static std::optional<LinearMap> get(mlir::AffineMap map);
};

/// Where each loop goes in a tensor: place = base + sum over loops of counter * strides[loop].
struct Access {
  int64_t base = 0;
  llvm::SmallVector<int64_t> strides;

  /// Nullopt where the loops leave the tensor.
  static std::optional<Access> get(const LinearMap &map, llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> shape);
};

/// Counts through some loops, the last one fastest, and follows a number of places along.
class Odometer {
public:
  Odometer(llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<unsigned> loops, llvm::ArrayRef<Access> accesses);
  /// Points of the space.
  int64_t points() const { return total; }
  /// Writes the places of the next `count` points, out[access * stride + point], and goes on.
  void take(int count, int64_t *out, int stride);

private:
  llvm::SmallVector<int64_t> lengths, index, at;
  llvm::SmallVector<llvm::SmallVector<int64_t>> steps; ///< [access][loop]
  int64_t total = 1;
};

} // namespace moe::reference
