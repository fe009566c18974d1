//===- RoundProducts.cpp - operands of products become bfloat16 -------------------------------------------------===//
#include "moe/Dialect/Moe.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_ROUNDPRODUCTS
#include "moe/Transforms/Passes.h.inc"

namespace {

struct RoundProductsPass : impl::RoundProductsBase<RoundProductsPass> {
  void runOnOperation() override {
    getOperation().walk([&](Operation *op) {
      if (auto linear = dyn_cast<LinearOp>(op)) {
        bool routes = llvm::any_of(linear->getUsers(), [](Operation *user) { return isa<RouteOp>(user); });
        if (!routes && !isCoded(linear.getWeight())) {
          round(linear.getInputMutable());
          round(linear.getWeightMutable());
        }
      } else if (auto experts = dyn_cast<ExpertsOp>(op)) {
        if (llvm::any_of(ValueRange{experts.getUp(), experts.getDown(), experts.getGate() ? experts.getGate() : experts.getUp()}, isCoded))
          return;
        round(experts.getXMutable());
        for (OpOperand &gate : experts.getGateMutable())
          round(gate);
        round(experts.getUpMutable());
        round(experts.getDownMutable());
      }
    });
  }

  static bool isCoded(Value weight) { return weight.getDefiningOp<DequantizeOp>() != nullptr; }

  static void round(OpOperand &operand) {
    auto type = cast<RankedTensorType>(operand.get().getType());
    OpBuilder builder(operand.getOwner());
    if (type.getElementType().getIntOrFloatBitWidth() > 16)
      operand.set(arith::TruncFOp::create(builder, operand.getOwner()->getLoc(), type.clone(builder.getBF16Type()), operand.get()));
  }
};

} // namespace
} // namespace moe
