//===- CpuTarget.cpp - the target x86-64 -----------------------------------------------------------------------===//
#include "CpuTarget.h"
#include "moe/Target/Cpu.h"

using namespace mlir;

namespace moe {
namespace {

class CpuTarget : public Target {
public:
  explicit CpuTarget(std::vector<std::string> isas) : isas(std::move(isas)) {}

  std::string name() const override { return "cpu"; }
  std::string device() const override { return "cpu"; }
  void buildSchedule(OpPassManager &passes, const CompileOptions &options) const override { scheduleForCpu(passes, options); }
  void buildLower(OpPassManager &passes, const CompileOptions &) const override { lowerForCpu(passes); }
  LogicalResult emit(ModuleOp module, const CompileOptions &, StringRef folder, TargetCode &code) const override {
    code.host = fileName("code", "so");
    code.isas = isas;
    return compileForCpu(module, isas, (folder + "/" + code.host).str());
  }

private:
  std::vector<std::string> isas; ///< that kernels are made for, best last
};

} // namespace

llvm::Expected<std::shared_ptr<const Target>> makeCpuTarget(StringRef chip) {
  if (chip.empty())
    return std::make_shared<CpuTarget>(std::vector<std::string>{"avx2", "avx512", "amx"});
  if (chip == "native")
    return std::make_shared<CpuTarget>(std::vector<std::string>{nativeIsa()});
  return llvm::createStringError("cpu:" + chip + " is no target; cpu makes code for all instruction sets, cpu:native for this machine's");
}

} // namespace moe
