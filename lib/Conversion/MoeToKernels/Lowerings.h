//===- Lowerings.h - one function per moe op --------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Moe.h"
#include "moe/Kernels/Code.h"
#include "moe/Kernels/Product.h"
#include "mlir/IR/PatternMatch.h"

namespace moe {

/// The buffer of a tensor, in row-major order, to be read only.
mlir::Value bufferOf(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor);
/// The buffer of a tensor wherever it lies: a view of a state is read in place, at its own strides.
mlir::Value stridedBufferOf(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor);
/// A new buffer of a tensor type, its dynamic lengths in order.
mlir::Value newBuffer(mlir::ImplicitLocOpBuilder &b, mlir::RankedTensorType type, llvm::ArrayRef<mlir::OpFoldResult> sizes);
/// The tensor that a buffer made here holds from now on.
mlir::Value tensorOf(mlir::ImplicitLocOpBuilder &b, mlir::Value buffer, mlir::Type type);

/// [rows, width] of a buffer in row-major order.
mlir::Value asRows(mlir::ImplicitLocOpBuilder &b, mlir::Value buffer, mlir::Value rows, mlir::Value width);
/// The panels of a weight that moe-pack-weights packed: floats, or the codes that it is dequantized from.
PackedWeight packedWeight(mlir::ImplicitLocOpBuilder &b, mlir::Value weight);

/// The matrix of a task in a buffer [tasks, rows, columns].
mlir::Value matrixOfTask(Code k, mlir::Value space, mlir::Value task);

/// Appends the buffer of a tensor where there is one; its place among the arguments, or -1.
int optionalBuffer(mlir::ImplicitLocOpBuilder &b, llvm::SmallVectorImpl<mlir::Value> &args, mlir::Value tensor);

/// Loads and stores of a vector of columns that may reach past the last one.
class ColumnGuard {
public:
  /// The vector covers [first, first + lanes) of `count` columns, which are gone through `step` at a time.
  ColumnGuard(Code c, mlir::Value first, int64_t lanes, int64_t step, int64_t count) : ColumnGuard(c, first, lanes, count % step != 0, c.index(count)) {}
  /// The same for the last axis of a memref.
  static ColumnGuard ofLastAxis(Code c, mlir::Value first, int64_t lanes, int64_t step, mlir::Value memref) {
    auto type = llvm::cast<mlir::MemRefType>(memref.getType());
    int64_t count = type.getShape().back();
    return ColumnGuard(c, first, lanes, mlir::ShapedType::isDynamic(count) || count % step != 0, c.dim(memref, type.getRank() - 1));
  }

  mlir::Value load(Code c, mlir::Value memref, mlir::ValueRange at) const {
    return partial ? c.loadFirst(memref, at, lanes, valid) : c.loadVector(memref, at, lanes);
  }
  void store(Code c, mlir::Value vector, mlir::Value memref, mlir::ValueRange at) const {
    partial ? c.storeFirst(vector, memref, at, valid) : c.storeVector(vector, memref, at);
  }

private:
  ColumnGuard(Code c, mlir::Value first, int64_t lanes, bool partial, mlir::Value count) : lanes(lanes), partial(partial) {
    if (partial)
      valid = c.minIndex(c.sub(c.maxIndex(count, first), first), c.index(lanes));
  }

  int64_t lanes;
  bool partial;
  mlir::Value valid;
};

void lowerTopK(TopKOp op, mlir::RewriterBase &rewriter);
void lowerPack(PackOp op, mlir::RewriterBase &rewriter);
void lowerLinear(LinearOp op, mlir::RewriterBase &rewriter);
void lowerExperts(ExpertsOp op, mlir::RewriterBase &rewriter);
void lowerRoute(RouteOp op, mlir::RewriterBase &rewriter);
void lowerNorm(NormOp op, mlir::RewriterBase &rewriter);
void lowerRotary(RotaryOp op, mlir::RewriterBase &rewriter);
void lowerGetState(GetStateOp op, mlir::RewriterBase &rewriter);
void lowerAppendState(AppendStateOp op, mlir::RewriterBase &rewriter);
void lowerWriteState(WriteStateOp op, mlir::RewriterBase &rewriter);
void lowerSetState(SetStateOp op, mlir::RewriterBase &rewriter);
void lowerAttention(AttentionOp op, mlir::RewriterBase &rewriter);
void lowerScan(ScanOp op, mlir::RewriterBase &rewriter);
void lowerHostOp(rt::HostOp op, mlir::RewriterBase &rewriter); ///< from tensors to memrefs
void lowerCausalConv(CausalConvOp op, mlir::RewriterBase &rewriter);

} // namespace moe
