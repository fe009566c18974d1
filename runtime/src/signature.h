//===- signature.h - whether tensors fit an entry -----------------------------------------------------*- C++ -*-===//
#pragma once

#include "length_expression.h"
#include "manifest.h"
#include "status.h"
#include <set>
#include <vector>

namespace moert {

/// The rules that an entry's inputs must keep, parsed once.
class Signature {
public:
  explicit Signature(const Entry &entry);

  /// Checks types, ranks, fixed lengths, that every symbol has one value, and that expressions and equalities hold. Equalities that
  /// depend on lengths which only show inside the model are left to the model. The message names inputs, axes and both lengths.
  Status check(const moert_tensor *inputs, int32_t count) const;

  /// What follows for the length of every axis of every input from values of symbols; -1 where it does not follow.
  Status inputLengths(const std::vector<std::pair<std::string_view, int64_t>> &given, std::vector<int64_t> &lengths) const;

private:
  /// The length of `axis` of `input`: an expression over symbols.
  struct AxisRule {
    int32_t input, axis;
    LengthExpression length;
  };
  struct Bindings;

  Status solveEqualities(Lengths &lengths) const;
  Status checkTensor(int32_t index, const moert_tensor &tensor) const;
  Status solve(const moert_tensor *inputs, Bindings &bindings) const;
  std::string place(const AxisRule &rule) const;
  std::string reasons(const LengthExpression &expression, const Bindings &bindings) const;

  const Entry &entry;
  SymbolNames names;
  std::vector<AxisRule> axes;
  std::vector<std::pair<LengthExpression, LengthExpression>> equal;
};

} // namespace moert
