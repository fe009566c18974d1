//===- Diagnostics.h - what users read of errors ------------------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/Diagnostics.h"

namespace moe {

/// A diagnostic on one line: `model.onnx: error: 'node' (in 'outer'): MESSAGE`, `dump.mlir:12:3: error: MESSAGE`, or `error: MESSAGE`
/// where nobody knows a place. Notes follow on lines of their own.
std::string formatDiagnostic(const mlir::Diagnostic &diagnostic);

/// Sends the diagnostics of a context to `print`, one formatted text each, for as long as it lives.
class DiagnosticSink {
public:
  DiagnosticSink(mlir::MLIRContext &context, std::function<void(llvm::StringRef)> print)
      : handler(&context, [print = std::move(print)](mlir::Diagnostic &diagnostic) { print(formatDiagnostic(diagnostic)); }) {}

private:
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace moe
