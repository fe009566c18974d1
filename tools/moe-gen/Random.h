//===- Random.h - weights that depend on their name alone ---------------------------------------------*- C++ -*-===//
//
// An element is a function of (seed, name of its matrix, its place), so that every form of a model has the same weights in whatever
// order and layout it writes them.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <vector>

namespace moe::gen {

/// Blocks of few bits: value = (q - 2^(bits-1)) * scale, a scale for `block` neighbours in a row. 0 bits: not quantized.
struct Grid {
  int64_t bits = 0, block = 32;
};

/// A row of a matrix in a block format.
struct QuantizedRow {
  std::vector<uint8_t> q; ///< one element each
  std::vector<float> scales;
};

class Matrix {
public:
  /// Elements are uniform with variance 1 / columns: a product with it keeps the size of its input.
  Matrix(uint64_t seed, llvm::StringRef name, int64_t rows, int64_t columns, Grid grid = {});

  int64_t rows, columns;
  Grid grid;

  /// An element before rounding to the grid.
  float at(int64_t row, int64_t column) const;
  QuantizedRow quantized(int64_t row) const;
  /// All elements, on the grid where there is one, row by row.
  std::vector<float> values() const;

private:
  uint64_t key;
  float gain;
};

} // namespace moe::gen
