//===- Mask.h - what the masks of an attention mean ---------------------------------------------------*- C++ -*-===//
#pragma once

#include "Operands.h"

namespace moe::raise {

/// What the graph does to logits before their softmax.
struct MaskTerms {
  struct Addend {
    E term;
    double factor;
  };
  struct Choice {
    E condition;
    double other;
  };
  std::vector<Addend> addends; ///< factor * term is added
  std::vector<Choice> choices; ///< a logit counts only where the condition holds; else it is a number that masks
};

/// The same as moe.attention takes it.
struct AttentionMask {
  mlir::Value tensor; ///< numbers to add, or booleans; may be null
  bool causal = false;
  int64_t window = 0;
};

/// Recognises keys up to the query's own position and windows; what is left over becomes a tensor. An addend that is 0 or so low that
/// nothing is left beside it counts as conditions where such a bound is one of them: a query that padding leaves no key gives zeros, where a
/// graph without a guard gives the mean of what it does not see. Any other addend stays numbers to add; all do without `read`, and where
/// there may be fewer keys than queries. nullopt where a term is no tensor over the logits.
std::optional<AttentionMask> buildMask(View &view, NodeMaker &make, const Logit &at, const MaskTerms &terms, const HeadTensor &queries,
                                       const HeadTensor &keys, bool read = true);

/// True for a number that masks: no logit is left beside it.
bool isMasking(double number);

} // namespace moe::raise
