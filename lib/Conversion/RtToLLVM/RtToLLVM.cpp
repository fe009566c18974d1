//===- RtToLLVM.cpp - rt ops, kernels and entries to the runtime's ABI ------------------------------------------===//
#include "Abi.h"
#include "HostOp.h"
#include "Views.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/Moe.h"
#include "moert/abi.h"
#include "mlir/Analysis/DataLayoutAnalysis.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/AMX/Transforms.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/X86Vector/Transforms.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_RTTOLLVM
#include "moe/Conversion/Passes.h.inc"

namespace {

/// memref.alloc: memory of the call.
struct AllocPattern : ConvertOpToLLVMPattern<memref::AllocOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(memref::AllocOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> sizes, strides;
    Value bytes;
    getMemRefDescriptorSizes(op.getLoc(), op.getType(), adaptor.getDynamicSizes(), rewriter, sizes, strides, bytes, /*sizeInBytes=*/true);
    Value memory = abi::call(rewriter, op.getLoc(), abi::callOf(op), abi::Entry::Allocate, {bytes}, abi::pointer(op.getContext()));
    rewriter.replaceOp(op, Value(createMemRefDescriptor(op.getLoc(), op.getType(), memory, memory, sizes, strides, rewriter)));
    return success();
  }
};

struct DeallocPattern : ConvertOpToLLVMPattern<memref::DeallocOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(memref::DeallocOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    Value memory = MemRefDescriptor(adaptor.getMemref()).allocatedPtr(rewriter, op.getLoc());
    abi::call(rewriter, op.getLoc(), abi::callOf(op), abi::Entry::Release, {memory}, {});
    rewriter.eraseOp(op);
    return success();
  }
};

/// The place of a weight or state in the artefact's list; null after a diagnostic where nobody has numbered it.
Value placeOf(ConversionPatternRewriter &rewriter, Operation *op, StringRef what) {
  if (auto place = op->getAttrOfType<IntegerAttr>(rt::kIndexAttr))
    return LLVM::ConstantOp::create(rewriter, op->getLoc(), rewriter.getI32IntegerAttr(place.getInt()));
  op->emitError("stage lower: the ") << what << " has no place in the artefact's list";
  return {};
}

/// rt.param: the runtime's address of the weight.
struct ParamPattern : ConvertOpToLLVMPattern<rt::ParamOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(rt::ParamOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    Value place = placeOf(rewriter, op, "weight");
    if (!place)
      return failure();
    Value memory = abi::call(rewriter, op.getLoc(), abi::callOf(op), abi::Entry::Param, {place}, abi::pointer(op.getContext()));
    auto type = cast<MemRefType>(op.getType());
    rewriter.replaceOp(op, Value(MemRefDescriptor::fromStaticShape(rewriter, op.getLoc(), *getTypeConverter(), type, memory)));
    return success();
  }
};

/// The slots of an array of lengths.
void storeLengths(ConversionPatternRewriter &rewriter, Location loc, Value array, ValueRange lengths) {
  for (auto [axis, length] : llvm::enumerate(lengths))
    LLVM::StoreOp::create(rewriter, loc, length, abi::offset(rewriter, loc, array, 8 * axis));
}

/// rt.state: lengths and the room along the axis come back in memory; strides of the axes before it follow from the room.
struct StatePattern : ConvertOpToLLVMPattern<rt::StateOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(rt::StateOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value place = placeOf(rewriter, op, "state");
    if (!place)
      return failure();
    auto type = cast<MemRefType>(op.getType());
    Type i64 = rewriter.getI64Type();
    auto constant = [&](int64_t value) -> Value { return LLVM::ConstantOp::create(rewriter, loc, rewriter.getI64IntegerAttr(value)); };
    SmallVector<Value> lengths;
    auto dynamic = adaptor.getLengths().begin();
    for (int64_t length : type.getShape())
      lengths.push_back(ShapedType::isDynamic(length) ? *dynamic++ : constant(length));
    Value array = abi::stackSlots(rewriter, op, lengths.size()), room = abi::stackSlots(rewriter, op, 1);
    storeLengths(rewriter, loc, array, lengths);
    Value append = LLVM::ConstantOp::create(rewriter, loc, rewriter.getI32IntegerAttr(op.getAppend()));
    Value memory = abi::call(rewriter, loc, abi::callOf(op), abi::Entry::State, {place, append, array, room}, abi::pointer(op.getContext()));
    auto descriptor = MemRefDescriptor::poison(rewriter, loc, getTypeConverter()->convertType(type));
    descriptor.setAllocatedPtr(rewriter, loc, memory);
    descriptor.setAlignedPtr(rewriter, loc, memory);
    descriptor.setOffset(rewriter, loc, constant(0));
    Value stride = constant(1);
    for (int64_t axis = type.getRank() - 1; axis >= 0; --axis) {
      Value length = type.isDynamicDim(axis) ? LLVM::LoadOp::create(rewriter, loc, i64, abi::offset(rewriter, loc, array, 8 * axis)).getResult() : lengths[axis];
      descriptor.setSize(rewriter, loc, axis, length);
      descriptor.setStride(rewriter, loc, axis, stride);
      Value step = axis == op.getAxis() ? LLVM::LoadOp::create(rewriter, loc, i64, room).getResult() : length;
      stride = LLVM::MulOp::create(rewriter, loc, stride, step);
    }
    rewriter.replaceOp(op, Value(descriptor));
    return success();
  }
};

