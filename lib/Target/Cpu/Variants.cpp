//===- Variants.cpp - one kernel for several instruction sets ---------------------------------------------------===//
#include "Variants.h"
#include "moert/abi.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

namespace moe {

static const IsaTarget kTargets[] = {
    {"avx2", "x86-64-v3", "", 256},
    {"avx512", "x86-64-v4", "+avx512vnni,+avx512bf16,+avx512vbmi", 512},
    {"amx", "x86-64-v4", "+avx512vnni,+avx512bf16,+avx512vbmi,+amx-tile,+amx-bf16,+amx-int8", 512},
};

const IsaTarget *isaTarget(StringRef name) {
  for (const IsaTarget &target : kTargets)
    if (target.name == name)
      return &target;
  return nullptr;
}

static void setTarget(Function &function, const IsaTarget &target) {
  function.addFnAttr("target-cpu", target.cpu);
  if (!target.features.empty())
    function.addFnAttr("target-features", target.features);
  function.addFnAttr("prefer-vector-width", std::to_string(target.vectorBits));
}

/// The kernel as the schedule wrote it for the instruction set, or for the best one below it; else the kernel itself.
static Function *writtenFor(Module &module, Function &kernel, StringRef isa) {
  Function *result = &kernel;
  for (const IsaTarget &target : kTargets) {
    if (Function *written = module.getFunction((kernel.getName() + "." + target.name).str()))
      result = written;
    if (target.name == isa)
      break;
  }
  return result;
}

void makeVariants(Module &module, const StringSet<> &kernels, const std::vector<std::string> &isas) {
  LLVMContext &context = module.getContext();
  auto *pointer = PointerType::get(context, 0);
  for (Function &function : module)
    if (!function.isDeclaration() && !kernels.contains(function.getName()))
      setTarget(function, *isaTarget("avx2"));

  auto *select = Function::Create(FunctionType::get(Type::getVoidTy(context), {Type::getInt32Ty(context)}, false), GlobalValue::ExternalLinkage,
                                  "moe_select_isa", module);
  IRBuilder<> builder(BasicBlock::Create(context, "entry", select));
  SmallVector<Function *> originals;
  for (Function &function : module)
    if (kernels.contains(function.getName()))
      originals.push_back(&function);
  for (Function *kernel : originals) {
    kernel->setLinkage(GlobalValue::InternalLinkage);
    // The launches read a pointer that moe_select_isa sets.
    auto *chosen = new GlobalVariable(module, pointer, false, GlobalValue::InternalLinkage, kernel, kernel->getName() + ".chosen");
    for (User *user : make_early_inc_range(kernel->users())) {
      auto *instruction = dyn_cast<Instruction>(user);
      if (!instruction)
        continue;
      IRBuilder<> at(instruction);
      instruction->replaceUsesOfWith(kernel, at.CreateLoad(pointer, chosen));
    }
    Function *base = writtenFor(module, *kernel, isas.front());
    Value *best = base;
    for (const std::string &isa : isas) {
      const IsaTarget *target = isaTarget(isa);
      if (isa == isas.front() || (isa == "amx" && !module.getFunction((kernel->getName() + ".amx").str())))
        continue; // only kernels with tiles differ there
      std::string name = (kernel->getName() + "." + isa).str();
      Function *copy = module.getFunction(name); // written for this instruction set by the schedule
      if (!copy) {
        ValueToValueMapTy map;
        copy = CloneFunction(kernel, map);
        copy->setName(name);
      }
      copy->setLinkage(GlobalValue::InternalLinkage);
      setTarget(*copy, *target);
      Value *enough = builder.CreateICmpSGE(select->getArg(0), builder.getInt32(isa == "avx512" ? MOERT_ISA_AVX512 : MOERT_ISA_AMX));
      best = builder.CreateSelect(enough, copy, best);
    }
    setTarget(*base, *isaTarget(isas.front()));
    builder.CreateStore(best, chosen);
  }
  builder.CreateRetVoid();
  new GlobalVariable(module, Type::getInt32Ty(context), true, GlobalValue::ExternalLinkage, builder.getInt32(MOERT_ABI_VERSION), "moe_abi_version");
}

} // namespace moe
