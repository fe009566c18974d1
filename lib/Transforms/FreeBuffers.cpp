//===- FreeBuffers.cpp - each buffer is released after its last use ---------------------------------------------===//
#include "moe/Transforms/Passes.h"
#include "moe/Dialect/Rt.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_FREEBUFFERS
#include "moe/Transforms/Passes.h.inc"

namespace {

/// The last op of `block` in which a buffer, or a view of it, is used; null where it leaves the block, so that nobody here may
/// release it.
Operation *lastUse(Value buffer, Block *block) {
  Operation *last = buffer.getDefiningOp();
  SmallVector<Value> aliases = {buffer};
  DenseSet<Value> seen;
  while (!aliases.empty()) {
    Value value = aliases.pop_back_val();
    if (!seen.insert(value).second)
      continue;
    for (Operation *user : value.getUsers()) {
      Operation *here = block->findAncestorOpInBlock(*user);
      if (!here || here->hasTrait<OpTrait::IsTerminator>())
        return nullptr;
      if (last->isBeforeInBlock(here))
        last = here;
      if (isa<ViewLikeOpInterface, memref::ReshapeOp>(user)) {
        llvm::append_range(aliases, user->getResults());
        continue;
      }
      if (isa<rt::SetStateOp>(user)) // the memory is the state's from now on
        return nullptr;
      // A region, a call or a choice may hand the buffer on under another name.
      if (isa<RegionBranchOpInterface, RegionBranchTerminatorOpInterface, func::CallOp>(user) || user->hasTrait<OpTrait::IsTerminator>())
        return nullptr;
      for (Value result : user->getResults())
        if (isa<BaseMemRefType>(result.getType()))
          aliases.push_back(result);
    }
  }
  return last;
}

struct FreeBuffersPass : impl::FreeBuffersBase<FreeBuffersPass> {
  void runOnOperation() override {
    if (getOperation()->hasAttr(rt::kKernelAttr))
      return;
    getOperation().walk([](memref::AllocOp alloc) {
      Operation *last = lastUse(alloc, alloc->getBlock());
      if (!last)
        return;
      OpBuilder builder(alloc.getContext());
      builder.setInsertionPointAfter(last);
      memref::DeallocOp::create(builder, alloc.getLoc(), alloc);
    });
  }
};

} // namespace
} // namespace moe
