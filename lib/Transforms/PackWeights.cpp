//===- PackWeights.cpp - weights take the layout that kernels read ----------------------------------------------===//
#include "moe/Kernels/Panels.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "moe/Transforms/Passes.h.inc"

namespace {

struct PackWeightsPass : impl::PackWeightsBase<PackWeightsPass> {
  void runOnOperation() override {
    auto packMatrix = [](OpOperand &use) {
      OpBuilder builder(use.getOwner());
      Location loc = use.getOwner()->getLoc();
      auto packed = PackOp::create(builder, loc, use.get());
      use.set(UnpackOp::create(builder, loc, use.get().getType(), packed));
    };
    // Of codes that kernels read in registers, the codes are packed.
    auto pack = [&](OpOperand &use) {
      auto codes = use.get().getDefiningOp<DequantizeOp>();
      if (!codes || !readsPacked(codes))
        return packMatrix(use);
      auto copy = cast<DequantizeOp>(OpBuilder(use.getOwner()).clone(*codes)); // others may want the numbers
      packMatrix(copy.getDataMutable());
      packMatrix(copy.getScalesMutable());
      for (OpOperand &zeros : copy.getZeroPointsMutable())
        packMatrix(zeros);
      use.set(copy.getResult());
      if (codes->use_empty())
        codes.erase();
    };
    getOperation().walk([&](Operation *op) {
      if (auto linear = dyn_cast<LinearOp>(op)) {
        pack(linear.getWeightMutable());
      } else if (auto experts = dyn_cast<ExpertsOp>(op)) {
        for (OpOperand &gate : experts.getGateMutable())
          pack(gate);
        pack(experts.getUpMutable());
        pack(experts.getDownMutable());
      }
    });
  }
};

} // namespace
} // namespace moe
