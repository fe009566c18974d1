//===- Npy.h - numpy's array files ------------------------------------------------------------------------*- C++ -*-===//
//
// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1 to 3.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "Array.h"
#include <functional>
#include <string_view>

namespace moerun {

/// Fills `size` bytes at `to` from where the file stands; throws Failure where it cannot.
using ReadBytes = std::function<void(char *to, int64_t size)>;

/// Reads an array file of `fileSize` bytes; `name` is for messages. Element types of numpy, little-endian, and raw V2 and V1 as ml_dtypes
/// writes bfloat16 and the 8-bit floats: `wanted` says what those are. Column-major data is transposed.
Array readNpy(const std::string &name, int64_t fileSize, moert_type wanted, const ReadBytes &read);
Array readNpyFile(const std::string &path, moert_type wanted);

/// The header of version 1 for an array; the elements follow it. Types that numpy lacks are written as raw bytes (V2, V1).
std::string npyHeader(moert_type type, const int64_t *dims, int32_t rank);
void writeNpyFile(const std::string &path, const moert_tensor &tensor);

} // namespace moerun
