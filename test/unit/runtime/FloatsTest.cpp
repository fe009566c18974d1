//===- FloatsTest.cpp - rounding between float types -------------------------------------------------------------------===//
#include "Floats.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace moerun;

namespace {

double through(moert_type type, double value) {
  Array array(type, {1});
  setFloat(type, array.data(), 0, value);
  return floatAt(type, array.data(), 0);
}

TEST(FloatsTest, RoundsToTheNearestNumberTiesToEven) {
  EXPECT_EQ(through(MOERT_BFLOAT16, 1 + 1.0 / 256), 1);             // halfway between 1 and 1 + 1/128
  EXPECT_EQ(through(MOERT_BFLOAT16, 1 + 3.0 / 256), 1 + 2.0 / 128); // halfway: to the even one above
  EXPECT_EQ(through(MOERT_BFLOAT16, 3.4e38), INFINITY);
  EXPECT_EQ(through(MOERT_FLOAT16, 2049), 2048);
  EXPECT_EQ(through(MOERT_FLOAT16, -1e6), -INFINITY);
  EXPECT_EQ(through(MOERT_FLOAT64, 1e300), 1e300);
  for (moert_type type : {MOERT_FLOAT16, MOERT_BFLOAT16, MOERT_FLOAT32, MOERT_FLOAT64})
    EXPECT_TRUE(std::isnan(through(type, NAN)));
}

TEST(FloatsTest, ConvertsEveryElement) {
  Array wide(MOERT_FLOAT32, {2, 2});
  for (int i = 0; i < 4; ++i)
    wide.as<float>()[i] = float(i) / 2;
  Array half = convertFloats(wide, MOERT_FLOAT16);
  EXPECT_EQ(half.dims, wide.dims);
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(float(half.as<_Float16>()[i]), float(i) / 2);
  EXPECT_EQ(convertFloats(Array(MOERT_FLOAT64, {0, 3}), MOERT_BFLOAT16).count(), 0);
}

} // namespace
