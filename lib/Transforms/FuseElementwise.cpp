//===- FuseElementwise.cpp - elementwise producers move into their consumers ------------------------------------===//
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "moe/Transforms/Passes.h.inc"

namespace {

/// What recomputing an element costs, in simple operations.
int cost(linalg::GenericOp op) {
  int total = 0;
  for (Operation &inner : op.getBody()->without_terminator())
    total += isa<math::MathDialect>(inner.getDialect()) ? 10 : isa<arith::DivFOp, tensor::ExtractOp>(inner) ? 4 : 1;
  return total;
}

/// Bodies and operand lists stay small enough for registers, and for compilers whose time grows faster than the body.
constexpr int kMaxBody = 64, kMaxOperands = 10;

/// Fusing pays where the producer's elements are computed as often as before, or are cheap to compute again.
bool pays(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer)
    return false;
  size_t body = producer.getBody()->getOperations().size() + consumer.getBody()->getOperations().size();
  if (body > kMaxBody || producer.getNumDpsInputs() + consumer.getNumDpsInputs() > kMaxOperands)
    return false;
  AffineMap map = consumer.getMatchingIndexingMap(operand);
  bool repeats = map.getNumResults() < consumer.getNumLoops();
  if (!repeats && producer->hasOneUse())
    return true;
  return cost(producer) <= (repeats ? 2 : 3);
}

struct FuseElementwisePass : impl::FuseElementwiseBase<FuseElementwisePass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    linalg::populateElementwiseOpsFusionPatterns(patterns, pays);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, context);
    tensor::EmptyOp::getCanonicalizationPatterns(patterns, context);
    memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace moe
