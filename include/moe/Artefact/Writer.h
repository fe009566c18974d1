//===- Writer.h - writing an artefact -----------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Pipelines/Options.h"
#include "mlir/IR/BuiltinOps.h"

namespace moe {

/// Writes a lowered module as the artefact folder `path`: beside its final name first, synced, then renamed, so that a reader never sees
/// half of it. An artefact that is there is replaced. Fails with a diagnostic and leaves nothing.
mlir::LogicalResult writeArtefact(mlir::ModuleOp module, llvm::StringRef path, const CompileOptions &options);

} // namespace moe
