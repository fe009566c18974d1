//===- RouteTest.cpp - kernels of routing -----------------------------------------------------------------------===//
#include "KernelTest.h"

namespace moe {
namespace {

const Case kRoutes[] = {
    {"route_softmax", "func.func @main(%x: tensor<?x13xf32>) -> (tensor<?x3xi64>, tensor<?x3xf32>) {\n"
                      "  %i, %w = moe.route %x {k = 3 : i64, renorm = #moe.renorm<sum>} : (tensor<?x13xf32>) -> (tensor<?x3xi64>, tensor<?x3xf32>)\n"
                      "  return %i, %w : tensor<?x3xi64>, tensor<?x3xf32>\n}",
     {{5}, {1}, {0}, {70}}},
    {"route_groups", "func.func @main(%x: tensor<?x12xf32>, %b: tensor<12xf32>) -> (tensor<?x3xi64>, tensor<?x3xf32>) {\n"
     "  %i, %w = moe.route %x bias %b {k = 3 : i64, score = #moe.score<sigmoid>, renorm = #moe.renorm<sum>, groups = 4 : i64, groups_kept = 2 : i64, group_score = #moe.group_score<top2_sum>, scale = 2.5 : f64}\n"
     "     : (tensor<?x12xf32>, tensor<12xf32>) -> (tensor<?x3xi64>, tensor<?x3xf32>)\n"
     "  return %i, %w : tensor<?x3xi64>, tensor<?x3xf32>\n}",
     {{5}, {1}, {0}, {70}}},
    {"route_softplus", "func.func @main(%x: tensor<?x12xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {\n"
     "  %i, %w = moe.route %x {k = 2 : i64, score = #moe.score<sqrt_softplus>, groups = 3 : i64, groups_kept = 1 : i64}\n"
     "     : (tensor<?x12xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>)\n"
     "  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>\n}",
     {{5}, {1}, {0}, {70}}},
    {"route_renorm_softmax", "func.func @main(%x: tensor<?x12xf32>) -> (tensor<?x4xi64>, tensor<?x4xf32>) {\n"
     "  %i, %w = moe.route %x {k = 4 : i64, score = #moe.score<identity>, renorm = #moe.renorm<softmax>}\n"
     "     : (tensor<?x12xf32>) -> (tensor<?x4xi64>, tensor<?x4xf32>)\n"
     "  return %i, %w : tensor<?x4xi64>, tensor<?x4xf32>\n}",
     {{5}, {1}, {0}, {70}}},
    {"route_threshold", "func.func @main(%x: tensor<?x12xf32>) -> (tensor<?x5xi64>, tensor<?x5xf32>) {\n"
     "  %i, %w = moe.route %x {k = 5 : i64, score = #moe.score<sigmoid>, select = #moe.select<threshold>, threshold = 0.6 : f64, renorm = #moe.renorm<sum>, epsilon = 1.0 : f64}\n"
     "     : (tensor<?x12xf32>) -> (tensor<?x5xi64>, tensor<?x5xf32>)\n"
     "  return %i, %w : tensor<?x5xi64>, tensor<?x5xf32>\n}",
     {{5}, {1}, {0}, {70}}},
    {"route_capacity", "func.func @main(%x: tensor<?x12xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {\n"
     "  %i, %w = moe.route %x {k = 2 : i64, select = #moe.select<capacity>, capacity = 3 : i64}\n"
     "     : (tensor<?x12xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>)\n"
     "  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>\n}",
     {{5}, {1}, {0}, {70}}},
    {"route_capacity_sequence", "func.func @main(%x: tensor<?x12xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {\n"
     "  %n = arith.constant dense<7> : tensor<i64>\n"
     "  %i, %w = moe.route %x sequence %n {k = 2 : i64, select = #moe.select<capacity>, capacity = 1 : i64}\n"
     "     : (tensor<?x12xf32>, tensor<i64>) -> (tensor<?x2xi64>, tensor<?x2xf32>)\n"
     "  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>\n}",
     {{5}, {1}, {0}, {70}}},
    {"route_expert_choice", "func.func @main(%x: tensor<?x12xf32>) -> (tensor<?x12xi64>, tensor<?x12xf32>) {\n"
     "  %i, %w = moe.route %x {k = 12 : i64, select = #moe.select<expert_choice>, capacity = 3 : i64, renorm = #moe.renorm<sum>, epsilon = 1.0e-3 : f64, floor = 0.2 : f64}\n"
     "     : (tensor<?x12xf32>) -> (tensor<?x12xi64>, tensor<?x12xf32>)\n"
     "  return %i, %w : tensor<?x12xi64>, tensor<?x12xf32>\n}",
     {{5}, {1}, {0}, {70}}},
    {"route_hash", "func.func @main(%x: tensor<?x12xf32>, %t: tensor<?xi64>, %b: tensor<9x2xi64>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {\n"
     "  %i, %w = moe.route %x tokens %t table %b {k = 2 : i64, select = #moe.select<hash>}\n"
     "     : (tensor<?x12xf32>, tensor<?xi64>, tensor<9x2xi64>) -> (tensor<?x2xi64>, tensor<?x2xf32>)\n"
     "  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>\n}",
     {{5, 5}, {1, 1}, {0, 0}}, 2e-6, 9},
    {"top_k", "func.func @main(%x: tensor<?x?xf32>) -> (tensor<?x3xf32>, tensor<?x3xi64>) {\n"
              "  %k = arith.constant 3 : index\n"
              "  %v, %i = moe.top_k %x, %k {largest = true} : tensor<?x?xf32> -> tensor<?x3xf32>, tensor<?x3xi64>\n"
              "  return %v, %i : tensor<?x3xf32>, tensor<?x3xi64>\n}",
     {{5, 10}, {1, 3}, {0, 7}}},
};

INSTANTIATE_TEST_SUITE_P(Route, KernelTest, testing::ValuesIn(kRoutes), nameOf);

} // namespace
} // namespace moe
