//===- ChunkTrial.h - what chunks stand for, found out by running them ----------------------------------*- C++ -*-===//
#pragma once

#include "ChunkRules.h"

namespace moe::raise {

/// The scan that chunks of tokens compute.
struct ChunkMeaning {
  ChunkRoles roles;
  StateOrder initialOrder = StateOrder::RowsFirst;
  double scale = 1;
  std::optional<int64_t> count; ///< the number of chunks that the graph serves; none where it serves any
  llvm::SmallVector<std::pair<mlir::Value, StateOrder>> finals; ///< those of Chunks::states that are the state behind all tokens
};

/// Runs the nodes beside scans on random tokens, of one and of several chunks; nullopt where no scan gives what they give.
std::optional<ChunkMeaning> findMeaning(View &view, const Chunks &chunks);

} // namespace moe::raise
