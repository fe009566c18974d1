//===- LoopsTest.cpp - places of elements along loops -----------------------------------------------------------===//
#include "Reference/Loops.h"
#include "mlir/IR/Builders.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace moe::reference;

namespace {

struct LoopsTest : testing::Test {
  MLIRContext context;
  AffineExpr d0 = getAffineDimExpr(0, &context), d1 = getAffineDimExpr(1, &context);
  std::optional<LinearMap> map(ArrayRef<AffineExpr> results) { return LinearMap::get(AffineMap::get(2, 0, results, &context)); }
};

TEST_F(LoopsTest, LinearMapsOnly) {
  auto linear = map({d0 * 2 + d1 + 3, d1});
  ASSERT_TRUE(linear);
  EXPECT_EQ(linear->factors[0], (SmallVector<int64_t>{2, 1}));
  EXPECT_EQ(linear->constants[0], 3);
  EXPECT_FALSE(map({d0.floorDiv(2)}));
  EXPECT_FALSE(map({d0 * d1}));
}

TEST_F(LoopsTest, AccessesStayInside) {
  auto linear = map({d0 * 2 + d1, d1});
  EXPECT_TRUE(Access::get(*linear, {3, 2}, {6, 2}));
  EXPECT_FALSE(Access::get(*linear, {3, 2}, {5, 2}));
  EXPECT_TRUE(Access::get(*linear, {0, 2}, {0, 2})); // nothing is read
}

// A transposed read: the places of the first points, in runs that cross rows.
TEST_F(LoopsTest, OdometerFollowsPlaces) {
  Access transposed = *Access::get(*map({d1, d0}), {2, 3}, {3, 2});
  Odometer odometer({2, 3}, {0, 1}, {transposed});
  EXPECT_EQ(odometer.points(), 6);
  int64_t places[6];
  odometer.take(4, places, 6);
  odometer.take(2, places + 4, 6);
  EXPECT_EQ(std::vector<int64_t>(places, places + 6), (std::vector<int64_t>{0, 2, 4, 1, 3, 5}));
}

TEST_F(LoopsTest, NoLoopsAreOnePoint) {
  Odometer odometer({2, 3}, {}, {Access{7, {0, 0}}});
  EXPECT_EQ(odometer.points(), 1);
  int64_t place;
  odometer.take(1, &place, 1);
  EXPECT_EQ(place, 7);
}

} // namespace
