//===- isa.h - instruction sets of this machine ---------------------------------------------------------*- C++ -*-===//
#pragma once

#include "status.h"
#include <vector>

namespace moert {

/// The best instruction set that the code has and this machine can run, or the one that is `wanted` (may be null) if both can: its level
/// (moert_isa) and name.
Status chooseIsa(const std::vector<std::string> &code, const char *wanted, int32_t &level, std::string &name);

/// The name of the best instruction set of this machine; "" where it has none that is known.
const char *machineIsa();

} // namespace moert