struct SetStatePattern : ConvertOpToLLVMPattern<rt::SetStateOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(rt::SetStateOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value place = placeOf(rewriter, op, "state");
    if (!place)
      return failure();
    MemRefDescriptor descriptor(adaptor.getValue());
    SmallVector<Value> lengths;
    for (int64_t axis = 0; axis < cast<MemRefType>(op.getValue().getType()).getRank(); ++axis)
      lengths.push_back(descriptor.size(rewriter, loc, axis));
    Value array = abi::stackSlots(rewriter, op, lengths.size());
    storeLengths(rewriter, loc, array, lengths);
    abi::call(rewriter, loc, abi::callOf(op), abi::Entry::SetState, {place, descriptor.alignedPtr(rewriter, loc), array}, {});
    rewriter.eraseOp(op);
    return success();
  }
};

/// rt.launch: the operands in 8-byte slots on the stack.
struct LaunchPattern : ConvertOpToLLVMPattern<rt::LaunchOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(rt::LaunchOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<Value> slots;
    for (auto [value, converted] : llvm::zip(op.getArgs(), adaptor.getArgs()))
      abi::pack(rewriter, loc, value.getType(), converted, slots);
    Value memory = abi::stackSlots(rewriter, op, slots.size());
    for (auto [index, slot] : llvm::enumerate(slots))
      LLVM::StoreOp::create(rewriter, loc, slot, abi::offset(rewriter, loc, memory, 8 * index));
    Value kernel = LLVM::AddressOfOp::create(rewriter, loc, abi::pointer(op.getContext()), op.getKernel());
    abi::call(rewriter, loc, abi::callOf(op), abi::Entry::Parallel, {kernel, memory, adaptor.getTasks(), adaptor.getCost()}, {});
    rewriter.eraseOp(op);
    return success();
  }
};

/// rt.routed: the address and shape of the ids.
struct RoutedPattern : ConvertOpToLLVMPattern<rt::RoutedOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(rt::RoutedOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    MemRefDescriptor ids(adaptor.getIds());
    Value bytes = LLVM::ConstantOp::create(rewriter, loc, rewriter.getI32IntegerAttr(op.getIds().getType().getElementTypeBitWidth() / 8));
    Value experts = LLVM::ConstantOp::create(rewriter, loc, op.getExpertsAttr()), each = LLVM::ConstantOp::create(rewriter, loc, op.getExpertBytesAttr());
    abi::call(rewriter, loc, abi::callOf(op), abi::Entry::Routed,
              {ids.alignedPtr(rewriter, loc), bytes, ids.size(rewriter, loc, 0), ids.size(rewriter, loc, 1), experts, each}, {});
    rewriter.eraseOp(op);
    return success();
  }
};

/// The fields of a value of LLVM's, one behind the other, each in a slot of 8 bytes: what a kernel's parameters are after its memrefs were
/// taken apart.
void flatten(ConversionPatternRewriter &b, Location loc, Value value, SmallVectorImpl<Value> &slots) {
  Type type = value.getType(), i64 = b.getI64Type();
  if (auto fields = dyn_cast<LLVM::LLVMStructType>(type)) {
    for (size_t i = 0; i < fields.getBody().size(); ++i)
      flatten(b, loc, LLVM::ExtractValueOp::create(b, loc, value, i), slots);
    return;
  }
  if (auto array = dyn_cast<LLVM::LLVMArrayType>(type)) {
    for (size_t i = 0; i < array.getNumElements(); ++i)
      flatten(b, loc, LLVM::ExtractValueOp::create(b, loc, value, i), slots);
    return;
  }
  if (isa<LLVM::LLVMPointerType>(type)) {
    slots.push_back(LLVM::PtrToIntOp::create(b, loc, i64, value));
    return;
  }
  unsigned bits = type.getIntOrFloatBitWidth();
  if (isa<FloatType>(type))
    value = LLVM::BitcastOp::create(b, loc, b.getIntegerType(bits), value);
  slots.push_back(bits < 64 ? LLVM::ZExtOp::create(b, loc, i64, value).getResult() : value);
}

