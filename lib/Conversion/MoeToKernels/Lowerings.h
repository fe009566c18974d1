//===- Lowerings.h - one function per moe op --------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Moe.h"
#include "moe/Kernels/Launch.h"
#include "mlir/IR/PatternMatch.h"

namespace moe {

/// The buffer of a tensor, in row-major order, to be read only.
mlir::Value bufferOf(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor);
/// A new buffer of a tensor type, its dynamic lengths in order.
mlir::Value newBuffer(mlir::ImplicitLocOpBuilder &b, mlir::RankedTensorType type, llvm::ArrayRef<mlir::OpFoldResult> sizes);
/// The tensor that a buffer made here holds from now on.
mlir::Value tensorOf(mlir::ImplicitLocOpBuilder &b, mlir::Value buffer, mlir::Type type);

void lowerTopK(TopKOp op, mlir::RewriterBase &rewriter);

} // namespace moe
