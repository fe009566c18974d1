//===- Codegen.cpp - machine code for x86-64 --------------------------------------------------------------------===//
#include "Machine.h"
#include "Rounding.h"
#include "Variants.h"
#include "moe/Dialect/Moe.h"
#include "moe/Dialect/Rt.h"
#include "moe/Target/Cpu.h"
#include "moert/moert.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

using namespace mlir;

namespace moe {
namespace {

/// Machine code is made in a module without weights and states, which have no translation, and without code for other processors.
std::unique_ptr<llvm::Module> translate(ModuleOp module, llvm::LLVMContext &context) {
  OwningOpRef<ModuleOp> code = module.clone();
  for (Operation &op : llvm::make_early_inc_range(*code->getBody()))
    if (isa<ParamOp, StateOp, gpu::GPUModuleOp>(op))
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
  std::unique_ptr<llvm::TargetMachine> machine = x86Machine();
  code->setTargetTriple(machine->getTargetTriple());
  code->setDataLayout(machine->createDataLayout());
  for (llvm::Function &function : *code)
    if (!function.isDeclaration() && !function.getName().starts_with("moe_entry_"))
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
  makeVariants(*code, kernels, isas);
  optimizeForX86(*code, *machine, entries);
  defineBfloatRounding(*code); // last: nothing but the code generator knows of its calls

  return writeSharedObject(*code, *machine, module, path);
}

} // namespace moe
