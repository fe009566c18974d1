//===- Passes.h - passes within the language --------------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Pass/Pass.h"

namespace moe {
#define GEN_PASS_DECL
#include "moe/Transforms/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "moe/Transforms/Passes.h.inc"
} // namespace moe
