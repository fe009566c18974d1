//===- DeviceCode.cpp - the kernels of a module as an LLVM module -----------------------------------------------===//
#include "DeviceCode.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/ROCDL/ROCDLToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

using namespace mlir;

namespace moe {

gpu::GPUModuleOp deviceCodeOf(ModuleOp module) {
  for (auto device : module.getOps<gpu::GPUModuleOp>())
    return device;
  return {};
}

std::unique_ptr<llvm::Module> translateDeviceCode(ModuleOp module, llvm::LLVMContext &context) {
  registerBuiltinDialectTranslation(*module.getContext());
  registerGPUDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  registerNVVMDialectTranslation(*module.getContext());
  registerROCDLDialectTranslation(*module.getContext());
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(deviceCodeOf(module), context, "device");
  if (!code)
    module.emitError("stage emit: the device code has no LLVM form");
  return code;
}

std::vector<std::string> textsOf(ModuleOp module, StringRef attribute) {
  std::vector<std::string> texts;
  if (auto list = module->getAttrOfType<ArrayAttr>(attribute))
    for (auto text : list.getAsRange<StringAttr>())
      texts.push_back(text.str());
  return texts;
}

} // namespace moe
