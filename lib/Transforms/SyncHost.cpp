//===- SyncHost.cpp - the host waits for kernels before it touches memory that they use ---------------------------===//
#include "moe/Dialect/Rt.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_SYNCHOST
#include "moe/Transforms/Passes.h.inc"

namespace {

constexpr int64_t kStack = 1024; ///< bytes of a buffer that may lie on the stack

/// True where a buffer of known size is read and written by this function alone, as the operand of memref.reshape is.
bool staysOnHost(memref::AllocOp alloc) {
  auto type = alloc.getType();
  if (!type.hasStaticShape() || type.getNumElements() * 8 > kStack)
    return false;
  return llvm::all_of(alloc->getUses(), [](OpOperand &use) {
    if (auto reshape = dyn_cast<memref::ReshapeOp>(use.getOwner()))
      return use.get() == reshape.getShape() && use.get() != reshape.getSource();
    if (auto store = dyn_cast<memref::StoreOp>(use.getOwner()))
      return use.get() == store.getMemRef() && use.get() != store.getValueToStore();
    return isa<memref::LoadOp, memref::DeallocOp>(use.getOwner());
  });
}

void moveToStack(memref::AllocOp alloc) {
  for (Operation *user : llvm::make_early_inc_range(alloc->getUsers()))
    if (isa<memref::DeallocOp>(user))
      user->erase();
  auto function = alloc->getParentOfType<func::FuncOp>();
  OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
  alloc.replaceAllUsesWith(memref::AllocaOp::create(b, alloc.getLoc(), alloc.getType()).getResult());
  alloc.erase();
}

/// The memory behind views.
Value rootOf(Value memory) {
  while (auto view = memory.getDefiningOp<ViewLikeOpInterface>())
    memory = view.getViewSource();
  return memory;
}

struct SyncHostPass : impl::SyncHostBase<SyncHostPass> {
  void runOnOperation() override {
    SmallVector<memref::AllocOp> own;
    getOperation().walk([&](memref::AllocOp alloc) {
      if (staysOnHost(alloc))
        own.push_back(alloc);
    });
    for (memref::AllocOp alloc : own)
      moveToStack(alloc);
    for (Block &block : getOperation().getBody())
      visit(block, /*launched=*/false);
  }

  /// Puts waits into a block; `launched`: something may be under way at its start.
  void visit(Block &block, bool launched) {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      Value touched;
      if (auto load = dyn_cast<memref::LoadOp>(op))
        touched = load.getMemRef();
      else if (auto store = dyn_cast<memref::StoreOp>(op))
        touched = store.getMemRef();
      if (touched && launched && !rootOf(touched).getDefiningOp<memref::AllocaOp>()) {
        OpBuilder b(&op);
        rt::SyncOp::create(b, op.getLoc());
        launched = false;
      }
      launched |= isa<gpu::LaunchFuncOp, func::CallOp>(op);
      // A loop's body may begin after its own launches.
      bool within = false;
      op.walk([&](gpu::LaunchFuncOp) { within = true; });
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          visit(inner, launched || within);
      launched |= within;
    }
  }
};

} // namespace
} // namespace moe
