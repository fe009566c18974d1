//===- signature.cpp - whether tensors fit an entry -------------------------------------------------------------===//
#include "signature.h"
#include "types.h"

namespace moert {

/// Values of symbols, and the axis that each comes from.
struct Signature::Bindings {
  const moert_tensor *inputs;
  size_t numInputs;
  const StateLengths &states;
  Lengths lengths;
  std::vector<const AxisRule *> sources;

  /// -1 where a fresh state has none yet.
  int64_t length(const AxisRule &rule) const {
    size_t place = size_t(rule.value);
    return place < numInputs ? inputs[place].dims[rule.axis] : states[place - numInputs][rule.axis];
  }
};

void Signature::addRules(const Value &value, int32_t place) {
  for (size_t axis = 0; axis < value.dims.size(); ++axis)
    if (value.dims[axis] < 0 && !value.expressions[axis].empty())
      axes.push_back({place, int32_t(axis), LengthExpression::parse(value.expressions[axis], names)});
}

Signature::Signature(const Entry &entry, std::vector<StateInfo> theStates) : entry(entry), states(std::move(theStates)) {
  for (const Value &input : entry.inputs)
    addRules(input, int32_t(&input - entry.inputs.data()));
  for (const StateInfo &state : states)
    addRules(state.value, int32_t(entry.inputs.size() + size_t(&state - states.data())));
  for (auto &[left, right] : entry.equal)
    equal.emplace_back(LengthExpression::parse(left, names), LengthExpression::parse(right, names));
}

/// "[2, s36, 16]".
static std::string shapeText(const Value &value) {
  std::string result = "[";
  for (const std::string &length : value.expressions) {
    result += result.size() == 1 ? "" : ", ";
    result += length.empty() ? "?" : length;
  }
  return result += ']';
}

static std::string shapeText(const moert_tensor &tensor) {
  std::string result = "[";
  for (int32_t axis = 0; axis < tensor.rank; ++axis)
    result += text(axis ? ", " : "", tensor.dims[axis]);
  return result += ']';
}

Status Signature::checkTensor(int32_t index, const moert_tensor &tensor) const {
  const Value &value = entry.inputs[index];
  const char *type = moert_type_name(tensor.type);
  if (!type)
    return fail(MOERT_INVALID_ARGUMENT, "input '", value.name, "': ", int(tensor.type), " is no element type");
  if (tensor.type != value.type)
    return fail(MOERT_INVALID_ARGUMENT, "input '", value.name, "' has type ", type, ", the model wants ", moert_type_name(value.type));
  if (tensor.rank < 0 || tensor.rank > MOERT_MAX_RANK || size_t(tensor.rank) != value.dims.size())
    return fail(MOERT_INVALID_ARGUMENT, "input '", value.name, "' has ", tensor.rank, " axes",
                ", the model wants ", value.dims.size(), " ",
                shapeText(value));
  auto bytes = byteSize(tensor.type, tensor.dims, tensor.rank);
  if (!bytes)
    return fail(MOERT_INVALID_ARGUMENT, "input '", value.name, "': ", shapeText(tensor), " is no shape");
  for (int32_t axis = 0; axis < tensor.rank; ++axis)
    if (value.dims[axis] >= 0 && value.dims[axis] != tensor.dims[axis])
      return fail(MOERT_INVALID_ARGUMENT, "input '", value.name, "': axis ", axis, " has length ", tensor.dims[axis], ", the model wants ",
                  value.dims[axis], " (given ", shapeText(tensor), " for ", shapeText(value), ")");
  if (tensor.bytes != *bytes)
    return fail(MOERT_INVALID_ARGUMENT, "input '", value.name, "' has ", tensor.bytes, " bytes, its shape ", shapeText(tensor), " needs ", *bytes);
  if (*bytes && (!tensor.data || reinterpret_cast<uintptr_t>(tensor.data) % uintptr_t(moert_type_bytes(tensor.type)) != 0))
    return fail(MOERT_INVALID_ARGUMENT, "input '", value.name, "': the data is null or not aligned to the size of an element");
  return {};
}

const Value &Signature::valueOf(const AxisRule &rule) const {
  size_t place = size_t(rule.value), inputs = entry.inputs.size();
  return place < inputs ? entry.inputs[place] : states[place - inputs].value;
}

std::string Signature::subject(const AxisRule &rule) const {
  return text(size_t(rule.value) < entry.inputs.size() ? "input" : "state", " '", valueOf(rule).name, "'");
}

std::string Signature::place(const AxisRule &rule) const { return text("axis ", rule.axis, " of ", subject(rule)); }

/// " (s36 is 16 by axis 2 of input 'k', ...)"
std::string Signature::reasons(const LengthExpression &expression, const Bindings &bindings) const {
  std::set<int32_t> symbols;
  expression.collect(symbols);
  std::string result;
  for (int32_t symbol : symbols)
    if (const AxisRule *source = bindings.sources[symbol])
      result += text(result.empty() ? "" : ", ", names[symbol], " is ", bindings.lengths[symbol], " by ", place(*source));
  return result.empty() ? "" : " (" + result + ")";
}

/// Finds the symbols: first those that are the length of an axis, then those that are alone in an expression, until nothing changes.
Status Signature::solve(Bindings &bindings) const {
  for (bool changed = true; changed;) {
    changed = false;
    for (const AxisRule &rule : axes) {
      auto form = rule.length.linear(bindings.lengths);
      int64_t length = bindings.length(rule), rest;
      if (!form || form->scale == 0 || length < 0)
        continue;
      if (__builtin_sub_overflow(length, form->offset, &rest) || rest % form->scale != 0 || rest / form->scale < 0)
        return fail(MOERT_INVALID_ARGUMENT, subject(rule), ": axis ", rule.axis, " has length ", length, ", which cannot be ",
                    valueOf(rule).expressions[rule.axis], reasons(rule.length, bindings));
      bindings.lengths[form->symbol] = rest / form->scale;
      bindings.sources[form->symbol] = &rule;
      changed = true;
    }
  }
  return {};
}

Status Signature::check(const moert_tensor *inputs, int32_t count, const StateLengths &states) const {
  if (count < 0 || size_t(count) != entry.inputs.size())
    return fail(MOERT_INVALID_ARGUMENT, "entry '", entry.name, "' has ", entry.inputs.size(), " inputs, ", count, " were given");
  for (int32_t index = 0; index < count; ++index)
    if (Status status = checkTensor(index, inputs[index]))
      return status;
  Bindings bindings{inputs, size_t(count), states, Lengths(names.size(), -1), std::vector<const AxisRule *>(names.size())};
  if (Status status = solve(bindings))
    return status;
  for (const AxisRule &rule : axes) {
    auto want = rule.length.evaluate(bindings.lengths);
    int64_t length = bindings.length(rule);
    if (want && length >= 0 && *want != length)
      return fail(MOERT_INVALID_ARGUMENT, subject(rule), ": axis ", rule.axis, " (", valueOf(rule).expressions[rule.axis], ") has length ", length, " but must have length ", *want,
                  reasons(rule.length, bindings), size_t(rule.value) < entry.inputs.size() ? "" : "; reset the session to begin anew");
  }
  for (size_t i = 0; i < equal.size(); ++i) {
    auto left = equal[i].first.evaluate(bindings.lengths), right = equal[i].second.evaluate(bindings.lengths);
    if (left && right && *left != *right)
      return fail(MOERT_INVALID_ARGUMENT, "the lengths of the inputs contradict each other: ", entry.equal[i].first, " is ", *left,
                  reasons(equal[i].first, bindings), " and must equal ", entry.equal[i].second, ", which is ", *right,
                  reasons(equal[i].second, bindings));
  }
  return {};
}

/// Gives values to symbols that are alone in an equality, until nothing changes.
Status Signature::solveEqualities(Lengths &lengths) const {
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < equal.size(); ++i) {
      auto rest = LengthExpression::difference(equal[i].first, equal[i].second, lengths);
      if (!rest || (rest->scale == 0 && rest->offset == 0))
        continue;
      if (rest->scale == 0 || rest->offset % rest->scale != 0 || -(rest->offset / rest->scale) < 0)
        return fail(MOERT_INVALID_ARGUMENT, "the lengths contradict each other: ", entry.equal[i].first, " must equal ", entry.equal[i].second);
      lengths[rest->symbol] = -(rest->offset / rest->scale);
      changed = true;
    }
  }
  return {};
}

Status Signature::inputLengths(const std::vector<std::pair<std::string_view, int64_t>> &given, std::vector<int64_t> &lengths) const {
  Lengths known(names.size(), -1);
  for (auto &[name, value] : given) {
    int32_t symbol = names.find(name);
    if (symbol < 0 || value < 0)
      return fail(MOERT_INVALID_ARGUMENT, "entry '", entry.name, "' has no length '", std::string(name), "', or ", value, " is none");
    known[symbol] = value;
  }
  if (Status status = solveEqualities(known))
    return status;
  lengths.clear();
  auto rule = axes.begin();
  for (size_t input = 0; input < entry.inputs.size(); ++input)
    for (size_t axis = 0; axis < entry.inputs[input].dims.size(); ++axis) {
      bool ruled = rule != axes.end() && rule->value == int32_t(input) && rule->axis == int32_t(axis);
      lengths.push_back(ruled ? rule->length.evaluate(known).value_or(-1) : entry.inputs[input].dims[axis]);
      rule += ruled;
    }
  return {};
}

} // namespace moert
