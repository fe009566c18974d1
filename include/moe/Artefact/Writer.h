//===- Writer.h - writing an artefact -----------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Target/Target.h"

namespace moe {

/// A module that was lowered for a target.
struct LoweredModule {
  std::shared_ptr<const Target> target;
  mlir::ModuleOp module;
};

/// Writes lowered modules of one model, each for another target, as the artefact folder `path`: beside its final name first, synced, then renamed, so that a reader never sees
/// half of it. An artefact that is there is replaced. Fails with a diagnostic and leaves nothing.
mlir::LogicalResult writeArtefact(llvm::ArrayRef<LoweredModule> modules, llvm::StringRef path, const CompileOptions &options);

} // namespace moe
