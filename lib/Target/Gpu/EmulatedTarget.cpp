//===- EmulatedTarget.cpp - the targets emu:CHIP ------------------------------------------------------------------===//
#include "../Cpu/Machine.h"
#include "../Cpu/Rounding.h"
#include "DeviceCode.h"
#include "Emulate.h"
#include "Passes.h"
#include "moe/Dialect/Rt.h"
#include "moe/Target/Cpu.h"
#include "moe/Target/Gpu.h"

using namespace mlir;

namespace moe {
namespace {

class EmulatedTarget : public Target {
public:
  explicit EmulatedTarget(const Chip &chip) : chip(chip) {}

  std::string name() const override { return "emu:" + chip.name.str(); }
  std::string device() const override { return "emu"; }
  void buildSchedule(OpPassManager &passes, const CompileOptions &options) const override { scheduleForGpu(passes, options, chip); }
  void buildLower(OpPassManager &passes, const CompileOptions &) const override { lowerForGpu(passes, chip); }

  LogicalResult emit(ModuleOp module, const CompileOptions &, StringRef folder, TargetCode &code) const override {
    code.host = fileName("host", "so");
    code.isas = {"avx2"};
    if (failed(compileForCpu(module, code.isas, (folder + "/" + code.host).str())))
      return failure();
    if (!deviceCodeOf(module))
      return success();
    code.device = fileName("code", "so");
    code.kernels = textsOf(module, rt::kKernelsAttr);
    code.messages = textsOf(module, rt::kMessagesAttr);
    llvm::LLVMContext context;
    std::unique_ptr<llvm::Module> device = translateDeviceCode(module, context);
    if (!device)
      return failure();
    std::unique_ptr<llvm::TargetMachine> machine = x86Machine();
    device->setTargetTriple(machine->getTargetTriple());
    device->setDataLayout(machine->createDataLayout());
    if (llvm::Error error = emulate(*device, code.kernels, chip.wave))
      return module.emitError("stage emit: ") << llvm::toString(std::move(error));
    optimizeForX86(*device, *machine, {});
    defineBfloatRounding(*device); // last: nothing but the code generator knows of its calls
    return writeSharedObject(*device, *machine, module, (folder + "/" + code.device).str());
  }

private:
  const Chip &chip;
};

} // namespace

llvm::Expected<std::shared_ptr<const Target>> makeEmulatedTarget(StringRef name) {
  if (const Chip *chip = chipNamed(name))
    return std::make_shared<EmulatedTarget>(*chip);
  return llvm::createStringError("emu:" + name + " is no GPU that is known; there are gpu (the first one), " + chipNames());
}

} // namespace moe
