//===- Roles.cpp - what the inputs and outputs of a language model mean ------------------------------------------------===//
#include "Roles.h"
#include <algorithm>
#include <map>
#include <string_view>

namespace moerun {
namespace {

/// The name without what says that it comes in or goes out: input.X and output.X, past_key_values.X, past.X and present.X are one state.
std::string stateName(std::string_view name) {
  static constexpr std::string_view kPrefixes[] = {"input.", "output.", "past_key_values.", "present_key_values.", "past.", "present."};
  for (std::string_view prefix : kPrefixes)
    if (name.starts_with(prefix))
      return std::string(name.substr(prefix.size()));
  return std::string(name);
}

Role roleByName(const moert_value_info &value) {
  std::string_view name = value.name;
  auto has = [&](std::string_view part) { return name.find(part) != name.npos; };
  if (has("mask"))
    return Role::Mask;
  if (isInteger(value.type) && has("position"))
    return Role::Positions;
  if (isInteger(value.type) && name.ends_with("ids"))
    return Role::Tokens;
  return Role::Other;
}

} // namespace

bool isInteger(moert_type type) { return type >= MOERT_INT8 && type <= MOERT_UINT64; }

Roles::Roles(const Model &model) : stateOutputs(model.inputs.size(), -1), logits(model.output("logits")) {
  std::map<std::string, int> outputs;
  for (size_t i = 0; i < model.outputs.size(); ++i)
    outputs.emplace(stateName(model.outputs[i]->name), int(i));
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    const moert_value_info &input = *model.inputs[i];
    auto found = outputs.find(stateName(input.name));
    bool pairs = found != outputs.end() && model.outputs[found->second]->type == input.type && model.outputs[found->second]->rank == input.rank;
    if (pairs)
      stateOutputs[i] = found->second;
    inputs.push_back(pairs ? Role::State : roleByName(input));
  }
  tokens = model.input("input_ids");
  for (size_t i = 0; tokens < 0 && i < inputs.size(); ++i)
    if (isInteger(model.inputs[i]->type) && model.inputs[i]->rank > 0 && (inputs[i] == Role::Tokens || inputs[i] == Role::Other))
      tokens = int(i);
  if (tokens >= 0)
    inputs[tokens] = Role::Tokens;
}

} // namespace moerun
