//===- GpuTarget.h - what all targets with device code share -------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Target/Chip.h"
#include "moe/Target/Target.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

namespace moe {

/// Host code for AVX2, and device code for a chip.
class GpuTarget : public Target {
public:
  explicit GpuTarget(const Chip &chip) : chip(chip) {}

  void buildSchedule(mlir::OpPassManager &passes, const CompileOptions &options) const override;
  void buildLower(mlir::OpPassManager &passes, const CompileOptions &options) const override;
  mlir::LogicalResult emit(mlir::ModuleOp module, const CompileOptions &options, llvm::StringRef folder, TargetCode &code) const override;

protected:
  const Chip &chip;

private:
  /// The extension of the device code's file.
  virtual llvm::StringRef extension() const = 0;
  virtual std::unique_ptr<llvm::TargetMachine> machine() const = 0;
  /// Writes the device code of `origin`, which has the machine's triple and layout; fails with a diagnostic.
  virtual mlir::LogicalResult writeDevice(mlir::ModuleOp origin, llvm::Module &device, llvm::TargetMachine &machine, const CompileOptions &options,
                                          const TargetCode &code, const std::string &path) const = 0;
};

} // namespace moe
