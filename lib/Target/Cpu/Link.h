//===- Link.h - from an object to a shared object -----------------------------------------------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include <string>

namespace moe {

/// Links `object` into the shared object `output`; returns "" or what went wrong.
std::string linkShared(llvm::StringRef object, llvm::StringRef output);

} // namespace moe
