//===- Bufferize.cpp - tensors become buffers -------------------------------------------------------------------===//
#include "moe/Dialect/Moe.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_BUFFERIZE
#include "moe/Transforms/Passes.h.inc"

namespace {

/// Gives each use of a tensor without content one of its own. Common subexpression elimination makes them one, but then all results that are
/// written into it are one set of possible aliases, for which the analysis takes quadratic time and makes copies.
void separateEmptyTensors(ModuleOp module) {
  SmallVector<tensor::EmptyOp> empties;
  module.walk([&](tensor::EmptyOp empty) { empties.push_back(empty); });
  for (tensor::EmptyOp empty : empties)
    while (!empty->use_empty() && !empty->hasOneUse()) {
      OpOperand &use = *empty->use_begin();
      OpBuilder builder(empty->getBlock()->findAncestorOpInBlock(*use.getOwner())); // outside of loops that it is outside of
      use.set(builder.clone(*empty)->getResult(0));
    }
}

struct BufferizePass : impl::BufferizeBase<BufferizePass> {
  void runOnOperation() override {
    separateEmptyTensors(getOperation());
    bufferization::OneShotBufferizationOptions options;
    options.bufferizeFunctionBoundaries = true;
    options.setFunctionBoundaryTypeConversion(bufferization::LayoutMapOption::IdentityLayoutMap);
    options.allowReturnAllocsFromLoops = true;
    // What computes weights stays on tensors: it runs when the artefact is written.
    options.opFilter.denyOperation([](Operation *op) { return isa<ParamOp>(op) || op->getParentOfType<ParamOp>(); });
    bufferization::BufferizationState state;
    if (failed(bufferization::runOneShotModuleBufferize(getOperation(), options, state)))
      signalPassFailure();
  }
};

} // namespace
} // namespace moe
