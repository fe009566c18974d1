//===- Resources.h - what kernels take of a chip --------------------------------------------------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <map>
#include <string>

namespace moe {

/// What a kernel takes of a chip, as its vendor's tools say.
struct KernelResources {
  int64_t registers = 0, spills = 0; ///< of a thread; bytes or registers in memory
  int64_t shared = 0;                ///< bytes of workgroup memory
  int64_t matrixInstructions = 0;    ///< in its code
};

using ResourceReport = std::map<std::string, KernelResources>; ///< by kernel

/// Reads what `ptxas -v` prints, and counts in the PTX that it was given.
ResourceReport readPtxasReport(llvm::StringRef log, llvm::StringRef ptx);
/// Reads AMDGPU assembly and the metadata behind it.
ResourceReport readAmdReport(llvm::StringRef assembly);

/// A line for each kernel.
void print(const ResourceReport &report, llvm::StringRef target, llvm::raw_ostream &out);

} // namespace moe
