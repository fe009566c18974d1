//===- MoeToKernels.cpp - moe ops to launched kernels -----------------------------------------------------------===//
#include "Lowerings.h"
#include "moe/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_MOETOKERNELS
#include "moe/Conversion/Passes.h.inc"

static MemRefType memrefType(Type tensor) {
  auto type = cast<RankedTensorType>(tensor);
  return MemRefType::get(type.getShape(), type.getElementType());
}

Value bufferOf(ImplicitLocOpBuilder &b, Value tensor) {
  return bufferization::ToBufferOp::create(b, memrefType(tensor.getType()), tensor, /*read_only=*/true);
}

Value newBuffer(ImplicitLocOpBuilder &b, RankedTensorType type, ArrayRef<OpFoldResult> sizes) {
  SmallVector<Value> dynamic;
  for (auto [length, size] : llvm::zip_equal(type.getShape(), sizes))
    if (ShapedType::isDynamic(length))
      dynamic.push_back(getValueOrCreateConstantIndexOp(b, b.getLoc(), size));
  return memref::AllocOp::create(b, memrefType(type), dynamic);
}

Value tensorOf(ImplicitLocOpBuilder &b, Value buffer, Type type) {
  return bufferization::ToTensorOp::create(b, type, buffer, /*restrict=*/true, /*writable=*/true);
}

static void lowerGetParam(GetParamOp op, RewriterBase &rewriter) {
  auto param = rt::ParamOp::create(rewriter, op.getLoc(), memrefType(op.getType()), op.getParam());
  rewriter.replaceOpWithNewOp<bufferization::ToTensorOp>(op, op.getType(), param, /*restrict=*/true, /*writable=*/false);
}

namespace {

struct MoeToKernelsPass : impl::MoeToKernelsBase<MoeToKernelsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> ops;
    for (auto function : getOperation().getOps<func::FuncOp>())
      function.walk([&](Operation *op) {
        if (isa_and_nonnull<MoeDialect>(op->getDialect()))
          ops.push_back(op);
      });
    for (Operation *op : ops) {
      rewriter.setInsertionPoint(op);
      if (auto param = dyn_cast<GetParamOp>(op))
        lowerGetParam(param, rewriter);
      else if (auto topK = dyn_cast<TopKOp>(op))
        lowerTopK(topK, rewriter);
      else {
        op->emitError("stage schedule: ") << op->getName() << " has no kernel for this target";
        return signalPassFailure();
      }
    }
  }
};

} // namespace
} // namespace moe
