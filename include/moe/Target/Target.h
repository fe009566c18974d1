//===- Target.h - what a target must supply -----------------------------------------------------------*- C++ -*-===//
//
// A target turns the tensor graph that legalize leaves into files of an artefact: a schedule (kernels and launches on buffers), a lowering
// to LLVM's dialects, and code. Those of this project and those of plugins register in the same way.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "moe/Pipelines/Options.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include <memory>

namespace moe {

/// The files that a target has added to an artefact, and what the manifest says of them.
struct TargetCode {
  std::string host;                       ///< shared object with the entries
  std::vector<std::string> isas;          ///< instruction sets of the host that it is for, best last
  std::string device;                     ///< code of the device's own; empty where there is none
  std::vector<std::string> kernels;       ///< of that, in the order of their numbers
  std::vector<std::string> messages;      ///< of checks in kernels, in the order of their numbers
};

class Target {
public:
  virtual ~Target() = default;

  /// As in --target and in the manifest: "emu:sm_90a".
  virtual std::string name() const = 0;
  /// The runtime's device that runs its code.
  virtual std::string device() const = 0;

  /// Adds the passes from a legalized module to buffers, kernels and launches (stage schedule).
  virtual void buildSchedule(mlir::OpPassManager &passes, const CompileOptions &options) const = 0;
  /// Adds the passes from there to LLVM's dialects (stage lower).
  virtual void buildLower(mlir::OpPassManager &passes, const CompileOptions &options) const = 0;
  /// Writes the code files of a lowered module into `folder`; fails with a diagnostic.
  virtual mlir::LogicalResult emit(mlir::ModuleOp module, const CompileOptions &options, llvm::StringRef folder, TargetCode &code) const = 0;

  /// "code." or "host.", the name and `extension` as the name of a file.
  std::string fileName(llvm::StringRef kind, llvm::StringRef extension) const;
};

/// Makes the target for what stands behind the colon in --target=KIND:CHIP ("" where there is no colon), or says what is wanted instead.
using TargetFactory = std::function<llvm::Expected<std::shared_ptr<const Target>>(llvm::StringRef chip)>;

/// Adds a kind of targets; one of the same name is replaced. Called before command lines are read.
void registerTarget(llvm::StringRef kind, llvm::StringRef help, TargetFactory factory);
/// The target of a --target value; an unknown one is an error that names all kinds.
llvm::Expected<std::shared_ptr<const Target>> lookupTarget(llvm::StringRef name);
/// All kinds with their help, for --help.
std::string targetHelp();

} // namespace moe