/// gpu.launch_func: the grid and the operands in memory.
struct LaunchGridPattern : ConvertOpToLLVMPattern<gpu::LaunchFuncOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(gpu::LaunchFuncOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value place = placeOf(rewriter, op, "kernel");
    if (!place)
      return failure();
    auto i32 = [&](Value value) { return LLVM::TruncOp::create(rewriter, loc, rewriter.getI32Type(), value); };
    Value grid = abi::stackSlots(rewriter, op, sizeof(moert_grid) / 8);
    auto store = [&](Value value, size_t at) { LLVM::StoreOp::create(rewriter, loc, value, abi::offset(rewriter, loc, grid, at)); };
    for (auto [axis, length] : llvm::enumerate(std::array{adaptor.getGridSizeX(), adaptor.getGridSizeY(), adaptor.getGridSizeZ()}))
      store(length, offsetof(moert_grid, blocks) + 8 * axis);
    for (auto [axis, length] : llvm::enumerate(std::array{adaptor.getBlockSizeX(), adaptor.getBlockSizeY(), adaptor.getBlockSizeZ()}))
      store(i32(length), offsetof(moert_grid, threads) + 4 * axis);
    Value shared = adaptor.getDynamicSharedMemorySize();
    store(shared ? shared : LLVM::ConstantOp::create(rewriter, loc, rewriter.getI32IntegerAttr(0)).getResult(), offsetof(moert_grid, shared));
    SmallVector<Value> slots;
    for (Value operand : adaptor.getKernelOperands())
      flatten(rewriter, loc, operand, slots);
    Value memory = abi::stackSlots(rewriter, op, slots.size());
    for (auto [index, slot] : llvm::enumerate(slots))
      LLVM::StoreOp::create(rewriter, loc, slot, abi::offset(rewriter, loc, memory, 8 * index));
    Value count = LLVM::ConstantOp::create(rewriter, loc, rewriter.getI32IntegerAttr(slots.size()));
    abi::call(rewriter, loc, abi::callOf(op), abi::Entry::Launch, {place, grid, memory, count}, {});
    rewriter.eraseOp(op);
    return success();
  }
};

struct SyncPattern : ConvertOpToLLVMPattern<rt::SyncOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(rt::SyncOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    abi::call(rewriter, op.getLoc(), abi::callOf(op), abi::Entry::Sync, {}, {});
    rewriter.eraseOp(op);
    return success();
  }
};

struct RtToLLVMPass : impl::RtToLLVMBase<RtToLLVMPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    abi::adaptFunctions(module);

    LowerToLLVMOptions options(&getContext());
    options.overrideIndexBitwidth(64);
    LLVMTypeConverter converter(&getContext(), options);
    RewritePatternSet patterns(&getContext());
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    // Intrinsics first: among equals any may be taken, and a call of fmaf is not what vector units do.
    populateMathToLLVMConversionPatterns(converter, patterns, /*approximateLog1p=*/true, /*benefit=*/2);
    populateMathToLibmConversionPatterns(patterns, /*benefit=*/1);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    populateX86VectorLegalizeForLLVMExportPatterns(converter, patterns);
    populateAMXLegalizeForLLVMExportPatterns(converter, patterns);
    index::populateIndexToLLVMConversionPatterns(converter, patterns);
    ub::populateUBToLLVMConversionPatterns(converter, patterns);
    patterns.add<AllocPattern, DeallocPattern, ParamPattern, LaunchPattern, RoutedPattern, StatePattern, SetStatePattern, LaunchGridPattern, SyncPattern>(
        converter, /*benefit=*/10);
    addHostOpPattern(converter, patterns, /*benefit=*/10);
    addViewPatterns(converter, patterns, /*benefit=*/10);
    LLVMConversionTarget target(getContext());
    configureX86VectorLegalizeForExportTarget(target);
    configureAMXLegalizeForExportTarget(target);
    target.addLegalOp<ModuleOp, ParamOp>();
    target.markOpRecursivelyLegal<ParamOp>(); // what weights are computed from is interpreted
    target.addLegalOp<gpu::GPUModuleOp>();
    target.markOpRecursivelyLegal<gpu::GPUModuleOp>(); // device code
    if (failed(applyPartialConversion(module, target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace moe
