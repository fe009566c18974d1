//===- Chip.h - what is known of each GPU --------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace moe {

enum class Vendor { Nvidia, Amd };

struct Chip {
  llvm::StringLiteral name;
  Vendor vendor;
  int64_t wave;                  ///< threads that execute together
  llvm::StringLiteral features;  ///< for LLVM's code generator
};

/// All chips; the first one is "gpu".
llvm::ArrayRef<Chip> chips();
/// Null where there is none of that name.
const Chip *chipNamed(llvm::StringRef name);
/// "sm_80, sm_90a, ..." for messages.
std::string chipNames();

} // namespace moe
