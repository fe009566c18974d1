//===- Compile.h - from a file to an artefact ---------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Pipelines/Stages.h"

namespace moe {

/// How a command ended; the values are the exit codes of the tools.
enum class ExitCode { Done = 0, Usage = 1, Invalid = 2, System = 3, Bug = 70 };

struct CompileRequest {
  std::string input;               ///< .onnx, or .mlir with `from`
  std::string output;              ///< .moe, .mlir or, after the optimize stage, .onnx; "-" prints
  std::optional<Stage> from, to;
  CompileOptions options;
};

/// Reads, compiles and writes; diagnostics go to the context's handlers. Leaves no partial output.
ExitCode compile(const CompileRequest &request, mlir::MLIRContext &context);

} // namespace moe
