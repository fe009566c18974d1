//===- LengthExpressionTest.cpp ----------------------------------------------------------------------------------------===//
#include "length_expression.h"
#include <gtest/gtest.h>
#include <random>

using namespace moert;

namespace {

/// The value of a text where a, b, c are 5, 7, 0 and all else is unknown.
std::optional<int64_t> value(std::string_view text) {
  SymbolNames names;
  for (const char *name : {"a", "b", "c"})
    names.indexOf(name);
  LengthExpression expression = LengthExpression::parse(text, names);
  Lengths known(names.size(), -1);
  known[0] = 5;
  known[1] = 7;
  known[2] = 0;
  return expression.evaluate(known);
}

TEST(LengthExpressionTest, Evaluates) {
  EXPECT_EQ(value("12"), 12);
  EXPECT_EQ(value("a + b"), 12);
  EXPECT_EQ(value("a+b"), 12);
  EXPECT_EQ(value("2*a*b + 3"), 73);
  EXPECT_EQ(value("a - b"), -2);
  EXPECT_EQ(value("-a + b"), 2);
  EXPECT_EQ(value("-2*a + b - 1"), -4);
  EXPECT_EQ(value("floordiv(a*b, 4)"), 8);
  EXPECT_EQ(value("-floordiv(-a, 2)"), 3);
  EXPECT_EQ(value("mod(-a, 3)"), 1);
  EXPECT_EQ(value("min(a, b) + max(a, 2*b)"), 19);
  EXPECT_EQ(value("broadcast(a, 1)"), 5);
  EXPECT_EQ(value("broadcast(1, b)"), 7);
  EXPECT_EQ(value("broadcast(c, 1)"), 0);
  EXPECT_EQ(value("min(broadcast(min(a, b), 5) + 1, max(0, a - 1))"), 4);
}

TEST(LengthExpressionTest, LeavesOpenWhatIsNotKnown) {
  EXPECT_EQ(value("a + d13"), std::nullopt);
  EXPECT_EQ(value("broadcast(a, b)"), std::nullopt);
  EXPECT_EQ(value("floordiv(a, c)"), std::nullopt);
  EXPECT_EQ(value("mod(a, c)"), std::nullopt);
  EXPECT_EQ(value("9223372036854775807 + a"), std::nullopt);
  EXPECT_EQ(value("4611686018427387904*a"), std::nullopt);
  EXPECT_EQ(value("99999999999999999999"), std::nullopt);
}

TEST(LengthExpressionTest, OtherTextsAreSymbols) {
  for (const char *text : {"batch-size", "a b", "floor(a/2)", "(a)", "a +", "* a", "min(a)", "min(a, b", "unknown(a, b)", "", "-", "a ++ b", "%$&"}) {
    SymbolNames names;
    LengthExpression expression = LengthExpression::parse(text, names);
    ASSERT_EQ(names.size(), 1u) << text;
    EXPECT_EQ(names[0], text);
    EXPECT_EQ(expression.evaluate({42}), 42) << text;
  }
}

TEST(LengthExpressionTest, Linear) {
  SymbolNames names;
  LengthExpression expression = LengthExpression::parse("2*a + 3*b - 4", names);
  auto form = expression.linear({-1, 10});
  ASSERT_TRUE(form);
  EXPECT_EQ(form->symbol, 0);
  EXPECT_EQ(form->scale, 2);
  EXPECT_EQ(form->offset, 26);
  EXPECT_FALSE(expression.linear({-1, -1}));
  SymbolNames others;
  LengthExpression square = LengthExpression::parse("a*a", others);
  EXPECT_FALSE(square.linear({-1}));
  EXPECT_EQ(square.evaluate({6}), 36);
}

TEST(LengthExpressionTest, SurvivesAnyText) {
  std::mt19937 random(3);
  const std::string pieces[] = {"a", "s12", " + ", " - ", "*", "(", ")", ", ", "min(", "floordiv(", "broadcast(", "7", "-", " ", "0"};
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (int i = int(random() % 12); i >= 0; --i)
      text += pieces[random() % std::size(pieces)];
    value(text);
  }
  std::string deep;
  for (int i = 0; i < 100000; ++i)
    deep += "min(";
  EXPECT_EQ(value(deep), std::nullopt);
}

} // namespace
