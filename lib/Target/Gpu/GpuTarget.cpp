//===- GpuTarget.cpp - what all targets with device code share --------------------------------------------------===//
#include "GpuTarget.h"
#include "DeviceCode.h"
#include "Passes.h"
#include "moe/Dialect/Rt.h"
#include "moe/Target/Cpu.h"

using namespace mlir;

namespace moe {

void GpuTarget::buildSchedule(OpPassManager &passes, const CompileOptions &options) const { scheduleForGpu(passes, options, chip); }

void GpuTarget::buildLower(OpPassManager &passes, const CompileOptions &) const { lowerForGpu(passes, chip); }

LogicalResult GpuTarget::emit(ModuleOp module, const CompileOptions &options, StringRef folder, TargetCode &code) const {
  code.host = fileName("host", "so");
  code.isas = {"avx2"};
  if (failed(compileForCpu(module, code.isas, (folder + "/" + code.host).str())))
    return failure();
  if (!deviceCodeOf(module))
    return success();
  code.device = fileName("code", extension());
  code.kernels = textsOf(module, rt::kKernelsAttr);
  code.messages = textsOf(module, rt::kMessagesAttr);
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> device = translateDeviceCode(module, context);
  if (!device)
    return failure();
  std::unique_ptr<llvm::TargetMachine> chosen = machine();
  device->setTargetTriple(chosen->getTargetTriple());
  device->setDataLayout(chosen->createDataLayout());
  return writeDevice(module, *device, *chosen, options, code, (folder + "/" + code.device).str());
}

} // namespace moe
