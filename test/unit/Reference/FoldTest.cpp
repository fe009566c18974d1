//===- FoldTest.cpp - constant folding by execution -------------------------------------------------------------===//
#include "moe/InitAll.h"
#include "moe/Reference/Interpreter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace moe;

namespace {

struct FoldTest : testing::Test {
  FoldTest() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }
  /// Folds the last op before the return.
  std::optional<std::vector<DenseElementsAttr>> fold(StringRef body, const FoldBudget &budget = {}) {
    module = parseSourceString<ModuleOp>(("func.func @f(%arg: tensor<2xf32>, %n: index) {\n" + body + "\nreturn\n}").str(), &context);
    auto function = *module->getOps<func::FuncOp>().begin();
    return foldConstants(function.getBody().front().getTerminator()->getPrevNode(), budget);
  }
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

TEST_F(FoldTest, OpsOfConstants) {
  auto folded = fold("%a = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>\n%s = arith.addf %a, %a : tensor<2xf32>");
  ASSERT_TRUE(folded);
  EXPECT_EQ((*folded)[0].getValues<float>()[1], 4);
}

TEST_F(FoldTest, OnnxNodesWithTheirSigns) {
  auto folded = fold("%a = onnx.constant dense<[200, 3]> : tensor<2xui8>\n"
                     "%s = onnx.node \"Div\"(%a, %a) version 14 : (tensor<2xui8>, tensor<2xui8>) -> tensor<*xui8>");
  ASSERT_TRUE(folded);
  EXPECT_EQ((*folded)[0].getType(), RankedTensorType::get({2}, IntegerType::get(&context, 8, IntegerType::Unsigned)));
  EXPECT_EQ((*folded)[0].getValues<APInt>()[0], 1);
}

TEST_F(FoldTest, RegionsThatUseConstants) {
  auto folded = fold("%c = arith.constant 3 : index\n%e = arith.constant dense<0> : tensor<2xindex>\n"
                     "%s = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = [\"parallel\"]} outs(%e : tensor<2xindex>) {\n"
                     "^bb0(%x: index):\n  linalg.yield %c : index\n} -> tensor<2xindex>");
  ASSERT_TRUE(folded);
  EXPECT_EQ((*folded)[0].getValues<APInt>()[1], 3);
}

TEST_F(FoldTest, NotWhatIsNoConstant) {
  EXPECT_FALSE(fold("%s = arith.addf %arg, %arg : tensor<2xf32>"));
  EXPECT_FALSE(fold("%a = arith.constant dense<1.0> : tensor<2xf32>")); // is one already
}

TEST_F(FoldTest, NotWhatTheInterpreterCannotRun) {
  EXPECT_FALSE(fold("%a = onnx.constant dense<[[0.5]]> : tensor<1x1xf32>\n"
                    "%s = onnx.node \"Multinomial\"(%a) version 7 : (tensor<1x1xf32>) -> tensor<1x1xi32>"));
}

TEST_F(FoldTest, NotBeyondTheBudget) {
  const char *expand = "%a = onnx.constant dense<[1.0]> : tensor<1xf32>\n%n0 = onnx.constant dense<[1000]> : tensor<1xi64>\n"
                       "%s = onnx.node \"Expand\"(%a, %n0) version 13 : (tensor<1xf32>, tensor<1xi64>) -> tensor<1000xf32>";
  EXPECT_TRUE(fold(expand));
  EXPECT_FALSE(fold(expand, {1024, 1 << 20}));
  EXPECT_FALSE(fold(expand, {1 << 16, 100}));
}

} // namespace
