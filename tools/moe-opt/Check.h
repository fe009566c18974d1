//===- Check.h - proving a compilation by execution ---------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Pipelines/Compile.h"
#include "llvm/Support/raw_ostream.h"

namespace moe {

/// Compiles the request's ONNX file three times (as asked; plainly, with nothing recognised; with the originals of all raises kept) and
/// runs the artefacts on `count` random inputs of random lengths. Prints the worst differences to `out`; fails with ExitCode::Invalid
/// where a raise differs from its original, or the artefact from the plain one, by more than rounding explains. The artefact that was
/// checked becomes the request's output; a request for less than an artefact gets none.
ExitCode checkByExecution(const CompileRequest &request, mlir::MLIRContext &context, int count, llvm::raw_ostream &out);

} // namespace moe
