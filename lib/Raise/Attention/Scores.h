//===- Scores.h - what the input of an attention's softmax is made of ---------------------------------*- C++ -*-===//
#pragma once

#include "Mask.h"

namespace moe::raise {

struct Scores {
  HeadTensor queries, keys;
  double scale = 1, softcap = 0;
  mlir::Value sinks; ///< a logit for each head beside those of the keys, as a tensor with one axis that is not 1; may be null
  MaskTerms mask;
};

/// Takes softcap(scale * queries . keys) + masks apart, whatever the order in which the graph scales and masks; with `sinkAxis` the logits
/// may have one more column along that axis of `input`, a load. nullopt for anything else.
std::optional<Scores> readScores(View &view, const Logit &at, E input, unsigned sinkAxis);

} // namespace moe::raise
