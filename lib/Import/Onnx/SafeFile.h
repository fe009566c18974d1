//===- SafeFile.h - opening files that an untrusted model names ---------------------------------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>

namespace moe {

/// Why `name` may not be used as the location of external data of a model in `directory`, or "" where it may; `size` receives the
/// file's size in bytes. Allowed is a regular file inside the directory, reached without links, with one name.
std::string checkExternalFile(llvm::StringRef directory, llvm::StringRef name, uint64_t &size);

} // namespace moe
