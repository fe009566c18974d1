//===- MatrixUnit.h - the instructions that multiply matrices -------------------------------------------*- C++ -*-===//
//
// A wave multiplies a tile of m x k with one of n x k (both with k innermost, as weights are stored) and adds m x n sums, which it holds spread over
// its lanes. What differs between chips is the size of the tile and where a lane's elements lie; kernels ask the unit. An operand comes in
// pieces of elements that follow each other along k.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "moe/Kernels/Code.h"
#include "moe/Target/Chip.h"

namespace moe {

class MatrixUnit {
public:
  /// Where something lies: the row of an operand and its first place along k, or the row and column of a sum.
  struct At {
    mlir::Value outer, inner;
  };

  /// The chip's best for operands of type `operand`, float32 or bfloat16.
  MatrixUnit(const Chip &chip, mlir::Type operand);

  mlir::Type operand;
  int64_t lanes;                   ///< of a wave
  int64_t m = 16, n = 16, k = 1;   ///< the tile
  int64_t piece = 1;               ///< elements of a piece
  int64_t aPieces = 1, bPieces = 1;///< of a lane
  static constexpr int64_t sums = 4; ///< of a lane

  At a(Code c, mlir::Value lane, int64_t number) const;
  At b(Code c, mlir::Value lane, int64_t number) const;
  At sum(Code c, mlir::Value lane, int64_t number) const;
  /// `total` (a vector of the lane's sums) and the product of the lane's pieces, vectors of `piece` elements.
  mlir::Value multiply(Code c, llvm::ArrayRef<mlir::Value> a, llvm::ArrayRef<mlir::Value> b, mlir::Value total) const;

private:
  bool nvidia;
};

} // namespace moe
