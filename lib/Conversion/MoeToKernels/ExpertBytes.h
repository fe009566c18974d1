//===- ExpertBytes.h - the bytes of an expert's weights -----------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Moe.h"

namespace moe {

/// The bytes that one expert of the bank takes as its weights are stored: packed, or in codes with their scales.
int64_t expertBytes(ExpertsOp op);

} // namespace moe
