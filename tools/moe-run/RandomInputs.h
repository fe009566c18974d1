//===- RandomInputs.h - inputs that a language model could get --------------------------------------------*- C++ -*-===//
#pragma once

#include "InputShapes.h"
#include <random>

namespace moerun {

/// An array for each input, of the given shapes: token numbers within the vocabulary (below 100 where nothing says how large it is),
/// masks of ones, positions past, past + 1, ..., floats from -1 to 1, and zeros for any other integers.
std::vector<Array> randomInputs(const Model &model, const Roles &roles, const std::vector<std::vector<int64_t>> &shapes, int64_t past,
                                std::mt19937_64 &random);

} // namespace moerun
