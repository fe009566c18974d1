//===- Stages.h - the stages of a compilation ---------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Pipelines/Options.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"

namespace moe {

/// In order; each stage's contract holds after it and is checked by its verifier. Those that stages() does not list are part of the design
/// and not built yet.
enum class Stage { Import, Raise, Optimize, Quantize, Legalize, Place, Schedule, Lower, Emit };

struct StageInfo {
  Stage stage;
  llvm::StringLiteral name;
  llvm::StringLiteral sentence; ///< what is true after it
  /// Adds the stage's passes; null for import and emit, which are no passes.
  void (*build)(mlir::OpPassManager &, const CompileOptions &);
  /// Checks the contract; emits a diagnostic that names the stage, the op and the rule.
  mlir::LogicalResult (*verify)(mlir::ModuleOp);
};

/// All stages that are built, in order.
llvm::ArrayRef<StageInfo> stages();

/// The stage of a name; nullopt where there is none.
std::optional<Stage> stageNamed(llvm::StringRef name);

/// Runs the stages after `from` up to and including `to` on a module, each followed by its verifier.
mlir::LogicalResult runStages(mlir::ModuleOp module, Stage from, Stage to, const CompileOptions &options);

} // namespace moe
