//===- InterpreterTest.cpp - runs of functions ------------------------------------------------------------------===//
#include "moe/Reference/Interpreter.h"
#include "moe/InitAll.h"
#include "mlir/IR/Builders.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"
#include <fstream>

using namespace mlir;
using namespace moe;

namespace {

struct InterpreterTest : testing::Test {
  InterpreterTest() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }
  OwningOpRef<ModuleOp> parse(StringRef text) { return parseSourceString<ModuleOp>(text, &context); }
  std::string errorOf(llvm::Expected<std::vector<Tensor>> results) { return results ? "" : llvm::toString(results.takeError()); }
  MLIRContext context;
  Builder b{&context};
};

constexpr const char *kAdd = "func.func @add(%a: tensor<?x2xf32>, %n: i32) -> (tensor<?x2xf32>, i32) {\n"
                             "  %s = arith.addf %a, %a : tensor<?x2xf32>\n"
                             "  %m = arith.muli %n, %n : i32\n"
                             "  return %s, %m : tensor<?x2xf32>, i32\n}";

TEST_F(InterpreterTest, RunsOnTensorsAndScalars) {
  auto module = parse(kAdd);
  Interpreter interpreter(*module);
  Tensor a(b.getF32Type(), {1, 2});
  a.setReal(0, 1);
  a.setReal(1, 2);
  auto results = interpreter.run("add", {a, Tensor::scalar(b.getI32Type(), int64_t(-3))});
  ASSERT_TRUE(bool(results));
  EXPECT_EQ((*results)[0].real(1), 4);
  EXPECT_EQ((*results)[1].integer(0), 9);
  EXPECT_EQ(a.real(1), 2);
}

TEST_F(InterpreterTest, RefusesWrongInputs) {
  auto module = parse(kAdd);
  Interpreter interpreter(*module);
  Tensor n = Tensor::scalar(b.getI32Type(), int64_t(1));
  EXPECT_EQ(errorOf(interpreter.run("sub", {})), "func.func @sub: there is no such function");
  EXPECT_EQ(errorOf(interpreter.run("add", {n})), "func.func @add: takes 2 inputs, not 1");
  EXPECT_EQ(errorOf(interpreter.run("add", {Tensor(b.getF32Type(), {1, 3}), n})),
            "func.func @add: input 0 has the lengths [1, 3], not those of the argument, tensor<?x2xf32>");
  EXPECT_EQ(errorOf(interpreter.run("add", {Tensor(b.getF64Type(), {1, 2}), n})),
            "func.func @add: input 0 has elements of type f64, the argument is tensor<?x2xf32>");
}

TEST_F(InterpreterTest, StopsAtLimits) {
  auto module = parse("func.func @loop(%n: index) {\n"
                      "  %c0 = arith.constant 0 : index\n  %c1 = arith.constant 1 : index\n"
                      "  scf.for %i = %c0 to %n step %c1 {\n  }\n  return\n}\n"
                      "func.func @big(%n: index) {\n  %e = tensor.empty(%n) : tensor<?xf32>\n  return\n}\n"
                      "func.func @deep() {\n  call @deep() : () -> ()\n  return\n}");
  Interpreter interpreter(*module, {1000, 1000});
  EXPECT_EQ(errorOf(interpreter.run("loop", {Tensor::scalar(b.getIndexType(), int64_t(10))})), "");
  EXPECT_EQ(errorOf(interpreter.run("loop", {Tensor::scalar(b.getIndexType(), INT64_MAX)})), "scf.for: the run takes more than 1000 operations");
  EXPECT_EQ(errorOf(interpreter.run("big", {Tensor::scalar(b.getIndexType(), int64_t(251))})),
            "tensor.empty: a tensor with the lengths [251] does not fit");
  EXPECT_EQ(errorOf(interpreter.run("deep")), "func.call: more than 256 nested calls");
  EXPECT_EQ(errorOf(interpreter.run("loop", {Tensor::scalar(b.getIndexType(), int64_t(10))})), ""); // still usable
}

TEST_F(InterpreterTest, ReadsWeightsFromFiles) {
  std::string path = testing::TempDir() + "interpreter_test_weights";
  std::ofstream(path, std::ios::binary) << std::string("\x21\x43\x05", 3) << std::string("\0\0\x80\x3f", 4);
  auto module = parse("moe.param @nibbles : tensor<5xi4> file = <\"" + path +
                      "\", 0, 3, \"\">\n"
                      "moe.param @odd : tensor<1xf32> file = <\"" +
                      path +
                      "\", 3, 4, \"\">\n"
                      "moe.param @short : tensor<4xf32> file = <\"" +
                      path +
                      "\", 0, 16, \"\">\n"
                      "func.func @good() -> (tensor<5xi4>, tensor<1xf32>) {\n"
                      "  %n = moe.get_param @nibbles : tensor<5xi4>\n  %o = moe.get_param @odd : tensor<1xf32>\n"
                      "  return %n, %o : tensor<5xi4>, tensor<1xf32>\n}\n"
                      "func.func @bad() {\n  %s = moe.get_param @short : tensor<4xf32>\n  return\n}");
  Interpreter interpreter(*module);
  auto results = interpreter.run("good");
  ASSERT_TRUE(bool(results));
  for (int64_t i = 0; i < 5; ++i)
    EXPECT_EQ((*results)[0].integer(i), i + 1);
  EXPECT_EQ((*results)[1].real(0), 1);
  EXPECT_EQ(errorOf(interpreter.run("bad")), "moe.param: " + path + " has 7 bytes, too few for the range");
}

// ONNX operators are legalised on a copy, and results have the signs that ONNX gives them.
TEST_F(InterpreterTest, RunsOnnxNodes) {
  auto module = parse("func.func @main(%x: tensor<3xui8>) -> tensor<3xui8> {\n"
                      "  %0 = onnx.node \"Max\"(%x, %x) version 13 : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>\n"
                      "  return %0 : tensor<3xui8>\n}");
  Interpreter interpreter(*module);
  Tensor x(b.getIntegerType(8, false), {3});
  x.setInteger(0, 255);
  auto results = interpreter.run("main", {x});
  ASSERT_TRUE(bool(results));
  EXPECT_EQ((*results)[0].integer(0), 255);
  EXPECT_TRUE((*results)[0].elementType().isUnsignedInteger(8));
}

TEST_F(InterpreterTest, NamesOperatorsItCannotRun) {
  auto module = parse("func.func @main(%x: tensor<1x3xf32>) -> tensor<1x1xi32> {\n"
                      "  %0 = onnx.node \"Multinomial\"(%x) version 7 : (tensor<1x3xf32>) -> tensor<1x1xi32>\n"
                      "  return %0 : tensor<1x1xi32>\n}");
  Interpreter interpreter(*module);
  EXPECT_EQ(errorOf(interpreter.run("main", {Tensor(b.getF32Type(), {1, 3})})), "Multinomial: this operator is not supported (opset 7)");
}

} // namespace
