//===- Machine.cpp - LLVM's code generator for x86-64 -----------------------------------------------------------===//
#include "Machine.h"
#include "Link.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Passes/StandardInstrumentations.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Transforms/Scalar/DCE.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/InstSimplifyPass.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

using namespace mlir;

namespace moe {

std::unique_ptr<llvm::TargetMachine> x86Machine() {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(triple, "x86-64-v3", "", options, llvm::Reloc::PIC_, std::nullopt,
                                                                           llvm::CodeGenOptLevel::Default));
}

static constexpr unsigned kLongEntry = 20'000; ///< instructions

/// Kernels get all of O2. An entry does little but start them, yet is as long as the graph, and instruction combining asks for each value about
/// every check on it: a long entry gets what makes its loops good and takes time by its length.
void optimizeForX86(llvm::Module &module, llvm::TargetMachine &machine, const llvm::StringSet<> &entries) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager cgscc;
  llvm::ModuleAnalysisManager modules;
  llvm::PassInstrumentationCallbacks callbacks;
  llvm::OptNoneInstrumentation skip(/*DebugLogging=*/false);
  skip.registerCallbacks(callbacks);
  llvm::PassBuilder builder(&machine, llvm::PipelineTuningOptions(), std::nullopt, &callbacks);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(cgscc);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, cgscc, modules);
  for (llvm::Function &function : module) {
    if (!entries.contains(function.getName()) || function.getInstructionCount() < kLongEntry)
      continue;
    function.addFnAttr(llvm::Attribute::OptimizeNone);
    function.addFnAttr(llvm::Attribute::NoInline);
  }
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
  llvm::FunctionPassManager light;
  light.addPass(llvm::InstSimplifyPass());
  light.addPass(llvm::EarlyCSEPass());
  light.addPass(llvm::SimplifyCFGPass());
  light.addPass(llvm::createFunctionToLoopPassAdaptor(llvm::LICMPass(llvm::LICMOptions()), /*UseMemorySSA=*/true));
  light.addPass(llvm::DCEPass());
  for (llvm::Function &function : module) {
    if (!function.hasFnAttribute(llvm::Attribute::OptimizeNone))
      continue;
    function.removeFnAttr(llvm::Attribute::OptimizeNone);
    function.removeFnAttr(llvm::Attribute::NoInline);
    light.run(function, functions);
  }
}

LogicalResult writeSharedObject(llvm::Module &module, llvm::TargetMachine &machine, Operation *origin, StringRef path) {
  std::string object = (path + ".o").str();
  std::error_code error;
  llvm::raw_fd_ostream file(object, error);
  llvm::legacy::PassManager passes;
  if (error || machine.addPassesToEmitFile(passes, file, nullptr, llvm::CodeGenFileType::ObjectFile))
    return origin->emitError("stage emit: cannot write ") << object;
  passes.run(module);
  file.close();
  std::string failed = linkShared(object, path);
  llvm::sys::fs::remove(object);
  return failed.empty() ? success() : origin->emitError("stage emit: ") << failed;
}

} // namespace moe
