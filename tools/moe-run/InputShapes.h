//===- InputShapes.h - shapes of a language model's inputs ------------------------------------------------*- C++ -*-===//
#pragma once

#include "Roles.h"
#include <map>

namespace moerun {

/// Lengths that the user gives by symbol (--length NAME=N).
using GivenLengths = std::map<std::string, int64_t>;


/// The number of tokens that the model was exported for, or -1 where it takes any number.
int64_t fixedTokens(const Model &model, const Roles &roles);

/// The shapes of all inputs for one sequence of `tokens` tokens after `past` others. Lengths come, in this order, from the model (fixed,
/// or by its equalities), from `given`, and from these rules for a symbol that is still free:
///   - the last axis of a token input is the number of tokens, its first axis is the batch, 1;
///   - an axis of a state whose length the run changes is `past`; a state's first axis is 1;
///   - where no input is token numbers, as in a layer, every free length is the number of tokens;
///   - the last axis of a mask is past + tokens, of positions tokens; their other axes are 1, as is the first axis of any other input.
/// Throws Failure for an axis that no rule settles; the message names the symbol to give.
std::vector<std::vector<int64_t>> inputShapes(const Model &model, const Roles &roles, int64_t tokens, int64_t past, const GivenLengths &given);

} // namespace moerun
