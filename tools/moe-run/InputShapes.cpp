//===- InputShapes.cpp - shapes of a language model's inputs ---------------------------------------------------------===//
#include "InputShapes.h"
#include <cstring>

namespace moerun {
namespace {

class Settler {
public:
  Settler(const Model &model, const GivenLengths &given) : model(model), symbols(given) {
    for (const moert_value_info *input : model.inputs)
      unnamed.emplace_back(size_t(input->rank), -1);
    solve();
  }

  /// Makes the axis `length` long where nothing settles it yet.
  void settle(size_t input, int32_t axis, int64_t length) {
    if (shapes[input][axis] >= 0)
      return;
    std::string symbol = model.inputs[input]->expressions[axis];
    if (symbol.empty())
      unnamed[input][axis] = length;
    else
      symbols[symbol] = length;
    solve();
  }

  std::vector<std::vector<int64_t>> shapes;

private:
  void solve() {
    shapes = model.inputLengths(symbols);
    for (size_t input = 0; input < shapes.size(); ++input)
      for (size_t axis = 0; axis < shapes[input].size(); ++axis)
        if (unnamed[input][axis] >= 0)
          shapes[input][axis] = unnamed[input][axis];
  }

  const Model &model;
  GivenLengths symbols;
  std::vector<std::vector<int64_t>> unnamed; ///< lengths of axes of which the model says nothing
};

} // namespace

int64_t fixedTokens(const Model &model, const Roles &roles) {
  if (roles.tokens < 0)
    return -1;
  const moert_value_info &input = *model.inputs[roles.tokens];
  return model.inputLengths({})[roles.tokens][input.rank - 1];
}

std::vector<std::vector<int64_t>> inputShapes(const Model &model, const Roles &roles, int64_t tokens, int64_t past, const GivenLengths &given) {
  Settler settler(model, given);
  if (roles.tokens < 0)
    for (size_t i = 0; i < model.inputs.size(); ++i)
      for (int32_t axis = 0; axis < model.inputs[i]->rank; ++axis)
        settler.settle(i, axis, tokens);
  auto forRole = [&](Role role, auto body) {
    for (size_t i = 0; i < model.inputs.size(); ++i)
      if (roles.inputs[i] == role)
        for (int32_t axis = 0; axis < model.inputs[i]->rank; ++axis)
          body(i, axis, axis == model.inputs[i]->rank - 1);
  };
  forRole(Role::Tokens, [&](size_t i, int32_t axis, bool last) { settler.settle(i, axis, last ? tokens : 1); });
  forRole(Role::State, [&](size_t i, int32_t axis, bool) {
    const moert_value_info &before = *model.inputs[i], &after = *model.outputs[roles.stateOutputs[i]];
    if (axis == 0)
      settler.settle(i, axis, 1);
    else if (std::strcmp(before.expressions[axis], after.expressions[axis]) != 0)
      settler.settle(i, axis, past);
  });
  forRole(Role::Mask, [&](size_t i, int32_t axis, bool last) { settler.settle(i, axis, last ? past + tokens : 1); });
  forRole(Role::Positions, [&](size_t i, int32_t axis, bool last) { settler.settle(i, axis, last ? tokens : 1); });
  forRole(Role::Other, [&](size_t i, int32_t axis, bool) {
    if (axis == 0)
      settler.settle(i, axis, 1);
  });
  for (size_t i = 0; i < model.inputs.size(); ++i)
    for (int32_t axis = 0; axis < model.inputs[i]->rank; ++axis)
      if (settler.shapes[i][axis] < 0)
        throw Failure(Exit::Invalid, std::string("input '") + model.inputs[i]->name + "': the length of axis " + std::to_string(axis) +
                                         " does not follow from the model; give it with --length '" + model.inputs[i]->expressions[axis] + "=N'");
  return settler.shapes;
}

} // namespace moerun
