//===- Panels.h - products with packed matrices -------------------------------------------------------*- C++ -*-===//
//
// A weight [N, K] is packed into panels of 16 outputs (moe.pack). A row of a panel is 64 bytes: for each output a word of 32 bits that holds
// the next elements along K, one float32, two halves, four bytes or eight codes of 4 bits, the first in the lowest bits. A panel is read from
// start to end, by AVX2 (two vectors of 8 words) and AVX-512 (one of 16) alike; words of two bf16 are what vdpbf16ps and AMX tiles take.
// Codes become floats in registers, so that the bytes read are those of the stored format. A block of rows times a few vectors is
// accumulated in registers over all of K, in the same order whatever the number of threads.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "moe/Dialect/Moe.h"
#include "moe/Kernels/Code.h"
#include "moe/Kernels/Launch.h"

namespace moe {

inline constexpr int64_t kPanel = 16;      ///< outputs of a panel
inline constexpr int64_t kPanelGroup = 4;  ///< panels come in groups of this many
inline constexpr int64_t kBlock = kPanel * kPanelGroup;

/// The register block of an instruction set: `rows` x `vectors` accumulators of `lanes` floats.
struct RegisterBlock {
  llvm::StringLiteral isa;
  int64_t lanes, rows, vectors;
};

/// Launches a kernel that is written once per instruction set with its own kernels; with `tiles` also for that of AMX.
rt::LaunchOp launchBlocked(mlir::ImplicitLocOpBuilder &b, llvm::StringRef name, mlir::ValueRange args, mlir::Value tasks, mlir::Value cost,
                           llvm::function_ref<void(Code, const RegisterBlock &, mlir::ValueRange args, mlir::Value begin, mlir::Value end)> body,
                           bool tiles = false);

//===- packed weights -------------------------------------------------------------------------------------------===//

/// A weight in panels, on either side of a launch: floats, or codes with scales and zero points.
struct PackedWeight {
  mlir::Value data;                  ///< memref [..., panels, words, 64 bytes]
  mlir::Value scales, zeros;         ///< memrefs [..., panels, words of scales, 64 bytes]; null where there are none
  mlir::Value global;                ///< memref [...], a factor of each matrix's scales; null where there is none
  std::optional<Format> format;      ///< of codes, with scales
  int64_t width = 0;                 ///< bits of a code
  int64_t block = 0;                 ///< elements that share a scale
  int64_t zero = 0;                  ///< the code that stands for 0 where there are no zero points

  /// Appends its buffers to a launch's arguments; the same weight inside the kernel, where its arguments are `inside`.
  void pass(llvm::SmallVectorImpl<mlir::Value> &args);
  PackedWeight inside(mlir::ValueRange args) const;

  /// True where the words of both are read in the same way.
  bool isLike(const PackedWeight &other) const;

private:
  int64_t firstArgument = -1;
};

/// True where kernels read the codes of `op` from panels.
bool readsPacked(DequantizeOp op);

/// A vector of outputs of a packed weight: those of its panel from `column` on.
struct PanelVector {
  const PackedWeight *weight;
  llvm::SmallVector<mlir::Value> prefix;    ///< outer indices
  mlir::Value panel;
  mlir::Value column;                       ///< 0, or 8 for the upper half
};

/// sum over k of x[rows[m], k] * vector v's elements, for all m and v: result[m * vectors + v].
llvm::SmallVector<mlir::Value> multiplyPanels(Code c, const RegisterBlock &block, mlir::Value x, llvm::ArrayRef<mlir::Value> rows,
                                              llvm::ArrayRef<PanelVector> vectors, mlir::Value depth);

/// Calls `body` for blocks of at most `block.rows` rows that cover [low, high): the first row and how many there are.
void forEachRowBlock(Code c, const RegisterBlock &block, mlir::Value low, mlir::Value high,
                     llvm::function_ref<void(Code, mlir::Value first, int64_t count)> body);

/// The `count` vectors that cover outputs [firstColumn, ...) of a packed weight, which must outlive them.
llvm::SmallVector<PanelVector> panelVectors(Code c, const RegisterBlock &block, const PackedWeight &weight, mlir::ValueRange prefix,
                                            mlir::Value firstColumn, int64_t count);

} // namespace moe
