//===- signature.h - whether tensors fit an entry -----------------------------------------------------*- C++ -*-===//
#pragma once

#include "length_expression.h"
#include "manifest.h"
#include "status.h"
#include <set>
#include <vector>

namespace moert {

/// Lengths of states: -1 where they are not known yet.
using StateLengths = std::vector<std::vector<int64_t>>;

/// The rules that an entry's inputs must keep, parsed once.
class Signature {
public:
  explicit Signature(const Entry &entry, std::vector<StateInfo> states = {});

  /// Checks types, ranks, fixed lengths, that every symbol has one value, and that expressions and equalities hold. Equalities that
  /// depend on lengths which only show inside the model are left to the model. The message names inputs, axes and both lengths.
  Status check(const moert_tensor *inputs, int32_t count, const StateLengths &states = {}) const;

  /// What follows for the length of every axis of every input from values of symbols; -1 where it does not follow.
  Status inputLengths(const std::vector<std::pair<std::string_view, int64_t>> &given, std::vector<int64_t> &lengths) const;

private:
  /// The length of `axis` of `value`, an input or, from the number of inputs on, a state: an expression over symbols.
  struct AxisRule {
    int32_t value, axis;
    LengthExpression length;
  };
  struct Bindings;

  Status solveEqualities(Lengths &lengths) const;
  Status checkTensor(int32_t index, const moert_tensor &tensor) const;
  void addRules(const Value &value, int32_t place);
  const Value &valueOf(const AxisRule &rule) const;
  Status solve(Bindings &bindings) const;
  std::string subject(const AxisRule &rule) const;
  std::string place(const AxisRule &rule) const;
  std::string reasons(const LengthExpression &expression, const Bindings &bindings) const;

  const Entry &entry;
  std::vector<StateInfo> states;
  SymbolNames names;
  std::vector<AxisRule> axes;
  std::vector<std::pair<LengthExpression, LengthExpression>> equal;
};

} // namespace moert
