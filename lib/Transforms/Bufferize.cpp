//===- Bufferize.cpp - tensors become buffers -------------------------------------------------------------------===//
#include "moe/Dialect/Moe.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_BUFFERIZE
#include "moe/Transforms/Passes.h.inc"

namespace {

struct BufferizePass : impl::BufferizeBase<BufferizePass> {
  void runOnOperation() override {
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
