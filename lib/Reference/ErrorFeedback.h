//===- ErrorFeedback.h - later weights make up for the errors of earlier ones -------------------------*- C++ -*-===//
#pragma once

#include "mlir/Support/LLVM.h"
#include <vector>

namespace moe::reference {

/// How the error of one weight of a row is best made up for by those behind it, for inputs whose outer products add up to a matrix H
/// (GPTQ, arXiv:2210.17323).
class ErrorFeedback {
public:
  /// `damping` times the mean of H's diagonal is added to the diagonal.
  ErrorFeedback(int64_t depth, double damping, llvm::function_ref<double(int64_t, int64_t)> matrix);

  /// Changes the weights behind place `k` of a row, where `error` remains.
  void makeUp(llvm::MutableArrayRef<double> row, int64_t k, double error) const;

private:
  int64_t depth;
  std::vector<double> factor; ///< U[k, j] / U[k, k], U the upper Cholesky factor of H's inverse
};

} // namespace moe::reference
