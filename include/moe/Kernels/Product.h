//===- Product.h - rows times packed weights ----------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Kernels/Panels.h"

namespace moe {

/// A product of rows with packed weights of the same outputs, such as gate and up. The instruction set's kernel says in which order rows and
/// outputs are gone through; the order of the additions of a sum is always that of K.
struct RowProduct {
  mlir::Value x;                                      ///< memref [rows, K], an argument of the kernel
  mlir::Value depth;                                  ///< K
  llvm::SmallVector<const PackedWeight *, 2> weights;
  llvm::SmallVector<mlir::Value> prefix;              ///< outer indices of the weights
  mlir::Value firstRow, lastRow;                      ///< rows [firstRow, lastRow)
  mlir::Value firstOutput, lastOutput;                ///< outputs [firstOutput, lastOutput), the first one of a panel

  /// Where a row lies in `x`.
  llvm::function_ref<mlir::Value(Code, mlir::Value row)> place;
  /// Takes a row's sums: as many vectors of neighbouring outputs from `output` on for each weight, which may reach past the last output.
  llvm::function_ref<void(Code, mlir::Value row, mlir::Value output, llvm::ArrayRef<mlir::Value> sums)> finish;
};

/// True where tiles can multiply rows of the buffer `x` with the weights: all are bfloat16, and K is known and whole tiles.
bool fitsTiles(mlir::Value x, llvm::ArrayRef<const PackedWeight *> weights);

/// Writes the product's loops.
void multiplyRows(Code c, const RegisterBlock &block, const RowProduct &product);

} // namespace moe
