//===- Roles.h - what the inputs and outputs of a language model mean -----------------------------------*- C++ -*-===//
#pragma once

#include "Model.h"

namespace moerun {

enum class Role {
  Tokens,    ///< integers, named *ids: numbers of tokens [batch, length]
  Mask,      ///< named *mask*: 1 for every position that may be seen [batch, past + length]
  Positions, ///< integers, named *position*: past, past + 1, ... along the last axis
  State,     ///< an output of one run is this input of the next
  Other
};

/// Exporters say what a value means by its name only; these are the names of transformers, optimum and the ONNX Runtime GenAI builder.
struct Roles {
  explicit Roles(const Model &model);

  std::vector<Role> inputs;
  std::vector<int> stateOutputs; ///< for each input of role State the output that it comes from; else -1
  int tokens = -1;               ///< the input called input_ids, else the first integer input that is neither mask nor positions; or -1
  int logits = -1;               ///< the output called logits, or -1
};

bool isInteger(moert_type type);

} // namespace moerun
