//===- Shapes.h - what the verifiers and shape rules of the moe ops share ------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Moe.h"

namespace moe {

/// True where both lengths may be equal: a dynamic length agrees with every length.
inline bool agree(int64_t a, int64_t b) {
  return a == b || mlir::ShapedType::isDynamic(a) || mlir::ShapedType::isDynamic(b);
}

/// The length of an axis; negative axes count from the end.
int64_t length(mlir::Value value, int64_t axis);
int64_t rank(mlir::Value value);

/// True where `value` is left out or its shape may be `lengths`.
bool hasShape(mlir::Value value, llvm::ArrayRef<int64_t> lengths);

/// True where both may have the same elements in the same places: of one type, with lengths that agree.
bool isLike(mlir::Value a, mlir::Value b);

/// The length of an axis when the code runs, as an index.
mlir::OpFoldResult dimension(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, int64_t axis);

/// The lengths of all axes of `value`, the last one replaced by that of `last` where given.
llvm::SmallVector<mlir::OpFoldResult> dimensions(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value);

} // namespace moe
