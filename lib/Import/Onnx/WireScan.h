//===- WireScan.h - a first look at the bytes of an ONNX file -----------------------------------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>
#include <vector>

namespace moe {

/// Where a tensor's raw_data lies in the file.
struct ByteRange {
  uint64_t offset = 0, length = 0;
};

/// What the scan finds: per initialiser of the main graph, in order, its raw data (length 0 where it has none).
struct WireScan {
  std::vector<ByteRange> initializers;

  /// Walks the protobuf encoding of a ModelProto. Returns "" or what is wrong with it: truncated or overlong fields, nesting deeper
  /// than any real model's, more than one graph.
  std::string run(llvm::StringRef file);
};

} // namespace moe
