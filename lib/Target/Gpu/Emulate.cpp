//===- Emulate.cpp - a GPU's code for this processor ------------------------------------------------------------===//
#include "Emulate.h"
#include "moert/emu.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/ReplaceConstant.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

namespace moe {
namespace {

constexpr unsigned kShared = 3;       ///< the address space of workgroup memory on both vendors' chips
constexpr int64_t kGuard = 64;        ///< bytes between arrays in workgroup memory that nothing may touch

/// Where a number that a thread asks for lies in moert_thread; -1 where the intrinsic is none.
int64_t fieldOf(StringRef name) {
  auto axis = [&](int64_t field) { return field + 4 * (name.back() - 'x'); };
  StringRef stem = name.rsplit('.').first;
  return StringSwitch<int64_t>(stem)
      .Cases({"llvm.nvvm.read.ptx.sreg.tid", "llvm.amdgcn.workitem.id"}, axis(offsetof(moert_thread, thread)))
      .Cases({"llvm.nvvm.read.ptx.sreg.ctaid", "llvm.amdgcn.workgroup.id"}, axis(offsetof(moert_thread, block)))
      .Case("llvm.nvvm.read.ptx.sreg.ntid", axis(offsetof(moert_thread, threads)))
      .Case("llvm.nvvm.read.ptx.sreg.nctaid", axis(offsetof(moert_thread, blocks)))
      .Default(name == "llvm.nvvm.read.ptx.sreg.laneid" ? int64_t(offsetof(moert_thread, lane)) : -1);
}

bool isBarrier(StringRef name) {
  return name == "llvm.nvvm.barrier0" || name.starts_with("llvm.nvvm.barrier.cta.sync") || name == "llvm.amdgcn.s.barrier";
}

/// The instruction of a wave that an intrinsic is, and the operands that it takes; the rest says how, and must be what is emulated.
struct Collective {
  moert_collective operation = MOERT_NUM_COLLECTIVES;
  unsigned first = 0, count = 0;
};

Collective collectiveOf(StringRef name) {
  if (name.consume_front("llvm.nvvm.shfl.sync.")) // mask, value, lane, clamp
    return {StringSwitch<moert_collective>(name.split('.').first)
                .Case("idx", MOERT_SHUFFLE_INDEX)
                .Case("bfly", MOERT_SHUFFLE_XOR)
                .Case("up", MOERT_SHUFFLE_UP)
                .Case("down", MOERT_SHUFFLE_DOWN)
                .Default(MOERT_NUM_COLLECTIVES),
            1, 3};
  return StringSwitch<Collective>(name)
      .Case("llvm.amdgcn.ds.bpermute", {MOERT_PERMUTE, 0, 2})
      .Case("llvm.nvvm.mma.m16n8k16.row.col.bf16", {MOERT_MMA_16x8x16_BF16, 0, 10})
      .Case("llvm.amdgcn.mfma.f32.16x16x16bf16.1k", {MOERT_MFMA_16x16x16_BF16, 0, 3})
      .Case("llvm.amdgcn.mfma.f32.16x16x4f32", {MOERT_MFMA_16x16x4_F32, 0, 3})
      .Default({});
}

/// Rewrites one module.
class Emulator {
public:
  Emulator(Module &module, int64_t wave) : module(module), wave(wave), layout(module.getDataLayout()), pointer(PointerType::get(module.getContext(), 0)) {}

  Error run(const std::vector<std::string> &kernels) {
    placeSharedArrays();
    for (const std::string &name : kernels) {
      Function *kernel = module.getFunction(name);
      if (!kernel || kernel->isDeclaration())
        return createStringError("there is no kernel '" + name + "'");
      Function *body = withThread(*kernel);
      if (Error error = rewrite(*body))
        return error;
      publish(*body, name);
    }
    for (GlobalVariable *array : arrays)
      array->eraseFromParent();
    return dropIntrinsics();
  }

private:
  //===- workgroup memory ---------------------------------------------------------------------------------------===//

  void placeSharedArrays() {
    SmallVector<Constant *> constants;
    for (GlobalVariable &global : module.globals())
      if (global.getAddressSpace() == kShared) {
        arrays.push_back(&global);
        constants.push_back(&global);
      }
    convertUsersOfConstantsToInstructions(constants);
  }

