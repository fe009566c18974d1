//===- SymExpr.h - integer expressions over the names of dimensions -----------------------------------*- C++ -*-===//
//
// Lengths of axes are expressions like s36 + s70 or 2*s44*s70. Equal expressions print and compare equal, because an expression is
// kept as a polynomial in sorted order. What is not a polynomial (a quotient, a broadcast of two lengths) becomes a symbol of its
// own whose name is the text of the operation, so that the same operation on the same operands is the same symbol.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace moe {

class SymExpr {
public:
  SymExpr() = default;
  SymExpr(int64_t constant) {
    if (constant)
      terms[{}] = constant;
  }
  static SymExpr symbol(llvm::StringRef name) {
    SymExpr result;
    result.terms[{name.str()}] = 1;
    return result;
  }
  /// Reads what str() writes, and the dimension names of exporters ("s36 + s70", "2*s0"); other text becomes one symbol.
  static SymExpr parse(llvm::StringRef text);

  std::optional<int64_t> constant() const;
  bool is(int64_t value) const { return constant() == value; }
  /// The name, where the expression is a single symbol.
  std::optional<std::string> symbolName() const;
  bool mentions(llvm::StringRef symbol) const;

  SymExpr operator+(const SymExpr &other) const;
  SymExpr operator-(const SymExpr &other) const { return *this + other * SymExpr(-1); }
  SymExpr operator*(const SymExpr &other) const;
  /// The exact quotient as a polynomial; nullopt where there is none.
  std::optional<SymExpr> dividedBy(const SymExpr &divisor) const;
  /// The expression with each symbol replaced.
  SymExpr substitute(llvm::StringRef symbol, const SymExpr &value) const;

  bool operator==(const SymExpr &other) const { return terms == other.terms; }
  bool operator<(const SymExpr &other) const { return terms < other.terms; }
  std::string str() const;

  using Monomial = std::vector<std::string>; ///< sorted names, repeated for powers
  const std::map<Monomial, int64_t> &monomials() const { return terms; }

private:
  void add(const Monomial &monomial, int64_t coefficient);
  std::map<Monomial, int64_t> terms; ///< no zero coefficients
};

/// floor(a / b), ceil(a / b), a mod b (sign of b), min, max: folded where the operands allow, else a symbol.
SymExpr floorDiv(const SymExpr &a, const SymExpr &b);
SymExpr ceilDiv(const SymExpr &a, const SymExpr &b);
SymExpr floorMod(const SymExpr &a, const SymExpr &b);
SymExpr symMin(const SymExpr &a, const SymExpr &b);
SymExpr symMax(const SymExpr &a, const SymExpr &b);
/// True where the expression is not negative for any lengths.
bool isNonNegative(const SymExpr &expr);
/// The length that numpy's broadcasting makes of two.
SymExpr broadcast(const SymExpr &a, const SymExpr &b);

} // namespace moe
