//===- Cpu.h - machine code for x86-64 ----------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Target/Target.h"

namespace moe {

/// Compiles a lowered module to the shared object `path`. Each kernel exists once per instruction set of `isas` ("avx2", "avx512", "amx";
/// the first one is needed to run at all); moe_select_isa picks. Fails with a diagnostic.
mlir::LogicalResult compileForCpu(mlir::ModuleOp module, llvm::ArrayRef<std::string> isas, llvm::StringRef path);

/// cpu: all instruction sets, chosen when the code is loaded; cpu:native: this machine's alone.
llvm::Expected<std::shared_ptr<const Target>> makeCpuTarget(llvm::StringRef chip);

/// The best instruction set of this machine; "" where it has none that kernels are made for.
std::string nativeIsa();

} // namespace moe
