//===- PrivateMemory.cpp - stack slots of a thread in the address space of private memory ------------------------===//
#include "moe/Conversion/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_PRIVATEMEMORY
#include "moe/Conversion/Passes.h.inc"

namespace {

struct PrivateMemoryPass : impl::PrivateMemoryBase<PrivateMemoryPass> {
  void runOnOperation() override {
    auto space = gpu::AddressSpaceAttr::get(&getContext(), gpu::AddressSpace::Private);
    getOperation().walk([&](memref::AllocaOp alloca) {
      auto type = cast<MemRefType>(alloca.getType());
      if (type.getMemorySpace())
        return;
      OpBuilder b(alloca);
      auto own = MemRefType::get(type.getShape(), type.getElementType(), type.getLayout(), space);
      Value memory = memref::AllocaOp::create(b, alloca.getLoc(), own, alloca.getDynamicSizes(), alloca.getSymbolOperands(), alloca.getAlignmentAttr());
      alloca.replaceAllUsesWith(memref::MemorySpaceCastOp::create(b, alloca.getLoc(), type, memory).getResult());
      alloca.erase();
    });
  }
};

} // namespace
} // namespace moe
