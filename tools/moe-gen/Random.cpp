//===- Random.cpp - weights that depend on their name alone -----------------------------------------------------===//
#include "Random.h"
#include "llvm/Support/xxhash.h"
#include <algorithm>
#include <cmath>

namespace moe::gen {

/// splitmix64's finaliser (Steele, Lea, Flood 2014).
static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

Matrix::Matrix(uint64_t seed, llvm::StringRef name, int64_t rows, int64_t columns, Grid grid)
    : rows(rows), columns(columns), grid(grid), key(mix(seed + 0x9E3779B97F4A7C15ull) ^ llvm::xxh3_64bits(name)),
      gain(float(std::sqrt(3.0 / double(columns)))) {}

float Matrix::at(int64_t row, int64_t column) const {
  uint64_t bits = mix(key + 0x9E3779B97F4A7C15ull * uint64_t(row * columns + column + 1)) >> 40;
  return (float(bits) * 0x1p-23f - 1.0f) * gain;
}

QuantizedRow Matrix::quantized(int64_t row) const {
  QuantizedRow result;
  float middle = float(1 << (grid.bits - 1));
  int64_t block = grid.block ? grid.block : columns;
  for (int64_t begin = 0; begin < columns; begin += block) {
    int64_t end = std::min(begin + block, columns);
    float largest = 0;
    for (int64_t column = begin; column < end; ++column)
      largest = std::max(largest, std::fabs(at(row, column)));
    float scale = largest / (middle - 1);
    result.scales.push_back(scale);
    for (int64_t column = begin; column < end; ++column)
      result.q.push_back(uint8_t(std::nearbyint(scale ? at(row, column) / scale : 0.0f) + middle));
  }
  return result;
}

std::vector<float> Matrix::values() const {
  std::vector<float> result;
  result.reserve(rows * columns);
  for (int64_t row = 0; row < rows; ++row) {
    if (!grid.bits) {
      for (int64_t column = 0; column < columns; ++column)
        result.push_back(at(row, column));
      continue;
    }
    QuantizedRow q = quantized(row);
    float middle = float(1 << (grid.bits - 1));
    for (int64_t column = 0; column < columns; ++column)
      result.push_back((float(q.q[column]) - middle) * q.scales[grid.block ? column / grid.block : 0]);
  }
  return result;
}

} // namespace moe::gen
