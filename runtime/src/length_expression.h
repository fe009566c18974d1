//===- length_expression.h - lengths of axes as expressions over symbols -----------------------------*- C++ -*-===//
//
// A manifest writes a length as `s36 + s70` or `floordiv(64*d13, 128)`. Names are runs of characters other than blanks, + * ( ) and
// commas; a minus between blanks subtracts. A text of another form is one symbol of that name: exporters name axes freely.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace moert {

/// Values of symbols.
using Lengths = std::map<std::string, int64_t, std::less<>>;

/// scale * symbol + offset; a number where scale is 0.
struct LinearLength {
  std::string symbol;
  int64_t scale = 0, offset = 0;
};

class LengthExpression {
public:
  /// Reads any text.
  static LengthExpression parse(std::string_view text);

  /// The value with `known` put in; nullopt where a symbol is missing, a divisor is 0, lengths do not broadcast or the value does not
  /// fit 64 bits.
  std::optional<int64_t> evaluate(const Lengths &known) const;
  /// The expression with `known` put in, where at most one symbol then remains and stands in it linearly.
  std::optional<LinearLength> linear(const Lengths &known) const;
  /// Adds the names of all symbols.
  void collect(std::set<std::string> &symbols) const;

private:
  enum class Kind { Number, Symbol, Add, Subtract, Multiply, FloorDiv, Mod, Min, Max, Broadcast };
  class Parser;

  Kind kind = Kind::Number;
  int64_t number = 0;
  std::string name;
  std::vector<LengthExpression> operands; ///< two where the kind has operands
};

} // namespace moert
