//===- Panels.h - products with packed matrices -------------------------------------------------------*- C++ -*-===//
//
// A weight [N, K] is packed into panels of 16 outputs: element (p, k, c) is weight[p*16 + c, k], zero past N, and the number of panels
// is a multiple of 4. A panel is read from start to end, 64 bytes for each k, by AVX2 (two vectors of 8) and AVX-512 (one of 16) alike. A
// block of rows times a few panels is accumulated in registers over all of K.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

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
/// One per instruction set with its own kernels, the first one for all processors.
llvm::ArrayRef<RegisterBlock> registerBlocks();

/// Launches a kernel that is written once per register block.
rt::LaunchOp launchBlocked(mlir::ImplicitLocOpBuilder &b, llvm::StringRef name, mlir::ValueRange args, mlir::Value tasks, mlir::Value cost,
                           llvm::function_ref<void(Code, const RegisterBlock &, mlir::ValueRange args, mlir::Value begin, mlir::Value end)> body);

/// A vector of a packed weight: elements (prefix..., panel, k, column ...).
struct PanelVector {
  mlir::Value weight;                       ///< memref [..., panels, K, 16]
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

/// The vectors that cover outputs [group * 64 + part * width, ...) of a packed weight, `count` of them.
llvm::SmallVector<PanelVector> panelVectors(Code c, const RegisterBlock &block, mlir::Value weight, mlir::ValueRange prefix, mlir::Value firstColumn,
                                            int64_t count);

} // namespace moe
