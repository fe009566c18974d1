//===- ErrorFeedback.cpp - later weights make up for the errors of earlier ones ---------------------------------===//
#include "ErrorFeedback.h"
#include <cmath>

namespace moe::reference {

ErrorFeedback::ErrorFeedback(int64_t depth, double damping, llvm::function_ref<double(int64_t, int64_t)> matrix) : depth(depth), factor(depth * depth) {
  auto at = [&](int64_t i, int64_t j) -> double & { return factor[i * depth + j]; };
  double mean = 0;
  for (int64_t i = 0; i < depth; ++i)
    for (int64_t j = i; j < depth; ++j)
      at(i, j) = matrix(i, j);
  for (int64_t i = 0; i < depth; ++i)
    mean += at(i, i) / double(depth);
  for (int64_t i = 0; i < depth; ++i)
    at(i, i) = at(i, i) == 0 ? 1 : at(i, i) + damping * mean; // an input that is always 0 is independent of the others
  // H = V * transpose(V), V upper, from the last column on; then U is V's inverse.
  for (int64_t j = depth - 1; j >= 0; --j) {
    at(j, j) = std::sqrt(std::max(at(j, j), 1e-30));
    for (int64_t i = 0; i < j; ++i)
      at(i, j) /= at(j, j);
    for (int64_t i = 0; i < j; ++i)
      for (int64_t k = i; k < j; ++k)
        at(i, k) -= at(i, j) * at(k, j);
  }
  // Row i of the inverse, divided by its diagonal 1 / V[i, i]: x * V = V[i, i] * e_i, solved from left to right.
  std::vector<double> row(depth);
  for (int64_t i = 0; i < depth; ++i) {
    for (int64_t j = i + 1; j < depth; ++j)
      row[j] = -at(i, j);
    for (int64_t k = i + 1; k < depth; ++k) {
      row[k] /= at(k, k);
      for (int64_t j = k + 1; j < depth; ++j)
        row[j] -= row[k] * at(k, j);
    }
    for (int64_t j = i + 1; j < depth; ++j)
      at(i, j) = row[j];
  }
}

void ErrorFeedback::makeUp(llvm::MutableArrayRef<double> row, int64_t k, double error) const {
  for (int64_t j = k + 1; j < depth; ++j)
    row[j] -= error * factor[k * depth + j];
}

} // namespace moe::reference
