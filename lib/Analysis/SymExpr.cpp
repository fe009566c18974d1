//===- SymExpr.cpp - integer expressions over the names of dimensions -------------------------------------------===//
#include "moe/Analysis/SymExpr.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>

using llvm::SmallVector;
using llvm::StringRef;

namespace moe {

void SymExpr::add(const Monomial &monomial, int64_t coefficient) {
  int64_t &value = terms[monomial];
  value += coefficient;
  if (value == 0)
    terms.erase(monomial);
}

std::optional<int64_t> SymExpr::constant() const {
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms.begin()->first.empty())
    return terms.begin()->second;
  return std::nullopt;
}

std::optional<std::string> SymExpr::symbolName() const {
  if (terms.size() == 1 && terms.begin()->first.size() == 1 && terms.begin()->second == 1)
    return terms.begin()->first.front();
  return std::nullopt;
}

bool SymExpr::mentions(StringRef symbol) const {
  return llvm::any_of(terms, [&](auto &term) { return llvm::is_contained(term.first, symbol); });
}

SymExpr SymExpr::operator+(const SymExpr &other) const {
  SymExpr result = *this;
  for (auto &[monomial, coefficient] : other.terms)
    result.add(monomial, coefficient);
  return result;
}

SymExpr SymExpr::operator*(const SymExpr &other) const {
  SymExpr result;
  for (auto &[left, a] : terms)
    for (auto &[right, b] : other.terms) {
      Monomial product = left;
      product.insert(product.end(), right.begin(), right.end());
      std::sort(product.begin(), product.end());
      result.add(product, a * b);
    }
  return result;
}

/// Graded lexicographic order, the order in which polynomial division takes leading terms.
static bool leads(const SymExpr::Monomial &a, const SymExpr::Monomial &b) {
  return a.size() != b.size() ? a.size() > b.size() : a < b;
}

static const std::pair<const SymExpr::Monomial, int64_t> &leading(const SymExpr &expr) {
  auto &terms = expr.monomials();
  return *std::min_element(terms.begin(), terms.end(), [](auto &a, auto &b) { return leads(a.first, b.first); });
}

std::optional<SymExpr> SymExpr::dividedBy(const SymExpr &divisor) const {
  if (divisor.terms.empty())
    return std::nullopt;
  auto &[names, scale] = leading(divisor);
  SymExpr rest = *this, result;
  // Each step removes the leading term; what is divisible ends with nothing left.
  while (!rest.terms.empty()) {
    auto [monomial, coefficient] = leading(rest);
    Monomial quotient = monomial;
    for (const std::string &name : names) {
      auto at = std::find(quotient.begin(), quotient.end(), name);
      if (at == quotient.end())
        return std::nullopt;
      quotient.erase(at);
    }
    if (coefficient % scale != 0)
      return std::nullopt;
    SymExpr term;
    term.add(quotient, coefficient / scale);
    result = result + term;
    rest = rest - term * divisor;
  }
  return result;
}

SymExpr SymExpr::substitute(StringRef symbol, const SymExpr &value) const {
  if (!mentions(symbol))
    return *this;
  SymExpr result;
  for (auto &[monomial, coefficient] : terms) {
    SymExpr term(coefficient);
    for (const std::string &name : monomial)
      term = term * (name == symbol ? value : SymExpr::symbol(name));
    result = result + term;
  }
  return result;
}

std::string SymExpr::str() const {
  if (terms.empty())
    return "0";
  std::string text;
  // Constants last, as people write them.
  auto append = [&](const Monomial &monomial, int64_t coefficient) {
    if (!text.empty())
      text += coefficient < 0 ? " - " : " + ";
    else if (coefficient < 0)
      text += "-";
    int64_t size = std::abs(coefficient);
    if (size != 1 || monomial.empty())
      text += std::to_string(size) + (monomial.empty() ? "" : "*");
    text += llvm::join(monomial, "*");
  };
  for (auto &[monomial, coefficient] : terms)
    if (!monomial.empty())
      append(monomial, coefficient);
  if (auto constant = terms.find({}); constant != terms.end())
    append({}, constant->second);
  return text;
}

