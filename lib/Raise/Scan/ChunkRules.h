//===- ChunkRules.h - the transitions that chunks may stand for -----------------------------------------*- C++ -*-===//
//
//     S' = exp(g) S + k v                               Mamba-2, gated linear attention; g a number per head or per row, or 0
//     S' = exp(g) S - k (kb . exp(g) S) + k vb          (gated) delta rule, Kimi delta attention; kb = beta k, vb = beta v
//     y  = q . S'
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "Chunks.h"
#include "Operands.h"

namespace moe::raise {

/// Which cut tensor is what: numbers of Chunks::cuts.
struct ChunkRoles {
  unsigned q, k, v;
  std::optional<unsigned> kb, g;
};

/// All roles that the tensors' shapes allow.
std::vector<ChunkRoles> possibleRoles(const Chunks &chunks);

/// How S lies in a tensor: [B, H, dk, dv] or [B, H, dv, dk].
enum class StateOrder { RowsFirst, ColumnsFirst };

/// The scan over `wholes`, one for each cut, and over an initial state of four axes, which may be null.
ScanOp makeChunkedScan(NodeMaker &make, const Chunks &chunks, const ChunkRoles &roles, llvm::ArrayRef<mlir::Value> wholes, mlir::Value initial,
                       StateOrder order, double scale);

} // namespace moe::raise
