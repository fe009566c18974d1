//===- MoeToKernels.cpp - moe ops to launched kernels -----------------------------------------------------------===//
#include "Lowerings.h"
#include "moe/Conversion/Passes.h"
#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "llvm/ADT/TypeSwitch.h"

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

Value stridedBufferOf(ImplicitLocOpBuilder &b, Value tensor) {
  auto view = tensor.getDefiningOp<bufferization::ToTensorOp>();
  return view && view.getBuffer().getDefiningOp<rt::StateOp>() ? view.getBuffer() : bufferOf(b, tensor);
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

Value asRows(ImplicitLocOpBuilder &b, Value buffer, Value rows, Value width) {
  auto type = cast<MemRefType>(buffer.getType());
  OpFoldResult count = getAsOpFoldResult(rows), columns = getAsOpFoldResult(width);
  auto length = [](OpFoldResult size) { return getConstantIntValue(size).value_or(ShapedType::kDynamic); };
  auto layout = StridedLayoutAttr::get(b.getContext(), 0, {length(columns), 1});
  auto flat = MemRefType::get({length(count), length(columns)}, type.getElementType(), layout);
  return memref::ReinterpretCastOp::create(b, flat, buffer, OpFoldResult(b.getIndexAttr(0)), ArrayRef<OpFoldResult>{count, columns},
                                           ArrayRef<OpFoldResult>{columns, b.getIndexAttr(1)});
}

Value matrixOfTask(Code k, Value space, Value task) {
  auto type = cast<MemRefType>(space.getType());
  OpFoldResult one = k.b.getIndexAttr(1), zero = k.b.getIndexAttr(0);
  SmallVector<OpFoldResult> offsets = {task, zero, zero}, sizes = {one}, strides(3, one);
  for (int64_t axis : {1, 2})
    sizes.push_back(type.isDynamicDim(axis) ? OpFoldResult(k.dim(space, axis)) : k.b.getIndexAttr(type.getDimSize(axis)));
  Type reduced = memref::SubViewOp::inferRankReducedResultType(type.getShape().drop_front(), type, offsets, sizes, strides);
  return memref::SubViewOp::create(k.b, cast<MemRefType>(reduced), space, offsets, sizes, strides);
}

PackedWeight packedWeight(ImplicitLocOpBuilder &b, Value weight) {
  auto panels = [&](Value value) { return value ? bufferOf(b, value.getDefiningOp<UnpackOp>().getPacked()) : Value(); };
  PackedWeight result;
  auto codes = weight.getDefiningOp<DequantizeOp>();
  if (!codes) {
    result.data = panels(weight);
    return result;
  }
  result.data = panels(codes.getData());
  result.scales = panels(codes.getScales());
  result.zeros = panels(codes.getZeroPoints());
  if (codes.getGlobal())
    result.global = bufferOf(b, codes.getGlobal());
  result.format = codes.getFormat();
  result.width = codes.width();
  result.block = codes.blockLength();
  result.zero = codes.getZero();
  return result;
}

int optionalBuffer(ImplicitLocOpBuilder &b, SmallVectorImpl<Value> &args, Value tensor) {
  if (!tensor)
    return -1;
  args.push_back(bufferOf(b, tensor));
  return args.size() - 1;
}

static void lowerGetParam(GetParamOp op, RewriterBase &rewriter) {
  auto param = rt::ParamOp::create(rewriter, op.getLoc(), memrefType(op.getType()), op.getParam());
  rewriter.replaceOpWithNewOp<bufferization::ToTensorOp>(op, op.getType(), param, /*restrict=*/true, /*writable=*/false);
}

namespace {

LogicalResult lower(Operation *op, RewriterBase &rewriter) {
  rewriter.setInsertionPoint(op);
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](GetParamOp param) { return lowerGetParam(param, rewriter), success(); })
      .Case([&](TopKOp topK) { return lowerTopK(topK, rewriter), success(); })
      .Case([&](PackOp pack) { return lowerPack(pack, rewriter), success(); })
      .Case([&](LinearOp linear) { return lowerLinear(linear, rewriter), success(); })
      .Case([&](ExpertsOp experts) { return lowerExperts(experts, rewriter), success(); })
      .Case([&](RouteOp route) { return lowerRoute(route, rewriter), success(); })
      .Case([&](NormOp norm) { return lowerNorm(norm, rewriter), success(); })
      .Case([&](RotaryOp rotary) { return lowerRotary(rotary, rewriter), success(); })
      .Case([&](GetStateOp state) { return lowerGetState(state, rewriter), success(); })
      .Case([&](AppendStateOp state) { return lowerAppendState(state, rewriter), success(); })
      .Case([&](WriteStateOp state) { return lowerWriteState(state, rewriter), success(); })
      .Case([&](SetStateOp state) { return lowerSetState(state, rewriter), success(); })
      .Case([&](AttentionOp attention) { return lowerAttention(attention, rewriter), success(); })
      .Case([&](ScanOp scan) { return lowerScan(scan, rewriter), success(); })
      .Case([&](rt::HostOp host) { return lowerHostOp(host, rewriter), success(); })
      .Case([&](CausalConvOp conv) { return lowerCausalConv(conv, rewriter), success(); })
      .Case<UnpackOp, DequantizeOp>([&](Operation *op) { // its users took the panels
        if (!op->use_empty())
          return LogicalResult(op->emitError("stage schedule: an op without a kernel for panels uses a packed weight"));
        rewriter.eraseOp(op);
        return success();
      })
      .Default([](Operation *op) { return op->emitError("stage schedule: ") << op->getName() << " has no kernel for this target"; });
}

struct MoeToKernelsPass : impl::MoeToKernelsBase<MoeToKernelsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> ops;
    for (auto function : getOperation().getOps<func::FuncOp>())
      function.walk([&](Operation *op) {
        if (isa_and_nonnull<MoeDialect>(op->getDialect()) || isa<rt::HostOp>(op))
          ops.push_back(op);
      });
    // Weights last, and users before them: the ops that use panels look at where they come from.
    auto weights = std::stable_partition(ops.begin(), ops.end(), [](Operation *op) { return !isa<UnpackOp, DequantizeOp>(op); });
    std::reverse(weights, ops.end());
    for (Operation *op : ops)
      if (failed(lower(op, rewriter)))
        return signalPassFailure();
  }
};

} // namespace
} // namespace moe
