//===- Optimize.cpp - the optimize stage ------------------------------------------------------------------------===//
#include "Pipelines.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace moe {

void buildOptimize(OpPassManager &passes, const CompileOptions &options) {
  if (options.stateful) {
    MakeStatefulOptions stateful;
    stateful.lengths.assign(options.lengths.begin(), options.lengths.end());
    passes.addPass(createMakeStateful(stateful));
  }
  OpPassManager &functions = passes.nest<func::FuncOp>();
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass()); // what raising made twice (reshaped activations, transposed weights) is one value
}

LogicalResult verifyOptimize(ModuleOp module) {
  return verifyOps(module, "optimize", "values are tensors and scalars", [](Operation *op) {
    auto isMemory = [](Type type) { return isa<BaseMemRefType>(type); };
    return llvm::none_of(op->getOperandTypes(), isMemory) && llvm::none_of(op->getResultTypes(), isMemory);
  });
}

} // namespace moe
