//===- LaunchesToGpu.cpp - launches of tasks to kernels on a grid -----------------------------------------------===//
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/Rt.h"
#include "moe/Kernels/Grid.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_LAUNCHESTOGPU
#include "moe/Conversion/Passes.h.inc"

namespace {

constexpr int64_t kThreads = 32; ///< tasks are large: few of them share a block

/// The kernel that runs one task of `tasks` in each thread; its last argument is `tasks`.
gpu::GPUFuncOp makeKernel(ModuleOp module, func::FuncOp task) {
  SmallVector<Type> types(task.getArgumentTypes().drop_front(2));
  types.push_back(IndexType::get(module.getContext()));
  StringRef name = task.getSymName().rsplit('_').first;
  return makeGridKernel(module, task.getLoc(), name, types, kThreads, {}, [&](Code k, ValueRange in, ValueRange) {
    IRMapping mapping;
    mapping.map(task.getArguments().drop_front(2), in.drop_back());
    // Memory on the stack is there from the start of the kernel.
    for (Operation &op : task.getBody().front())
      if (isa<memref::AllocaOp>(op))
        k.b.clone(op, mapping);
    Value number = k.add(k.mul(blockOf(k), k.index(kThreads)), threadOf(k));
    k.when(k.less(number, in.back()), [&](Code k) {
      mapping.map(task.getArgument(0), number);
      mapping.map(task.getArgument(1), k.add(number, k.index(1)));
      for (Operation &op : task.getBody().front().without_terminator())
        if (!isa<memref::AllocaOp>(op))
          k.b.clone(op, mapping);
    });
  });
}

struct LaunchesToGpuPass : impl::LaunchesToGpuBase<LaunchesToGpuPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    DenseMap<Operation *, gpu::GPUFuncOp> made;
    SmallVector<rt::LaunchOp> launches;
    module.walk([&](rt::LaunchOp launch) { launches.push_back(launch); });
    for (rt::LaunchOp launch : launches) {
      auto task = symbols.lookup<func::FuncOp>(launch.getKernel());
      gpu::GPUFuncOp &kernel = made[task];
      if (!kernel)
        kernel = makeKernel(module, task);
      ImplicitLocOpBuilder b(launch.getLoc(), launch);
      Code c(b);
      SmallVector<Value> args(launch.getArgs());
      args.push_back(launch.getTasks());
      launchGrid(b, kernel, args, {{c.ceilDiv(launch.getTasks(), c.index(kThreads))}, kThreads});
      launch.erase();
    }
    for (auto function : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      if (function->hasAttr(rt::kKernelAttr))
        function.erase();
  }
};

} // namespace
} // namespace moe
