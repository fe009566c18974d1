//===- ElementTest.cpp - rounding and wrapping of element types -------------------------------------------------===//
#include "Reference/Element.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/APFloat.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

using namespace mlir;
using moe::reference::ElementFormat;

namespace {

struct Element : testing::Test {
  MLIRContext context;
  Builder b{&context};
  const ElementFormat &of(Type type) { return *ElementFormat::get(type); }
  double rounded(Type type, double value) { return of(type).round(value); }
  int64_t wrapped(Type type, int64_t value) {
    char data[8] = {};
    of(type).setInteger(data, value);
    return of(type).integer(data);
  }
  SmallVector<Type> narrowFloats() {
    return {b.getF16Type(),
            b.getBF16Type(),
            Float8E5M2Type::get(&context),
            Float8E5M2FNUZType::get(&context),
            Float8E4M3Type::get(&context),
            Float8E4M3FNType::get(&context),
            Float8E4M3FNUZType::get(&context),
            Float8E4M3B11FNUZType::get(&context),
            Float8E3M4Type::get(&context),
            Float8E8M0FNUType::get(&context),
            Float6E3M2FNType::get(&context),
            Float6E2M3FNType::get(&context),
            Float4E2M1FNType::get(&context)};
  }
};

TEST_F(Element, HalfRoundsToNearestTiesToEven) {
  Type f16 = b.getF16Type();
  EXPECT_EQ(rounded(f16, 1.0 / 3), 0x1.554p-2);
  EXPECT_EQ(rounded(f16, 2049), 2048); // halfway, to even
  EXPECT_EQ(rounded(f16, 2051), 2052);
  EXPECT_EQ(rounded(f16, 65519), 65504); // largest
  EXPECT_EQ(rounded(f16, 65520), INFINITY);
  EXPECT_EQ(rounded(f16, 0x1p-24), 0x1p-24); // smallest subnormal
  EXPECT_EQ(rounded(f16, 0x1p-25), 0);
  EXPECT_EQ(rounded(f16, 0x1.8p-24), 0x1p-23);
  EXPECT_TRUE(std::signbit(rounded(f16, -0x1p-30)));
}

TEST_F(Element, BFloatRoundsOnce) {
  Type bf16 = b.getBF16Type();
  EXPECT_EQ(rounded(bf16, 257), 256);
  EXPECT_EQ(rounded(bf16, 259), 260);
  // A way over float32 would make this the tie 1 + 2^-8 and round it down.
  EXPECT_EQ(rounded(bf16, 1 + 0x1p-8 + 0x1p-40), 1 + 0x1p-7);
  EXPECT_EQ(rounded(bf16, 3.4e38), INFINITY);
}

TEST_F(Element, SmallFloatsOverflowAsTheirTypesDo) {
  Type fn = Float8E4M3FNType::get(&context), e5m2 = Float8E5M2Type::get(&context);
  EXPECT_EQ(rounded(fn, 448), 448);
  EXPECT_EQ(rounded(fn, 463), 448);
  EXPECT_TRUE(std::isnan(rounded(fn, 1000)));
  EXPECT_EQ(rounded(fn, 0x1p-9), 0x1p-9);
  EXPECT_EQ(rounded(e5m2, 57344), 57344);
  EXPECT_EQ(rounded(e5m2, 65536), INFINITY);
  EXPECT_EQ(rounded(Float4E2M1FNType::get(&context), 2.4), 2);
  EXPECT_EQ(rounded(Float4E2M1FNType::get(&context), 100), 6);
}

// Every bit pattern reads and writes as itself, and reads as APFloat does.
TEST_F(Element, PatternsSurvive) {
  for (Type type : narrowFloats()) {
    const ElementFormat &format = of(type);
    for (unsigned pattern = 0; pattern < 1u << format.bits; ++pattern) {
      char data[2] = {char(pattern), char(pattern >> 8)}, written[2] = {};
      double value = format.real(data);
      if (std::isnan(value))
        continue;
      EXPECT_EQ(value, format.round(value));
      format.setReal(written, value);
      EXPECT_EQ(format.real(written), value);
      EXPECT_EQ(written[0], data[0]);
      EXPECT_EQ(written[1], data[1]);
    }
  }
}

// Random values of every size round as APFloat does.
TEST_F(Element, RoundsAsApFloatDoes) {
  std::mt19937_64 generator(1);
  for (Type type : narrowFloats()) {
    const ElementFormat &format = of(type);
    for (int i = 0; i < 20000; ++i) {
      int exponent = int(generator() % 300) - 150;
      double value = std::ldexp(double(int64_t(generator())), (i % 2 ? exponent : exponent / 10) - 63);
      llvm::APFloat expected(value);
      bool inexact;
      expected.convert(*format.semantics, llvm::APFloat::rmNearestTiesToEven, &inexact);
      char data[2] = {};
      format.setReal(data, value);
      uint64_t pattern = uint8_t(data[0]) | (format.bytes == 2 ? uint8_t(data[1]) << 8 : 0);
      ASSERT_EQ(pattern, expected.bitcastToAPInt().getZExtValue()) << value;
    }
  }
}

TEST_F(Element, NaNAndInfinityStay) {
  for (Type type : {Type(b.getF16Type()), Type(b.getBF16Type()), Type(b.getF32Type()), Type(b.getF64Type())}) {
    char data[8] = {};
    of(type).setReal(data, NAN);
    EXPECT_TRUE(std::isnan(of(type).real(data)));
    of(type).setReal(data, -INFINITY);
    EXPECT_EQ(of(type).real(data), -INFINITY);
  }
}

TEST_F(Element, IntegersWrap) {
  EXPECT_EQ(wrapped(b.getI8Type(), 300), 44);
  EXPECT_EQ(wrapped(b.getI8Type(), 200), -56);
  EXPECT_EQ(wrapped(b.getIntegerType(8, false), -1), 255);
  EXPECT_EQ(wrapped(b.getI16Type(), 40000), -25536);
  EXPECT_EQ(wrapped(b.getI32Type(), int64_t(1) << 32), 0);
  EXPECT_EQ(wrapped(b.getI64Type(), INT64_MIN), INT64_MIN);
  EXPECT_EQ(wrapped(b.getIntegerType(4), 8), -8);
  EXPECT_EQ(wrapped(b.getIntegerType(4, false), 17), 1);
  EXPECT_EQ(wrapped(b.getI1Type(), 3), 1);
  EXPECT_EQ(of(b.getI1Type()).wrap(1), -1); // two's complement of one bit
}

TEST_F(Element, OtherTypesHaveNoFormat) {
  EXPECT_EQ(ElementFormat::get(b.getF128Type()), nullptr);
  EXPECT_EQ(ElementFormat::get(b.getIntegerType(128)), nullptr);
  EXPECT_EQ(ElementFormat::get(ComplexType::get(b.getF32Type())), nullptr);
}

} // namespace
