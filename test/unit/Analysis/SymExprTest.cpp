//===- SymExprTest.cpp - expressions over the names of dimensions -----------------------------------------------===//
#include "moe/Analysis/SymExpr.h"
#include "gtest/gtest.h"

using namespace moe;

namespace {

SymExpr s(const char *text) { return SymExpr::parse(text); }

TEST(SymExpr, ConstantsFold) {
  EXPECT_EQ(SymExpr(2) + SymExpr(3), SymExpr(5));
  EXPECT_EQ(SymExpr(2) * SymExpr(-3), SymExpr(-6));
  EXPECT_EQ((SymExpr(2) - SymExpr(2)).str(), "0");
  EXPECT_TRUE(SymExpr().is(0));
  EXPECT_EQ(s("7").constant(), 7);
  EXPECT_FALSE(s("a").constant());
}

TEST(SymExpr, EqualExpressionsAreOne) {
  EXPECT_EQ(s("a + b"), s("b + a"));
  EXPECT_EQ(s("a*b"), s("b*a"));
  EXPECT_EQ(s("a + a"), s("2*a"));
  EXPECT_EQ((s("a") + s("b")) * (s("a") - s("b")), s("a*a") - s("b*b"));
  EXPECT_EQ(s("a") - s("a"), SymExpr(0));
  EXPECT_FALSE(s("a") == s("b"));
}

TEST(SymExpr, PrintsAsPeopleWrite) {
  EXPECT_EQ((s("past") + SymExpr(1)).str(), "past + 1");
  EXPECT_EQ((s("a") * SymExpr(2) - s("b")).str(), "2*a - b");
  EXPECT_EQ((SymExpr(0) - s("a")).str(), "-a");
  EXPECT_EQ((s("a*a") * SymExpr(3)).str(), "3*a*a");
}

TEST(SymExpr, ReadsWhatItPrints) {
  for (const SymExpr &expr : {s("s36 + s70"), s("a") - SymExpr(1), s("2*a*b") - s("c") + SymExpr(4), floorDiv(s("a + b"), SymExpr(2)),
                              SymExpr(3) * floorDiv(s("a") - s("b"), SymExpr(2)) + s("c"), ceilDiv(s("a"), SymExpr(64)), broadcast(s("a"), s("b")),
                              symMax(s("a"), s("b")), SymExpr(-5), SymExpr(0) - s("a")})
    EXPECT_EQ(SymExpr::parse(expr.str()), expr) << expr.str();
}

TEST(SymExpr, OtherTextIsOneSymbol) {
  EXPECT_EQ(s("batch size?").symbolName(), "batch size?");
  EXPECT_EQ(s("a + b/2").symbolName(), "a + b/2");
  EXPECT_FALSE(s("a + b").symbolName());
  EXPECT_FALSE(s("2*a").symbolName());
}

TEST(SymExpr, DividesExactlyOrNotAtAll) {
  EXPECT_EQ(s("6*a*b").dividedBy(s("2*a")), s("3*b"));
  EXPECT_EQ(s("2*a + 4*b").dividedBy(SymExpr(2)), s("a + 2*b"));
  EXPECT_EQ((s("a + b") * s("c + 2")).dividedBy(s("a + b")), s("c + 2"));
  EXPECT_EQ(SymExpr(0).dividedBy(s("a")), SymExpr(0));
  EXPECT_FALSE(s("a + 1").dividedBy(s("a")));
  EXPECT_FALSE(s("3*a").dividedBy(SymExpr(2)));
  EXPECT_FALSE(s("a").dividedBy(SymExpr(0)));
}

TEST(SymExpr, SubstitutesEverywhere) {
  EXPECT_EQ(s("a*a + a*b").substitute("a", s("c + 1")), s("c*c + 2*c + c*b + b") + SymExpr(1));
  EXPECT_EQ(s("b").substitute("a", SymExpr(0)), s("b"));
  EXPECT_TRUE(s("a*b").mentions("b"));
  EXPECT_FALSE((s("a*b") - s("a*b")).mentions("b"));
}

TEST(SymExpr, QuotientsRoundDown) {
  EXPECT_EQ(floorDiv(SymExpr(7), SymExpr(2)), SymExpr(3));
  EXPECT_EQ(floorDiv(SymExpr(-7), SymExpr(2)), SymExpr(-4));
  EXPECT_EQ(ceilDiv(SymExpr(7), SymExpr(2)), SymExpr(4));
  EXPECT_EQ(floorMod(SymExpr(-7), SymExpr(2)), SymExpr(1));
  EXPECT_EQ(floorDiv(s("64*a"), SymExpr(64)), s("a"));
  EXPECT_EQ(floorMod(s("64*a"), SymExpr(64)), SymExpr(0));
  EXPECT_EQ(floorDiv(s("a"), SymExpr(64)), floorDiv(s("a"), SymExpr(64)));
}

TEST(SymExpr, MinAndMaxKnowThatLengthsAreNotNegative) {
  EXPECT_EQ(symMax(s("a + 1"), s("a")), s("a + 1"));
  EXPECT_EQ(symMin(s("a + b"), s("b")), s("b"));
  EXPECT_EQ(symMin(s("a"), s("b")), symMin(s("b"), s("a")));
  EXPECT_EQ(symMax(SymExpr(2), SymExpr(3)), SymExpr(3));
}

TEST(SymExpr, BroadcastsLikeNumpy) {
  EXPECT_EQ(broadcast(SymExpr(1), s("a")), s("a"));
  EXPECT_EQ(broadcast(s("a"), s("a")), s("a"));
  EXPECT_EQ(broadcast(s("a"), SymExpr(4)), SymExpr(4));
  EXPECT_EQ(broadcast(s("a"), s("b")), broadcast(s("b"), s("a")));
}

} // namespace
