//===- Raise.cpp - the raise stage ------------------------------------------------------------------------------===//
#include "Pipelines.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace moe {

void buildRaise(OpPassManager &passes, const CompileOptions &options) {
  if (!options.keepContrib)
    passes.addPass(createExpandContrib()); // first: matchers and the plain path see standard nodes and moe ops alone
  OpPassManager &functions = passes.nest<func::FuncOp>();
  functions.addPass(createCSEPass()); // equal computations are one value, so that matchers may compare values
  if (options.raise)
    functions.addPass(createRaise({options.proofs, /*keepScans=*/options.keepContrib, options.generalizeLength}));
  functions.addPass(createCanonicalizerPass()); // what was replaced goes
  if (options.proofs)
    functions.addPass(createExposeProofs());
}

} // namespace moe
