//===- length_expression.cpp - lengths of axes as expressions over symbols -------------------------------------===//
#include "length_expression.h"
#include <algorithm>
#include <charconv>

namespace moert {

int32_t SymbolNames::find(std::string_view name) const {
  auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : int32_t(found - names.begin());
}

int32_t SymbolNames::indexOf(std::string_view name) {
  int32_t index = find(name);
  if (index >= 0)
    return index;
  names.emplace_back(name);
  return int32_t(names.size() - 1);
}

/// sum := product { ("+" | " - ") product }; product := atom { "*" atom };
/// atom := ["-"] number | name | function "(" sum "," sum ")".
class LengthExpression::Parser {
public:
  Parser(std::string_view text, SymbolNames &names) : rest(text), names(names) {}

  std::optional<LengthExpression> whole() {
    auto result = sum(0);
    blanks();
    return rest.empty() ? result : std::nullopt;
  }

private:
  static constexpr int kMaxDepth = 64;

  void blanks() { rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size())); }
  bool accept(char c) {
    blanks();
    if (rest.empty() || rest.front() != c)
      return false;
    rest.remove_prefix(1);
    return true;
  }
  static LengthExpression make(Kind kind, LengthExpression a, LengthExpression b) {
    LengthExpression result;
    result.kind = kind;
    result.operands.push_back(std::move(a));
    result.operands.push_back(std::move(b));
    return result;
  }

  std::optional<LengthExpression> sum(int depth) {
    auto left = product(depth);
    while (left) {
      Kind kind = accept('+') ? Kind::Add : rest.substr(0, 2) == "- " ? Kind::Subtract : Kind::Number;
      if (kind == Kind::Number)
        break;
      if (kind == Kind::Subtract)
        rest.remove_prefix(2);
      auto right = product(depth);
      if (!right)
        return std::nullopt;
      left = make(kind, std::move(*left), std::move(*right));
    }
    return left;
  }

  std::optional<LengthExpression> product(int depth) {
    auto left = atom(depth);
    while (left && accept('*')) {
      auto right = atom(depth);
      if (!right)
        return std::nullopt;
      left = make(Kind::Multiply, std::move(*left), std::move(*right));
    }
    return left;
  }

  std::optional<LengthExpression> atom(int depth) {
    blanks();
    size_t end = std::min(rest.find_first_of(" +*(),"), rest.size());
    std::string_view word = rest.substr(0, end);
    rest.remove_prefix(end);
    if (word.empty() || word == "-" || depth > kMaxDepth)
      return std::nullopt;
    LengthExpression result;
    auto [last, error] = std::from_chars(word.data(), word.data() + word.size(), result.number);
    if (last == word.data() + word.size())
      return error == std::errc() ? std::optional(result) : std::nullopt;
    if (!rest.empty() && rest.front() == '(')
      return function(word, depth);
    if (word.front() == '-') // -s0: the negative of a symbol
      return make(Kind::Subtract, LengthExpression(), symbol(word.substr(1)));
    return symbol(word);
  }

  LengthExpression symbol(std::string_view name) { return LengthExpression::symbol(names.indexOf(name)); }

  std::optional<LengthExpression> function(std::string_view name, int depth) {
    static constexpr std::pair<std::string_view, Kind> kFunctions[] = {
        {"floordiv", Kind::FloorDiv}, {"mod", Kind::Mod}, {"min", Kind::Min}, {"max", Kind::Max}, {"broadcast", Kind::Broadcast}};
    bool negative = name.front() == '-';
    auto *found = std::find_if(std::begin(kFunctions), std::end(kFunctions), [&](auto &row) { return row.first == name.substr(negative); });
    if (found == std::end(kFunctions) || !accept('('))
      return std::nullopt;
    auto a = sum(depth + 1);
    if (!a || !accept(','))
      return std::nullopt;
    auto b = sum(depth + 1);
    if (!b || !accept(')'))
      return std::nullopt;
    LengthExpression result = make(found->second, std::move(*a), std::move(*b));
    return negative ? make(Kind::Subtract, LengthExpression(), std::move(result)) : result;
  }

  std::string_view rest;
  SymbolNames &names;
};