  /// The arrays that a kernel uses have places in its workgroup memory; uses become addresses there.
  SmallVector<moert_emu_array> replaceArrays(Function &kernel) {
    SmallVector<moert_emu_array> used;
    int64_t at = kGuard;
    IRBuilder<> b(&*kernel.getEntryBlock().getFirstInsertionPt());
    Value *shared = nullptr;
    for (GlobalVariable *array : arrays) {
      SmallVector<Use *> uses;
      for (Use &use : array->uses())
        if (auto *user = dyn_cast<Instruction>(use.getUser()); user && user->getFunction() == &kernel)
          uses.push_back(&use);
      if (uses.empty())
        continue;
      if (!shared)
        shared = b.CreateAddrSpaceCast(loadField(b, kernel, pointer, offsetof(moert_thread, shared)), PointerType::get(module.getContext(), kShared));
      int64_t size = layout.getTypeAllocSize(array->getValueType());
      at = alignTo(at, 64);
      Value *address = b.CreateConstGEP1_64(b.getInt8Ty(), shared, at);
      for (Use *use : uses)
        use->set(address);
      used.push_back({int32_t(at), int32_t(size)});
      at += size + kGuard;
    }
    sharedBytes = used.empty() ? 0 : at;
    return used;
  }

  void watchAccesses(Function &kernel) {
    SmallVector<Instruction *> accesses;
    for (Instruction &instruction : instructions(kernel))
      if (auto *address = getLoadStorePointerOperand(&instruction); address && address->getType()->getPointerAddressSpace() == kShared)
        accesses.push_back(&instruction);
    for (Instruction *access : accesses) {
      IRBuilder<> b(access);
      bool writes = isa<StoreInst>(access);
      Value *address = const_cast<Value *>(getLoadStorePointerOperand(access));
      int64_t size = layout.getTypeStoreSize(getLoadStoreType(access));
      Value *checked = call(b, kernel, offsetof(moert_emulator, access), pointer,
                            {b.CreateAddrSpaceCast(address, pointer), b.getInt32(uint32_t(size)), b.getInt32(writes)});
      access->setOperand(writes ? StoreInst::getPointerOperandIndex() : LoadInst::getPointerOperandIndex(), b.CreateAddrSpaceCast(checked, address->getType()));
    }
  }

  //===- what threads know and do together ----------------------------------------------------------------------===//

  Value *thread(Function &kernel) { return kernel.getArg(kernel.arg_size() - 1); }
  Value *loadField(IRBuilder<> &b, Function &kernel, Type *type, int64_t offset) {
    return b.CreateLoad(type, b.CreateConstGEP1_64(b.getInt8Ty(), thread(kernel), offset));
  }
  /// Calls an entry of moert_emulator.
  Value *call(IRBuilder<> &b, Function &kernel, int64_t entry, Type *result, ArrayRef<Value *> args) {
    Value *table = loadField(b, kernel, pointer, offsetof(moert_thread, emulator));
    Value *function = b.CreateLoad(pointer, b.CreateConstGEP1_64(b.getInt8Ty(), table, entry));
    SmallVector<Value *> all = {thread(kernel)};
    all.append(args.begin(), args.end());
    SmallVector<Type *> types;
    for (Value *value : all)
      types.push_back(value->getType());
    return b.CreateCall(FunctionType::get(result, types, false), function, all);
  }

  /// Operands one behind the other in memory, the result back from there.
  Value *callCollective(CallInst &instruction, Function &kernel, const Collective &collective) {
    IRBuilder<> entry(&*kernel.getEntryBlock().getFirstInsertionPt()), b(&instruction);
    SmallVector<Value *> operands;
    int64_t size = 0;
    for (unsigned i = collective.first; i < collective.first + collective.count; ++i) {
      operands.push_back(instruction.getArgOperand(i));
      size += layout.getTypeStoreSize(operands.back()->getType());
    }
    Value *in = entry.CreateAlloca(ArrayType::get(entry.getInt8Ty(), uint64_t(size)));
    Value *out = entry.CreateAlloca(instruction.getType());
    int64_t at = 0;
    for (Value *operand : operands) {
      b.CreateAlignedStore(operand, b.CreateConstGEP1_64(b.getInt8Ty(), in, at), Align(1));
      at += layout.getTypeStoreSize(operand->getType());
    }
    call(b, kernel, offsetof(moert_emulator, collective), b.getVoidTy(), {b.getInt32(++site), b.getInt32(collective.operation), in, out});
    return b.CreateLoad(instruction.getType(), out);
  }

  /// The value of a call of an intrinsic; null where it stays.
  Expected<Value *> replacement(CallInst &instruction, Function &kernel) {
    StringRef name = instruction.getCalledFunction()->getName();
    IRBuilder<> b(&instruction);
    if (int64_t field = fieldOf(name); field >= 0)
      return loadField(b, kernel, b.getInt32Ty(), field);
    if (isBarrier(name)) {
      cooperative = true;
      return call(b, kernel, offsetof(moert_emulator, barrier), b.getVoidTy(), {b.getInt32(++site)});
    }
    if (name.starts_with("llvm.amdgcn.mbcnt.")) { // how many lanes are before this one, by halves of the wave
      Value *lane = loadField(b, kernel, b.getInt32Ty(), offsetof(moert_thread, lane)), *half = b.getInt32(32);
      Value *count = name.ends_with("lo") ? b.CreateBinaryIntrinsic(Intrinsic::umin, lane, half) : b.CreateBinaryIntrinsic(Intrinsic::usub_sat, lane, half);
      return b.CreateAdd(instruction.getArgOperand(1), count);
    }
    if (Collective collective = collectiveOf(name); collective.operation != MOERT_NUM_COLLECTIVES) {
      cooperative = true;
      return callCollective(instruction, kernel, collective);
    }
    if (name.starts_with("llvm.nvvm.") || name.starts_with("llvm.amdgcn.") || !name.starts_with("llvm."))
      return createStringError("the emulator does not know '" + name + "', which kernel '" + kernel.getName() + "' calls");
    return nullptr;
  }

