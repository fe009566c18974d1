//===- Words.h - from the words of panels to floats -------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Kernels/Panels.h"

namespace moe {

/// What turns the codes of a block into numbers: (code - zero) * scale. Vectors of outputs; `zero` is null where it is constant.
struct Scaling {
  mlir::Value scale, zero;
};

/// Elements along K that a word of the weight holds.
int64_t wordLength(const PackedWeight &weight);

/// Word number `word` of each of the vector's outputs: `lanes` words of 32 bits, or floats where those are no narrower.
mlir::Value loadWords(Code c, const PanelVector &vector, mlir::Value word, int64_t lanes);

/// Asks for the cache line of a word, which may lie past the weight.
void prefetchWords(Code c, const PanelVector &vector, mlir::Value word);

/// Element `place` of each word as float32: floats are exact, codes less the weight's constant zero.
mlir::Value decodeWord(Code c, const PackedWeight &weight, mlir::Value words, mlir::Value place, int64_t lanes);

/// The scaling of block number `number` for the vector's outputs.
Scaling scalingAt(Code c, const PanelVector &vector, mlir::Value number, int64_t lanes);

/// Writes the numbers of a vector of codes to into[place, k, :] for all k < `depth`; what follows up to a whole word is written, too.
void decodeVector(Code c, const PanelVector &vector, mlir::Value depth, mlir::Value into, int64_t place, int64_t lanes);

} // namespace moe
