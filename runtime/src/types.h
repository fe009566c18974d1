//===- types.h - element types -----------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moert/moert.h"
#include <optional>
#include <string_view>

namespace moert {

/// The type that a manifest calls `name`.
std::optional<moert_type> typeNamed(std::string_view name);

/// The product of lengths times the element size; nullopt where it does not fit 63 bits or a length is negative.
std::optional<int64_t> byteSize(moert_type type, const int64_t *dims, int32_t rank);

} // namespace moert
