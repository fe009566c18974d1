//===- Rounding.cpp - the rounding that LLVM's code calls a library for -----------------------------------------===//
#include "Rounding.h"
#include "llvm/IR/IRBuilder.h"

using namespace llvm;

namespace moe {

void defineBfloatRounding(Module &module) {
  LLVMContext &context = module.getContext();
  auto *type = FunctionType::get(Type::getBFloatTy(context), {Type::getFloatTy(context)}, false);
  auto *function = Function::Create(type, GlobalValue::ExternalLinkage, "__truncsfbf2", module);
  function->setVisibility(GlobalValue::HiddenVisibility);
  IRBuilder<> b(BasicBlock::Create(context, "entry", function));
  // To the nearest number, ties to even; what is no number stays so.
  Value *bits = b.CreateBitCast(function->getArg(0), b.getInt32Ty());
  Value *odd = b.CreateAnd(b.CreateLShr(bits, 16), 1);
  Value *rounded = b.CreateAdd(bits, b.CreateAdd(odd, b.getInt32(0x7FFF)));
  Value *isNan = b.CreateFCmpUNO(function->getArg(0), function->getArg(0));
  Value *chosen = b.CreateSelect(isNan, b.CreateOr(bits, 0x400000), rounded);
  b.CreateRet(b.CreateBitCast(b.CreateTrunc(b.CreateLShr(chosen, 16), b.getInt16Ty()), b.getBFloatTy()));
}

} // namespace moe
