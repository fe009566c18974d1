//===- HostOp.h - operators that the host program supplies --------------------------------------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace moe {

/// An operator that the compiler does not know and the program that runs the artefact computes (moert_register_op).
struct HostOp {
  std::string name; ///< "domain.Op"
  /// The input whose type and lengths all results have; without it the model says them, as value_info.
  std::optional<unsigned> like;
};

namespace onnx {
/// On an onnx.node that the host computes: for each result the names of its lengths, as in onnx.dims. Its result types are given, not inferred.
inline constexpr llvm::StringLiteral kHostAttr = "onnx.host";
} // namespace onnx

} // namespace moe
