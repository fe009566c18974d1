//===- Chunks.h - nodes that work tokens off in chunks --------------------------------------------------*- C++ -*-===//
//
// A recurrence that is worked off in chunks of n tokens cuts the tokens' axis of its tensors into [chunks, n], and merges it again behind:
//     x [B, L, H, P]  ->  [B, L/n, n, H, P]  ->  ...  ->  y [B, L/n, n, H, P]  ->  [B, L, H, P]
// What stands between is anything. This is the outline; what the nodes between compute is found out by running them (ChunkTrial.h).
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "../NodeMaker.h"
#include "../Element/View.h"

namespace moe::raise {

/// A tensor whose axis of tokens is cut into chunks.
struct Cut {
  mlir::Value whole; ///< in front of the cut
  mlir::Value parts; ///< behind it
  unsigned axis;     ///< of the tokens in `whole`
  llvm::SmallVector<int64_t> shape; ///< of `whole`, as far as the graph fixes it
};

struct Chunks {
  int64_t size = 0;                   ///< tokens of a chunk
  std::optional<int64_t> count;       ///< chunks, where the graph fixes their number
  mlir::Value merged;                 ///< the tokens' results, [B, L, H, P] or [B, H, L, P]
  unsigned axis = 0;                  ///< of the tokens in `merged`
  int64_t heads = 0, width = 0;       ///< of `merged`
  llvm::SmallVector<Cut> cuts;        ///< without repetition
  llvm::SmallVector<mlir::Value> states; ///< what may be the state behind all tokens: [B, H, *, *]
  mlir::Value initial;                ///< the state that the nodes start with, with axes of length 1 besides; null where they make it
};

/// The chunks that the node puts together again, or whose only one it takes the padding from; nullopt where it does neither, or where they depend on
/// more than cut tensors and a state.
std::optional<Chunks> findChunks(View &view, onnx::NodeOp node);

/// The value in front of zeros that fill up an axis to whole chunks, made anew where it is needed; null where something else was done to it.
mlir::Value withoutPadding(View &view, NodeMaker &make, mlir::Value value, unsigned axis);

} // namespace moe::raise
