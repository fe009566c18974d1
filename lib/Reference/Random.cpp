//===- Random.cpp - random inputs of tests ----------------------------------------------------------------------===//
#include "moe/Reference/Interpreter.h"
#include <cmath>
#include <numbers>

using namespace mlir;

namespace moe {

/// [0, 1) in 53 bits. The standard's distributions differ between libraries.
static double uniform(std::mt19937_64 &generator) { return double(generator() >> 11) * 0x1p-53; }

Tensor randomNormal(Type element, ArrayRef<int64_t> shape, std::mt19937_64 &generator, double scale) {
  Tensor result(element, shape);
  for (int64_t place = 0; place < result.count(); ++place) { // Box and Muller
    double radius = std::sqrt(-2 * std::log(1 - uniform(generator)));
    result.setReal(place, scale * radius * std::cos(2 * std::numbers::pi * uniform(generator)));
  }
  return result;
}

Tensor randomIntegers(Type element, ArrayRef<int64_t> shape, int64_t low, int64_t high, std::mt19937_64 &generator) {
  Tensor result(element, shape);
  for (int64_t place = 0; place < result.count(); ++place)
    result.setInteger(place, low + int64_t(uniform(generator) * double(high - low)));
  return result;
}

} // namespace moe
