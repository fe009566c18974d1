//===- Rounding.h - the rounding that LLVM's code calls a library for ---------------------------------*- C++ -*-===//
#pragma once

#include "llvm/IR/Module.h"

namespace moe {

/// Defines `__truncsfbf2`, which code for instruction sets without bfloat16 calls wherever it keeps such a number in a register. Not every
/// libgcc has it, and an artefact needs no library.
void defineBfloatRounding(llvm::Module &module);

} // namespace moe
