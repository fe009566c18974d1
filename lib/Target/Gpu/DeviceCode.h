//===- DeviceCode.h - the kernels of a module as an LLVM module ----------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"

namespace moe {

/// The device code of a lowered module.
mlir::gpu::GPUModuleOp deviceCodeOf(mlir::ModuleOp module);
/// That as LLVM IR with the vendor's intrinsics: what the code generator for the chip is given. Null after a diagnostic.
std::unique_ptr<llvm::Module> translateDeviceCode(mlir::ModuleOp module, llvm::LLVMContext &context);
/// The texts of a list attribute of the module.
std::vector<std::string> textsOf(mlir::ModuleOp module, llvm::StringRef attribute);

} // namespace moe
