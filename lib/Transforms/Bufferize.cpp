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

/// A buffer whose rows stand apart becomes one whose rows follow each other by a copy, not by a cast: casts of unknown lengths are taken for
/// possible, and results of a function would then be read in the wrong places.
void copyWhereRowsStandApart(ModuleOp module) {
  SmallVector<memref::CastOp> casts;
  module.walk([&](memref::CastOp cast) {
    auto from = dyn_cast<MemRefType>(cast.getSource().getType()), to = dyn_cast<MemRefType>(cast.getType());
    if (from && to && to.getLayout().isIdentity() && !from.getLayout().isIdentity() && from.getRank() > 0)
      casts.push_back(cast);
  });
  for (memref::CastOp cast : casts) {
    OpBuilder b(cast);
    auto type = llvm::cast<MemRefType>(cast.getType());
    SmallVector<Value> lengths;
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      if (type.isDynamicDim(axis))
        lengths.push_back(memref::DimOp::create(b, cast.getLoc(), cast.getSource(), axis));
    Value copy = memref::AllocOp::create(b, cast.getLoc(), type, lengths);
    memref::CopyOp::create(b, cast.getLoc(), cast.getSource(), copy);
    cast.replaceAllUsesWith(copy);
    cast.erase();
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
      return signalPassFailure();
    copyWhereRowsStandApart(getOperation());
  }
};

} // namespace
} // namespace moe
