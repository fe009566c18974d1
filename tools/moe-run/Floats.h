//===- Floats.h - numbers with a fraction of any width --------------------------------------------------*- C++ -*-===//
#pragma once

#include "Array.h"

namespace moerun {

/// True for float16, bfloat16, float32 and float64: the types below.
bool isFloat(moert_type type);

double floatAt(moert_type type, const void *data, int64_t index);
/// Rounds to the nearest number of the type, ties to even.
void setFloat(moert_type type, void *data, int64_t index, double value);

/// The array with elements of another float type.
Array convertFloats(const Array &array, moert_type type);

} // namespace moerun
