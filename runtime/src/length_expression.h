//===- length_expression.h - lengths of axes as expressions over symbols -----------------------------*- C++ -*-===//
//
// A manifest writes a length as `s36 + s70` or `floordiv(64*d13, 128)`. Names are runs of characters other than blanks, + * ( ) and
// commas; a minus between blanks subtracts. A text of another form is one symbol of that name: exporters name axes freely.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace moert {

/// The names of symbols; expressions refer to them by index.
class SymbolNames {
public:
  /// Adds the name where it is new.
  int32_t indexOf(std::string_view name);
  /// -1 where there is none.
  int32_t find(std::string_view name) const;
  const std::string &operator[](int32_t index) const { return names[index]; }
  size_t size() const { return names.size(); }

private:
  std::vector<std::string> names;
};

/// Values of symbols by index; -1 where a symbol has none.
using Lengths = std::vector<int64_t>;

/// scale * symbol + offset; a number where scale is 0.
struct LinearLength {
  int32_t symbol = -1;
  int64_t scale = 0, offset = 0;
};

class LengthExpression {
public:
  /// Reads any text; new symbols are added to `names`.
  static LengthExpression parse(std::string_view text, SymbolNames &names);

  /// The value with `known` put in; nullopt where a symbol is missing, a divisor is 0, lengths do not broadcast or the value does not
  /// fit 64 bits.
  std::optional<int64_t> evaluate(const Lengths &known) const;
  /// The expression with `known` put in, where at most one symbol then remains and stands in it linearly.
  std::optional<LinearLength> linear(const Lengths &known) const;
  /// `left` - `right` with `known` put in, where at most one symbol then remains and stands in it linearly.
  static std::optional<LinearLength> difference(const LengthExpression &left, const LengthExpression &right, const Lengths &known);
  /// Adds all symbols.
  void collect(std::set<int32_t> &symbols) const;

private:
  enum class Kind { Number, Symbol, Add, Subtract, Multiply, FloorDiv, Mod, Min, Max, Broadcast };
  class Parser;
  static LengthExpression symbol(int32_t name);

  Kind kind = Kind::Number;
  int64_t number = 0;
  int32_t name = -1;
  std::vector<LengthExpression> operands; ///< two where the kind has operands
};

} // namespace moert
