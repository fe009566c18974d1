//===- Passes.h - passes from one dialect to another --------------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Pass/Pass.h"

namespace moe {
#define GEN_PASS_DECL
#include "moe/Conversion/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "moe/Conversion/Passes.h.inc"
} // namespace moe
