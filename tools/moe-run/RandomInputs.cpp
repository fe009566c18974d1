//===- RandomInputs.cpp - inputs that a language model could get --------------------------------------------------===//
#include "RandomInputs.h"
#include "Floats.h"
#include <cstring>

namespace moerun {
namespace {

void fillRandom(Array &array, std::mt19937_64 &random) {
  std::uniform_real_distribution<float> numbers(-1, 1);
  for (int64_t i = 0; i < array.count(); ++i)
    setFloat(array.type, array.data(), i, numbers(random));
}

/// Writes value(i) to each element of an integer or boolean array.
template <typename Value> void fillIntegers(Array &array, Value value) {
  int64_t size = moert_type_bytes(array.type);
  for (int64_t i = 0; i < array.count(); ++i) {
    int64_t number = value(i);
    std::memcpy(array.data() + i * size, &number, size_t(size)); // little-endian
  }
}

Array makeInput(const Model &model, const Roles &roles, size_t index, std::vector<int64_t> dims, int64_t past, std::mt19937_64 &random) {
  const moert_value_info &input = *model.inputs[index];
  int64_t last = dims.empty() ? 1 : dims.back();
  Array array(input.type, std::move(dims));
  bool whole = isInteger(input.type) || input.type == MOERT_BOOL;
  if (isFloat(input.type))
    fillRandom(array, random);
  else if (!whole)
    return array; // zeros: the narrow types are formats of stored data
  else if (roles.inputs[index] == Role::Mask)
    fillIntegers(array, [](int64_t) { return 1; });
  else if (roles.inputs[index] == Role::Positions)
    fillIntegers(array, [&](int64_t i) { return past + i % last; });
  else if (roles.inputs[index] == Role::Tokens) {
    const moert_value_info *logits = roles.logits < 0 ? nullptr : model.outputs[roles.logits];
    int64_t vocabulary = logits && logits->rank > 0 ? logits->dims[logits->rank - 1] : -1;
    fillIntegers(array, [&](int64_t) { return int64_t(random() % uint64_t(vocabulary > 0 ? vocabulary : 100)); });
  }
  return array;
}

} // namespace

std::vector<Array> randomInputs(const Model &model, const Roles &roles, const std::vector<std::vector<int64_t>> &shapes, int64_t past,
                                std::mt19937_64 &random) {
  std::vector<Array> arrays;
  for (size_t i = 0; i < shapes.size(); ++i)
    arrays.push_back(makeInput(model, roles, i, shapes[i], past, random));
  return arrays;
}

} // namespace moerun