  Error rewrite(Function &kernel) {
    cooperative = false;
    SmallVector<Instruction *> calls;
    for (Instruction &instruction : instructions(kernel))
      if (isa<CallInst, FenceInst>(instruction))
        calls.push_back(&instruction);
    for (Instruction *instruction : calls) {
      if (isa<FenceInst>(instruction)) { // threads of a block run in turns
        instruction->eraseFromParent();
        continue;
      }
      auto &callee = cast<CallInst>(*instruction);
      if (!callee.getCalledFunction())
        return createStringError("kernel '" + kernel.getName() + "' has inline assembly, which the emulator does not know");
      Expected<Value *> value = replacement(callee, kernel);
      if (!value)
        return value.takeError();
      if (!*value)
        continue;
      if (!callee.getType()->isVoidTy())
        callee.replaceAllUsesWith(*value);
      callee.eraseFromParent();
    }
    usedArrays = replaceArrays(kernel);
    watchAccesses(kernel);
    return Error::success();
  }

  //===- functions ----------------------------------------------------------------------------------------------===//

  /// The kernel with the thread as its last argument, as an ordinary function.
  Function *withThread(Function &kernel) {
    SmallVector<Type *> types(kernel.getFunctionType()->params());
    types.push_back(pointer);
    auto *result = Function::Create(FunctionType::get(kernel.getReturnType(), types, false), GlobalValue::InternalLinkage, kernel.getName() + ".thread", module);
    result->splice(result->begin(), &kernel);
    for (auto [from, to] : zip(kernel.args(), result->args()))
      from.replaceAllUsesWith(&to);
    kernel.eraseFromParent();
    return result;
  }

  /// moe_kernel_NAME: what takes the arguments out of their slots, and what the emulator needs to know.
  void publish(Function &body, StringRef name) {
    LLVMContext &context = module.getContext();
    auto *run = Function::Create(FunctionType::get(Type::getVoidTy(context), {pointer, pointer}, false), GlobalValue::InternalLinkage, name + ".run", module);
    IRBuilder<> b(BasicBlock::Create(context, "entry", run));
    SmallVector<Value *> args;
    for (unsigned i = 0; i + 1 < body.arg_size(); ++i)
      args.push_back(b.CreateAlignedLoad(body.getArg(i)->getType(), b.CreateConstGEP1_64(b.getInt64Ty(), run->getArg(1), i), Align(8)));
    args.push_back(run->getArg(0));
    b.CreateCall(&body, args);
    b.CreateRetVoid();

    Type *i32 = b.getInt32Ty();
    auto *entry = StructType::get(i32, i32);
    SmallVector<Constant *> list;
    for (moert_emu_array array : usedArrays)
      list.push_back(ConstantStruct::get(entry, {b.getInt32(uint32_t(array.offset)), b.getInt32(uint32_t(array.bytes))}));
    auto *type = ArrayType::get(entry, list.size());
    auto *table = new GlobalVariable(module, type, true, GlobalValue::InternalLinkage, ConstantArray::get(type, list));
    auto *info = StructType::get(pointer, i32, i32, i32, i32, pointer);
    new GlobalVariable(module, info, true, GlobalValue::ExternalLinkage,
                       ConstantStruct::get(info, {run, b.getInt32(uint32_t(wave)), b.getInt32(cooperative), b.getInt32(uint32_t(sharedBytes)),
                                                  b.getInt32(uint32_t(list.size())), table}),
                       "moe_kernel_" + name);
  }

  Error dropIntrinsics() {
    for (Function &function : make_early_inc_range(module))
      if (function.isDeclaration() && function.use_empty())
        function.eraseFromParent();
    return Error::success();
  }

  Module &module;
  int64_t wave;
  const DataLayout &layout;
  PointerType *pointer;
  SmallVector<GlobalVariable *> arrays;
  uint32_t site = 0; ///< numbers barriers and instructions of waves
  // Of the kernel at hand.
  SmallVector<moert_emu_array> usedArrays;
  int64_t sharedBytes = 0;
  bool cooperative = false;
};

} // namespace

Error emulate(Module &module, const std::vector<std::string> &kernels, int64_t wave) { return Emulator(module, wave).run(kernels); }

} // namespace moe