LengthExpression LengthExpression::symbol(int32_t name) {
  LengthExpression result;
  result.kind = Kind::Symbol;
  result.name = name;
  return result;
}

LengthExpression LengthExpression::parse(std::string_view text, SymbolNames &names) {
  SymbolNames extended = names; // what a text of another form leaves behind is no symbol
  if (auto result = Parser(text, extended).whole()) {
    names = std::move(extended);
    return *result;
  }
  return symbol(names.indexOf(text));
}

std::optional<int64_t> LengthExpression::evaluate(const Lengths &known) const {
  auto result = linear(known);
  return result && result->scale == 0 ? std::optional(result->offset) : std::nullopt;
}

void LengthExpression::collect(std::set<int32_t> &symbols) const {
  if (kind == Kind::Symbol)
    symbols.insert(name);
  for (const LengthExpression &operand : operands)
    operand.collect(symbols);
}

/// a + sign * b, where at most one symbol is in both.
static std::optional<LinearLength> sum(const LinearLength &a, const LinearLength &b, int64_t sign) {
  if (a.scale && b.scale && a.symbol != b.symbol)
    return std::nullopt;
  LinearLength result{a.scale ? a.symbol : b.symbol};
  int64_t scale, offset;
  if (__builtin_mul_overflow(b.scale, sign, &scale) || __builtin_add_overflow(a.scale, scale, &result.scale) ||
      __builtin_mul_overflow(b.offset, sign, &offset) || __builtin_add_overflow(a.offset, offset, &result.offset))
    return std::nullopt;
  return result;
}

std::optional<LinearLength> LengthExpression::difference(const LengthExpression &left, const LengthExpression &right, const Lengths &known) {
  auto a = left.linear(known), b = right.linear(known);
  return a && b ? sum(*a, *b, -1) : std::nullopt;
}

static std::optional<LinearLength> scaled(const LinearLength &a, int64_t factor) {
  LinearLength result{a.symbol};
  if (__builtin_mul_overflow(a.scale, factor, &result.scale) || __builtin_mul_overflow(a.offset, factor, &result.offset))
    return std::nullopt;
  return result;
}

static std::optional<int64_t> floorDiv(int64_t a, int64_t b) {
  if (b == 0 || (a == INT64_MIN && b == -1))
    return std::nullopt;
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

std::optional<LinearLength> LengthExpression::linear(const Lengths &known) const {
  if (kind == Kind::Number)
    return LinearLength{-1, 0, number};
  if (kind == Kind::Symbol)
    return known[name] < 0 ? LinearLength{name, 1, 0} : LinearLength{-1, 0, known[name]};
  auto a = operands[0].linear(known), b = operands[1].linear(known);
  if (!a || !b)
    return std::nullopt;
  if (kind == Kind::Add || kind == Kind::Subtract)
    return sum(*a, *b, kind == Kind::Add ? 1 : -1);
  if (kind == Kind::Multiply)
    return a->scale == 0 ? scaled(*b, a->offset) : b->scale == 0 ? scaled(*a, b->offset) : std::nullopt;
  if (a->scale || b->scale)
    return std::nullopt;
  int64_t x = a->offset, y = b->offset;
  std::optional<int64_t> value;
  switch (kind) {
  case Kind::FloorDiv:
    value = floorDiv(x, y);
    break;
  case Kind::Mod:
    if (auto quotient = floorDiv(x, y))
      value = x - *quotient * y;
    break;
  case Kind::Min:
    value = std::min(x, y);
    break;
  case Kind::Max:
    value = std::max(x, y);
    break;
  default:
    if (x == y || x == 1 || y == 1)
      value = x == 1 ? y : x;
  }
  return value ? std::optional(LinearLength{-1, 0, *value}) : std::nullopt;
}

} // namespace moert
