//===- NativeTarget.cpp - the targets nvidia:CHIP and amd:CHIP -----------------------------------------------------===//
#include "../Cpu/Link.h"
#include "GpuTarget.h"
#include "Resources.h"
#include "moe/Target/Gpu.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace mlir;

namespace moe {
namespace {

std::unique_ptr<llvm::TargetMachine> machineFor(const Chip &chip) {
  static const bool initialized = [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    LLVMInitializeAMDGPUTargetInfo();
    LLVMInitializeAMDGPUTarget();
    LLVMInitializeAMDGPUTargetMC();
    LLVMInitializeAMDGPUAsmPrinter();
    return true;
  }();
  (void)initialized;
  llvm::Triple triple(chip.vendor == Vendor::Nvidia ? "nvptx64-nvidia-cuda" : "amdgcn-amd-amdhsa");
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, chip.name, chip.features, options, llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager cgscc;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(cgscc);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, cgscc, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

/// The module as assembly or object code. Code generation changes what it is given.
std::string generate(const llvm::Module &module, llvm::TargetMachine &machine, llvm::CodeGenFileType kind) {
  std::unique_ptr<llvm::Module> copy = llvm::CloneModule(module);
  llvm::SmallString<0> bytes;
  llvm::raw_svector_ostream out(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, out, nullptr, kind))
    return "";
  passes.run(*copy);
  return bytes.str().str();
}

/// A program and what it says; its output and errors go to a file, whose content is returned.
llvm::Expected<std::string> runTool(StringRef program, ArrayRef<StringRef> arguments, StringRef logPath) {
  SmallVector<StringRef> command = {program};
  command.append(arguments.begin(), arguments.end());
  std::optional<StringRef> redirects[] = {std::nullopt, logPath, logPath};
  std::string message;
  int status = llvm::sys::ExecuteAndWait(program, command, std::nullopt, redirects, 0, 0, &message);
  auto log = llvm::MemoryBuffer::getFile(logPath);
  std::string text = log ? (*log)->getBuffer().str() : "";
  llvm::sys::fs::remove(logPath);
  if (status != 0)
    return llvm::createStringError(program + " failed: " + message + StringRef(text).trim());
  return text;
}

class NativeTarget : public GpuTarget {
public:
  NativeTarget(const Chip &chip, bool assembly) : GpuTarget(chip), assembly(assembly) {}

  std::string name() const override { return (isNvidia() ? "nvidia:" : "amd:") + chip.name.str() + (assembly ? ":ptx" : ""); }
  std::string device() const override { return isNvidia() ? "cuda" : "hip"; }

private:
  bool isNvidia() const { return chip.vendor == Vendor::Nvidia; }
  StringRef extension() const override { return assembly ? "ptx" : isNvidia() ? "cubin" : "hsaco"; }
  std::unique_ptr<llvm::TargetMachine> machine() const override { return machineFor(chip); }

  LogicalResult writeDevice(ModuleOp origin, llvm::Module &device, llvm::TargetMachine &machine, const CompileOptions &options, const TargetCode &,
                            const std::string &path) const override {
    optimize(device, machine);
    llvm::Expected<ResourceReport> report = isNvidia() ? writeNvidia(device, machine, path) : writeAmd(device, machine, path);
    if (!report)
      return origin.emitError("stage emit: ") << llvm::toString(report.takeError());
    if (options.explain)
      print(*report, name(), *options.explain);
    return success();
  }

  static llvm::Error write(const std::string &path, StringRef bytes) {
    std::error_code error;
    llvm::raw_fd_ostream file(path, error);
    if (!error)
      file << bytes;
    return error ? llvm::createStringError(error, "cannot write " + path) : llvm::Error::success();
  }

  llvm::Expected<ResourceReport> writeNvidia(llvm::Module &module, llvm::TargetMachine &machine, const std::string &path) const {
    std::string ptx = generate(module, machine, llvm::CodeGenFileType::AssemblyFile), source = assembly ? path : path + ".ptx";
    if (llvm::Error error = write(source, ptx))
      return error;
    if (assembly)
      return ResourceReport();
    auto ptxas = llvm::sys::findProgramByName("ptxas");
    if (!ptxas)
      return llvm::createStringError("ptxas, which makes code for " + chip.name + ", is not on the PATH; install NVIDIA's CUDA toolkit or PyPI's nvidia-cuda-nvcc, or let the "
                                     "driver compile with --target=" + name() + ":ptx");
    auto log = runTool(*ptxas, {"-v", "-arch", chip.name, "-o", path, source}, path + ".log");
    llvm::sys::fs::remove(source);
    if (!log)
      return log.takeError();
    return readPtxasReport(*log, ptx);
  }

  llvm::Expected<ResourceReport> writeAmd(llvm::Module &module, llvm::TargetMachine &machine, const std::string &path) const {
    std::string listing = generate(module, machine, llvm::CodeGenFileType::AssemblyFile), object = path + ".o";
    if (llvm::Error error = write(object, generate(module, machine, llvm::CodeGenFileType::ObjectFile)))
      return error;
    std::string failed = linkShared(object, path);
    llvm::sys::fs::remove(object);
    if (!failed.empty())
      return llvm::createStringError(failed);
    return readAmdReport(listing);
  }

  bool assembly; ///< PTX, which the driver compiles when it is loaded
};

llvm::Expected<std::shared_ptr<const Target>> make(Vendor vendor, StringRef kind, StringRef name) {
  bool assembly = vendor == Vendor::Nvidia && name.consume_back(":ptx");
  const Chip *chip = name == "gpu" ? nullptr : chipNamed(name);
  if (chip && chip->vendor == vendor)
    return std::make_shared<NativeTarget>(*chip, assembly);
  return llvm::createStringError(kind + ":" + name + " is no GPU that is known; there are " + chipNames());
}

} // namespace

llvm::Expected<std::shared_ptr<const Target>> makeNvidiaTarget(StringRef chip) { return make(Vendor::Nvidia, "nvidia", chip); }
llvm::Expected<std::shared_ptr<const Target>> makeAmdTarget(StringRef chip) { return make(Vendor::Amd, "amd", chip); }

} // namespace moe
