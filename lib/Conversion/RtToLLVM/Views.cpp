//===- Views.cpp - views of buffers as descriptors --------------------------------------------------------------===//
//
// Why not upstream's expand-strided-metadata: in MLIR 22.1 it dereferences a null length for some expand_shape with unit axes (found on
// exported models; assertions are off in the distribution's build, so it crashes). The rules below are the ops' own definitions.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Views.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace moe {
namespace {

Value constant(OpBuilder &b, Location loc, int64_t value) { return LLVM::ConstantOp::create(b, loc, b.getI64IntegerAttr(value)); }

/// The value of a static or dynamic entry of an op's list; `dynamic` gives the next dynamic one.
Value entry(OpBuilder &b, Location loc, int64_t fixed, ValueRange dynamic, unsigned &next) {
  return ShapedType::isDynamic(fixed) ? dynamic[next++] : constant(b, loc, fixed);
}

/// A descriptor of `type` with the memory of `source`.
MemRefDescriptor sameMemory(OpBuilder &b, Location loc, const TypeConverter &converter, MemRefType type, MemRefDescriptor &source) {
  auto result = MemRefDescriptor::poison(b, loc, converter.convertType(type));
  result.setAllocatedPtr(b, loc, source.allocatedPtr(b, loc));
  result.setAlignedPtr(b, loc, source.alignedPtr(b, loc));
  result.setOffset(b, loc, source.offset(b, loc));
  return result;
}

struct SubviewPattern : ConvertOpToLLVMPattern<memref::SubViewOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(memref::SubViewOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    MemRefDescriptor source(adaptor.getSource());
    MemRefDescriptor result = sameMemory(b, loc, *getTypeConverter(), op.getType(), source);
    llvm::SmallBitVector dropped = op.getDroppedDims();
    Value start = source.offset(b, loc);
    unsigned nextOffset = 0, nextSize = 0, nextStride = 0, to = 0;
    for (int64_t axis = 0; axis < op.getSourceType().getRank(); ++axis) {
      Value stride = source.stride(b, loc, axis);
      Value offset = entry(b, loc, op.getStaticOffsets()[axis], adaptor.getOffsets(), nextOffset);
      Value size = entry(b, loc, op.getStaticSizes()[axis], adaptor.getSizes(), nextSize);
      Value step = entry(b, loc, op.getStaticStrides()[axis], adaptor.getStrides(), nextStride);
      start = LLVM::AddOp::create(b, loc, start, LLVM::MulOp::create(b, loc, offset, stride));
      if (dropped.test(axis))
        continue;
      result.setSize(b, loc, to, size);
      result.setStride(b, loc, to++, LLVM::MulOp::create(b, loc, stride, step));
    }
    result.setOffset(b, loc, start);
    b.replaceOp(op, Value(result));
    return success();
  }
};

struct ExpandPattern : ConvertOpToLLVMPattern<memref::ExpandShapeOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(memref::ExpandShapeOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    MemRefDescriptor source(adaptor.getSrc());
    MemRefDescriptor result = sameMemory(b, loc, *getTypeConverter(), op.getResultType(), source);
    SmallVector<Value> sizes;
    unsigned next = 0;
    for (int64_t length : op.getStaticOutputShape())
      sizes.push_back(entry(b, loc, length, adaptor.getOutputShape(), next));
    auto groups = op.getReassociationIndices();
    for (auto [axis, group] : llvm::enumerate(groups)) {
      Value stride = source.stride(b, loc, axis);
      for (int64_t to : llvm::reverse(group)) {
        result.setSize(b, loc, to, sizes[to]);
        result.setStride(b, loc, to, stride);
        stride = LLVM::MulOp::create(b, loc, stride, sizes[to]);
      }
    }
    for (int64_t to = 0; groups.empty() && to < op.getResultType().getRank(); ++to) { // a scalar gets axes of length 1
      result.setSize(b, loc, to, constant(b, loc, 1));
      result.setStride(b, loc, to, constant(b, loc, 1));
    }
    b.replaceOp(op, Value(result));
    return success();
  }
};

struct CollapsePattern : ConvertOpToLLVMPattern<memref::CollapseShapeOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(memref::CollapseShapeOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    MemRefDescriptor source(adaptor.getSrc());
    MemRefDescriptor result = sameMemory(b, loc, *getTypeConverter(), op.getResultType(), source);
    for (auto [to, group] : llvm::enumerate(op.getReassociationIndices())) {
      // Elements of a group follow each other at the stride of its innermost axis; one of length 1 has no say.
      int64_t inner = group.back();
      for (int64_t axis : llvm::reverse(group))
        if (op.getSrcType().getDimSize(axis) != 1) {
          inner = axis;
          break;
        }
      Value size = constant(b, loc, 1);
      for (int64_t axis : group)
        size = LLVM::MulOp::create(b, loc, size, source.size(b, loc, axis));
      result.setSize(b, loc, to, size);
      result.setStride(b, loc, to, source.stride(b, loc, inner));
    }
    b.replaceOp(op, Value(result));
    return success();
  }
};

} // namespace

void addViewPatterns(const LLVMTypeConverter &converter, RewritePatternSet &patterns, PatternBenefit benefit) {
  patterns.add<SubviewPattern, ExpandPattern, CollapsePattern>(converter, benefit);
}

} // namespace moe
