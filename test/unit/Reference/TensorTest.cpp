//===- TensorTest.cpp - tensors of the interpreter --------------------------------------------------------------===//
#include "moe/Reference/Tensor.h"
#include "moe/Reference/Interpreter.h"
#include "mlir/IR/Builders.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using moe::Tensor;

namespace {

struct TensorTest : testing::Test {
  MLIRContext context;
  Builder b{&context};
};

TEST_F(TensorTest, WhatNobodyWroteShows) {
  EXPECT_TRUE(std::isnan(Tensor(b.getF32Type(), {2}).real(1)));
  EXPECT_TRUE(std::isnan(Tensor(b.getBF16Type(), {2}).real(0)));
  EXPECT_EQ(Tensor(b.getI64Type(), {2}).integer(1), -1);
}

TEST_F(TensorTest, CopiesShareUntilOneIsWritten) {
  Tensor a(b.getF32Type(), {2, 2});
  a.setReal(3, 1.5);
  Tensor c = a;
  EXPECT_EQ(a.data(), c.data());
  c.setReal(3, 2.5);
  EXPECT_EQ(a.real(3), 1.5);
  EXPECT_EQ(c.real(3), 2.5);
  const char *data = c.data();
  c.setReal(0, 0); // nobody shares it any more
  EXPECT_EQ(c.data(), data);
}

TEST_F(TensorTest, ViewsAreNeverWritten) {
  auto owner = std::make_shared<std::array<float, 2>>(std::array<float, 2>{1, 2});
  Tensor view = Tensor::view(b.getF32Type(), {2}, reinterpret_cast<char *>(owner->data()), owner);
  view.setReal(0, 5);
  EXPECT_EQ(view.real(0), 5);
  EXPECT_EQ((*owner)[0], 1);
}

TEST_F(TensorTest, ReshapedSharesStorage) {
  Tensor a(b.getI32Type(), {2, 3});
  EXPECT_EQ(a.reshaped({6}).data(), a.data());
  EXPECT_EQ(a.reshaped({6}).size(0), 6);
}

TEST_F(TensorTest, AttributesSurvive) {
  SmallVector<Type> types = {b.getI1Type(),  b.getIntegerType(2),       b.getIntegerType(4),       b.getIntegerType(4, false),
                             b.getI8Type(),  b.getIntegerType(8, false), b.getI64Type(),           b.getIndexType(),
                             b.getF16Type(), b.getF32Type(),             Float8E4M3FNType::get(&context), Float4E2M1FNType::get(&context)};
  for (Type type : types) {
    Tensor a(type, {5});
    for (int64_t i = 0; i < 5; ++i)
      a.setInteger(i, i % 2 ? 1 : 0);
    DenseElementsAttr attribute = a.elements();
    std::optional<Tensor> back = Tensor::get(attribute);
    ASSERT_TRUE(back);
    for (int64_t i = 0; i < 5; ++i)
      EXPECT_EQ(back->real(i), a.real(i));
    EXPECT_EQ(back->elements(), attribute);
  }
}

TEST_F(TensorTest, SplatsAreExpanded) {
  auto splat = DenseElementsAttr::get(RankedTensorType::get({3}, b.getI64Type()), b.getI64IntegerAttr(7));
  EXPECT_EQ(Tensor::get(splat)->integer(2), 7);
  auto bits = DenseElementsAttr::get(RankedTensorType::get({3}, b.getI1Type()), true);
  EXPECT_EQ(Tensor::get(bits)->integer(2), 1);
  auto none = DenseElementsAttr::get(RankedTensorType::get({0}, b.getF32Type()), ArrayRef<float>());
  EXPECT_EQ(Tensor::get(none)->count(), 0);
}

TEST_F(TensorTest, SizesThatDoNotFitAreRefused) {
  EXPECT_EQ(Tensor::sizeInBytes(b.getI1Type(), {3, 5}), 15);
  EXPECT_EQ(Tensor::sizeInBytes(b.getF32Type(), {0, int64_t(1) << 40}), 0);
  EXPECT_FALSE(Tensor::sizeInBytes(b.getF32Type(), {INT64_MAX, 2}));
  EXPECT_FALSE(Tensor::sizeInBytes(b.getF32Type(), {-1}));
}

TEST_F(TensorTest, RandomInputsRepeat) {
  std::mt19937_64 first(42), second(42);
  Tensor a = moe::randomNormal(b.getF32Type(), {1000}, first), c = moe::randomNormal(b.getF32Type(), {1000}, second);
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(a.real(i), c.real(i));
    sum += a.real(i);
    squares += a.real(i) * a.real(i);
  }
  EXPECT_NEAR(sum / 1000, 0, 0.1);
  EXPECT_NEAR(squares / 1000, 1, 0.1);
  Tensor ids = moe::randomIntegers(b.getI32Type(), {1000}, -1, 4, first);
  for (int64_t i = 0; i < 1000; ++i)
    EXPECT_TRUE(ids.integer(i) >= -1 && ids.integer(i) < 4);
}

} // namespace
