//===- Codegen.cpp - machine code for x86-64 --------------------------------------------------------------------===//
#include "Link.h"
#include "Rounding.h"
#include "Variants.h"
#include "moe/Dialect/Moe.h"
#include "moe/Dialect/Rt.h"
#include "moe/Target/Cpu.h"
#include "moert/moert.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Passes/StandardInstrumentations.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Scalar/DCE.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/InstSimplifyPass.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

using namespace mlir;

namespace moe {
namespace {

std::unique_ptr<llvm::TargetMachine> targetMachine() {
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

constexpr unsigned kLongEntry = 20'000; ///< instructions

/// Kernels get all of O2. An entry does little but start them, yet is as long as the graph, and instruction combining asks for each value about
/// every check on it: a long entry gets what makes its loops good and takes time by its length.
void optimize(llvm::Module &module, llvm::TargetMachine &machine, const llvm::StringSet<> &entries) {
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

/// Machine code is made in a module without weights and states, which have no translation.
std::unique_ptr<llvm::Module> translate(ModuleOp module, llvm::LLVMContext &context) {
  OwningOpRef<ModuleOp> code = module.clone();
  for (Operation &op : llvm::make_early_inc_range(*code->getBody()))
    if (isa<ParamOp, StateOp>(op))
      op.erase();
  for (NamedAttribute attr : llvm::to_vector((*code)->getAttrs()))
    if (attr.getNameDialect())
      (*code)->removeAttr(attr.getName());
  registerLLVMDialectTranslation(*code->getContext());
  registerBuiltinDialectTranslation(*code->getContext());
  return translateModuleToLLVMIR(*code, context, "moe");
}

} // namespace

std::string nativeIsa() { return moert_machine_isa(); }

LogicalResult compileForCpu(ModuleOp module, ArrayRef<std::string> isas, StringRef path) {
  llvm::StringSet<> kernels, entries;
  for (auto function : module.getOps<LLVM::LLVMFuncOp>())
    if (function->hasAttr(rt::kKernelAttr) && !function->hasAttr(rt::kIsaAttr))
      kernels.insert(function.getSymName());
    else if (!function->hasAttr(rt::kKernelAttr) && !function.isExternal())
      entries.insert(function.getSymName());
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = translate(module, context);
  if (!code)
    return module.emitError("stage emit: the module has no LLVM form");
  std::unique_ptr<llvm::TargetMachine> machine = targetMachine();
  code->setTargetTriple(machine->getTargetTriple());
  code->setDataLayout(machine->createDataLayout());
  for (llvm::Function &function : *code)
    if (!function.isDeclaration() && !function.getName().starts_with("moe_entry_"))
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
  makeVariants(*code, kernels, isas);
  optimize(*code, *machine, entries);
  defineBfloatRounding(*code); // last: nothing but the code generator knows of its calls

  std::string object = (path + ".o").str();
  std::error_code error;
  llvm::raw_fd_ostream file(object, error);
  llvm::legacy::PassManager passes;
  if (error || machine->addPassesToEmitFile(passes, file, nullptr, llvm::CodeGenFileType::ObjectFile))
    return module.emitError("stage emit: cannot write ") << object;
  passes.run(*code);
  file.close();
  std::string failed = linkShared(object, path);
  llvm::sys::fs::remove(object);
  return failed.empty() ? success() : module.emitError("stage emit: ") << failed;
}

} // namespace moe
