//===- Reader.h - an ONNX file, validated before any IR is built --------------------------------------*- C++ -*-===//
#pragma once

#include "WireScan.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "onnx/onnx_pb.h"

namespace moe {

/// Where the bytes of an initialiser are.
struct WeightSource {
  std::string path; ///< absolute; "" where the data is in the message itself
  ByteRange bytes;
};

/// A validated model: every rule that does not need a graph walk has been checked.
struct OnnxFile {
  ::onnx::ModelProto model;
  std::string path, directory;
  std::vector<WeightSource> weights; ///< per initialiser of the main graph

  using Report = llvm::function_ref<void(const llvm::Twine &)>;
  /// Reads and validates; false after a report.
  bool read(llvm::StringRef path, Report report);
};

} // namespace moe
