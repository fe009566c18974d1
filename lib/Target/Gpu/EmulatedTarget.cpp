//===- EmulatedTarget.cpp - the targets emu:CHIP ------------------------------------------------------------------===//
#include "../Cpu/Machine.h"
#include "../Cpu/Rounding.h"
#include "Emulate.h"
#include "GpuTarget.h"
#include "moe/Target/Gpu.h"

using namespace mlir;

namespace moe {
namespace {

class EmulatedTarget : public GpuTarget {
public:
  using GpuTarget::GpuTarget;

  std::string name() const override { return "emu:" + chip.name.str(); }
  std::string device() const override { return "emu"; }

private:
  StringRef extension() const override { return "so"; }
  std::unique_ptr<llvm::TargetMachine> machine() const override { return x86Machine(); }

  LogicalResult writeDevice(ModuleOp origin, llvm::Module &device, llvm::TargetMachine &machine, const CompileOptions &, const TargetCode &code,
                            const std::string &path) const override {
    if (llvm::Error error = emulate(device, code.kernels, chip.wave))
      return origin.emitError("stage emit: ") << llvm::toString(std::move(error));
    optimizeForX86(device, machine, {});
    defineBfloatRounding(device); // last: nothing but the code generator knows of its calls
    return writeSharedObject(device, machine, origin, path);
  }
};

} // namespace

llvm::Expected<std::shared_ptr<const Target>> makeEmulatedTarget(StringRef name) {
  if (const Chip *chip = chipNamed(name))
    return std::make_shared<EmulatedTarget>(*chip);
  return llvm::createStringError("emu:" + name + " is no GPU that is known; there are gpu (the first one), " + chipNames());
}

} // namespace moe