/// Cuts a text at a character where no parenthesis is open.
static SmallVector<StringRef> splitOutside(StringRef text, char separator) {
  SmallVector<StringRef> parts;
  int depth = 0;
  size_t start = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    depth += (text[at] == '(') - (text[at] == ')');
    if (depth == 0 && text[at] == separator) {
      parts.push_back(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  parts.push_back(text.drop_front(start).trim());
  return parts;
}

SymExpr SymExpr::parse(StringRef text) {
  // An atom is a number, a name, or an operation that was printed: name(...).
  auto isName = [](StringRef name) {
    StringRef head = name.take_until([](char c) { return c == '('; });
    bool plain = !head.empty() && llvm::all_of(head, [](char c) { return llvm::isAlnum(c) || c == '_' || c == '.'; });
    return plain && (head.size() == name.size() || name.ends_with(")"));
  };
  std::string sums = text.trim().str();
  // "a - b" is a sum of a and -b.
  int depth = 0;
  for (size_t at = 0; at < sums.size(); ++at) {
    depth += (sums[at] == '(') - (sums[at] == ')');
    if (depth == 0 && at > 0 && sums.compare(at - 1, 3, " - ") == 0)
      sums.replace(at, 2, "+-");
  }
  SymExpr sum;
  for (StringRef addend : splitOutside(sums, '+')) {
    SymExpr product(1);
    if (addend.consume_front("-"))
      product = SymExpr(-1);
    for (StringRef factor : splitOutside(addend, '*')) {
      int64_t value;
      if (!factor.getAsInteger(10, value))
        product = product * SymExpr(value);
      else if (isName(factor))
        product = product * symbol(factor);
      else
        return symbol(text.trim());
    }
    sum = sum + product;
  }
  return sum;
}

static SymExpr operation(StringRef name, const SymExpr &a, const SymExpr &b) {
  return SymExpr::symbol((name + "(" + a.str() + ", " + b.str() + ")").str());
}

SymExpr floorDiv(const SymExpr &a, const SymExpr &b) {
  if (auto exact = a.dividedBy(b); exact && !b.is(0))
    return *exact;
  auto x = a.constant(), y = b.constant();
  if (x && y && *y)
    return SymExpr(*x / *y - ((*x % *y != 0) && ((*x < 0) != (*y < 0))));
  return operation("floordiv", a, b);
}

SymExpr ceilDiv(const SymExpr &a, const SymExpr &b) { return SymExpr(0) - floorDiv(SymExpr(0) - a, b); }

SymExpr floorMod(const SymExpr &a, const SymExpr &b) {
  SymExpr quotient = floorDiv(a, b);
  auto name = quotient.symbolName();
  if (name && StringRef(*name).starts_with("floordiv("))
    return operation("mod", a, b);
  return a - quotient * b;
}

/// True where the expression cannot be negative, as symbols stand for lengths.
bool isNonNegative(const SymExpr &expr) {
  return llvm::all_of(expr.monomials(), [](auto &term) { return term.second >= 0; });
}

SymExpr symMin(const SymExpr &a, const SymExpr &b) {
  if (isNonNegative(b - a))
    return a;
  if (isNonNegative(a - b))
    return b;
  return a < b ? operation("min", a, b) : operation("min", b, a);
}

SymExpr symMax(const SymExpr &a, const SymExpr &b) {
  if (isNonNegative(a - b))
    return a;
  if (isNonNegative(b - a))
    return b;
  return a < b ? operation("max", a, b) : operation("max", b, a);
}

SymExpr broadcast(const SymExpr &a, const SymExpr &b) {
  if (a == b || b.is(1))
    return a;
  if (a.is(1))
    return b;
  if (b.constant())
    return b;
  if (a.constant())
    return a;
  return a < b ? operation("broadcast", a, b) : operation("broadcast", b, a);
}

} // namespace moe
