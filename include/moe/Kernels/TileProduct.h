//===- TileProduct.h - a block of a GPU multiplies rows with weights -------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Kernels/Grid.h"
#include "moe/Kernels/MatrixUnit.h"

namespace moe {

/// A tile of products of rows with weights of the same outputs, such as gate and up, by the threads of a block. Both pass through workgroup memory,
/// a strip of k at a time; each wave multiplies a part of the tile. Sums are added in the order of k.
class TileProduct {
public:
  static constexpr int64_t kRows = 64, kColumns = 64;

  /// An element at `row` (of the tile) and `k`, as the unit's operand; 0 outside of what there is.
  using Source = llvm::function_ref<mlir::Value(Code, mlir::Value row, mlir::Value k)>;

  TileProduct(const MatrixUnit &unit, size_t weights) : unit(unit), weights(weights) {}

  int64_t threads() const { return kWaves * unit.lanes; }
  /// What it needs of workgroup memory.
  llvm::SmallVector<SharedArray> shared() const;
  /// Writes the product over `depth`; `finish` gets each sum's row and column in the tile, and the sums for each weight.
  void write(Code c, mlir::ValueRange shared, mlir::Value depth, Source rows, llvm::ArrayRef<Source> columns,
             llvm::function_ref<void(Code, mlir::Value row, mlir::Value column, llvm::ArrayRef<mlir::Value> sums)> finish) const;

private:
  static constexpr int64_t kWaves = 4, kWavesAcross = 2; ///< of a block; each takes kPart x kPart
  static constexpr int64_t kPart = 32;
  int64_t strip() const { return unit.operand.isBF16() ? 32 : 16; }
  int64_t unitRows() const { return kPart / unit.m; }
  int64_t unitColumns() const { return kPart / unit.n; }

  void fill(Code c, mlir::Value tile, mlir::Value first, Source source) const;
  llvm::SmallVector<mlir::Value> multiplyStrip(Code c, mlir::ValueRange shared, mlir::ValueRange sums) const;
  mlir::Value partRow(Code c) const;
  mlir::Value partColumn(Code c) const;
  mlir::Value lane(Code c) const { return c.rem(threadOf(c), c.index(unit.lanes)); }

  const MatrixUnit &unit;
  size_t weights;
};

} // namespace moe
