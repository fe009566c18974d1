//===- MoeToGpu.cpp - moe ops to kernels written for a GPU ------------------------------------------------------===//
#include "Lowerings.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/Rt.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_MOETOGPU
#include "moe/Conversion/Passes.h.inc"

bool isPlainWeight(Value weight) { return !weight || !isa_and_nonnull<UnpackOp, DequantizeOp>(weight.getDefiningOp()); }

Type operandType(Value x, ValueRange weights) {
  auto isHalf = [](Value tensor) { return !tensor || cast<RankedTensorType>(tensor.getType()).getElementType().isBF16(); };
  Builder b(x.getContext());
  return isHalf(x) && llvm::all_of(weights, isHalf) ? Type(b.getBF16Type()) : b.getF32Type();
}

Value loadInside(Code c, Value inside, Value buffer, ValueRange at, Type type) {
  auto load = [&](Code k) {
    Value value = k.load(buffer, at);
    return value.getType() == type ? value : k.narrow(k.widen(value), type);
  };
  return c.branch(inside, load, [&](Code k) { return k.constant(type, 0); });
}

namespace {

struct MoeToGpuPass : impl::MoeToGpuBase<MoeToGpuPass> {
  using MoeToGpuBase::MoeToGpuBase;
  void runOnOperation() override {
    const Chip *known = chipNamed(chip);
    if (!known) {
      getOperation().emitError("moe-to-gpu: '") << chip << "' is no GPU that is known; there are " << chipNames();
      return signalPassFailure();
    }
    IRRewriter rewriter(&getContext());
    for (auto function : getOperation().getOps<func::FuncOp>())
      function.walk([&](Operation *op) {
        rewriter.setInsertionPoint(op);
        if (auto linear = dyn_cast<LinearOp>(op); linear && isPlainWeight(linear.getWeight()))
          lowerLinearToGpu(linear, *known, rewriter);
        else if (auto experts = dyn_cast<ExpertsOp>(op);
                 experts && isPlainWeight(experts.getUp()) && isPlainWeight(experts.getGate()) && isPlainWeight(experts.getDown()))
          lowerExpertsToGpu(experts, *known, rewriter);
      });
  }
};

} // namespace
} // namespace moe
