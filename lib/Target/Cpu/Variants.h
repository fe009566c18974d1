//===- Variants.h - one kernel for several instruction sets -------------------------------------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Module.h"
#include <string>
#include <vector>

namespace moe {

/// What LLVM is told of an instruction set.
struct IsaTarget {
  llvm::StringLiteral name, cpu, features;
  unsigned vectorBits;
};
/// Null where there is no such instruction set.
const IsaTarget *isaTarget(llvm::StringRef name);

/// Makes a copy of each kernel for each instruction set, and `moe_select_isa(level)`, which lets the launches use those of the best
/// instruction set that is not above the level.
void makeVariants(llvm::Module &module, const llvm::StringSet<> &kernels, const std::vector<std::string> &isas);

} // namespace moe
