//===- DeviceChecks.cpp - rt.check in kernels on a grid to stores ------------------------------------------------===//
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/Rt.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_DEVICECHECKS
#include "moe/Conversion/Passes.h.inc"

namespace {

struct DeviceChecksPass : impl::DeviceChecksBase<DeviceChecksPass> {
  void runOnOperation() override {
    SmallVector<Attribute> messages;
    llvm::StringMap<int32_t> numbers;
    getOperation().walk([&](LLVM::LLVMFuncOp kernel) {
      if (!kernel->hasAttr(gpu::GPUDialect::getKernelFuncAttrName()))
        return;
      Value word = addArgument(kernel);
      SmallVector<rt::CheckOp> checks;
      kernel.walk([&](rt::CheckOp check) { checks.push_back(check); });
      for (rt::CheckOp check : checks) {
        auto [place, isNew] = numbers.try_emplace(check.getMessage(), messages.size() + 1);
        if (isNew)
          messages.push_back(check.getMessageAttr());
        lower(check, word, place->second);
      }
    });
    getOperation()->setAttr(rt::kMessagesAttr, ArrayAttr::get(&getContext(), messages));
  }

  Value addArgument(LLVM::LLVMFuncOp kernel) {
    auto type = kernel.getFunctionType();
    SmallVector<Type> types(type.getParams());
    types.push_back(LLVM::LLVMPointerType::get(&getContext()));
    kernel.setFunctionType(LLVM::LLVMFunctionType::get(type.getReturnType(), types));
    if (ArrayAttr attrs = kernel.getArgAttrsAttr()) {
      SmallVector<Attribute> all(attrs.getValue());
      all.push_back(DictionaryAttr::get(&getContext()));
      kernel.setArgAttrsAttr(ArrayAttr::get(&getContext(), all));
    }
    return kernel.getBody().front().addArgument(types.back(), kernel.getLoc());
  }

  static void lower(rt::CheckOp check, Value word, int32_t number) {
    Block *before = check->getBlock(), *after = before->splitBlock(check->getNextNode());
    auto *fail = new Block;
    before->getParent()->push_back(fail);
    ImplicitLocOpBuilder b(check.getLoc(), OpBuilder::atBlockEnd(before));
    LLVM::CondBrOp::create(b, check.getCondition(), after, fail);
    b.setInsertionPointToEnd(fail);
    LLVM::StoreOp::create(b, LLVM::ConstantOp::create(b, b.getI32IntegerAttr(number)), word);
    LLVM::BrOp::create(b, after);
    check.erase();
  }
};

} // namespace
} // namespace moe
