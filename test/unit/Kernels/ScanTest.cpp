//===- ScanTest.cpp - cases of moe.scan and moe.causal_conv -----------------------------------------------------===//
#include "KernelTest.h"

namespace moe {
namespace {

const Case kScans[] = {
    {"scan_linear", "func.func @main(%v: tensor<?x?x4x8xf32>, %k: tensor<?x?x2x5xf32>, %q: tensor<?x?x4x5xf32>, %s: tensor<?x4x5x8xf32>) -> (tensor<?x?x4x8xf32>, tensor<?x4x5x8xf32>) {\n"
                    "  %y, %f = moe.scan %v key %k query %q states %s {scale = 0.5 : f64} : (tensor<?x?x4x8xf32>, tensor<?x?x2x5xf32>, tensor<?x?x4x5xf32>, tensor<?x4x5x8xf32>) -> (tensor<?x?x4x8xf32>, tensor<?x4x5x8xf32>)\n"
                    "  return %y, %f : tensor<?x?x4x8xf32>, tensor<?x4x5x8xf32>\n}",
     {{2, 5, 2, 5, 2, 5, 2}, {1, 1, 1, 1, 1, 1, 1}, {2, 0, 2, 0, 2, 0, 2}, {0, 3, 0, 3, 0, 3, 0}, {1, 4096, 1, 4096, 1, 4096, 1}}},
    {"scan_mamba", "func.func @main(%v: tensor<?x?x1x70xf32>, %k: tensor<?x?x1x16xf32>, %dt: tensor<?x?x1x1x70xf32>, %A: tensor<1x16x70xf32>) -> (tensor<?x?x1x70xf32>, tensor<?x1x16x70xf32>) {\n"
                   "  %y, %f = moe.scan %v key %k query %k decay %dt rate %A : (tensor<?x?x1x70xf32>, tensor<?x?x1x16xf32>, tensor<?x?x1x16xf32>, tensor<?x?x1x1x70xf32>, tensor<1x16x70xf32>) -> (tensor<?x?x1x70xf32>, tensor<?x1x16x70xf32>)\n"
                   "  return %y, %f : tensor<?x?x1x70xf32>, tensor<?x1x16x70xf32>\n}",
     {{2, 5, 2, 5, 2, 5}, {1, 1, 1, 1, 1, 1}, {1, 0, 1, 0, 1, 0}}},
    {"scan_ssd", "func.func @main(%v: tensor<?x?x4x64xf32>, %k: tensor<?x?x2x24xf32>, %q: tensor<?x?x2x24xf32>, %dt: tensor<?x?x4x1x1xf32>, %s: tensor<?x4x24x64xf32>) -> (tensor<?x?x4x64xf32>, tensor<?x4x24x64xf32>) {\n"
                 "  %A = arith.constant dense<[[[0.5]], [[1.0]], [[0.0]], [[3.0]]]> : tensor<4x1x1xf32>\n"
                 "  %y, %f = moe.scan %v key %k query %q decay %dt rate %A states %s : (tensor<?x?x4x64xf32>, tensor<?x?x2x24xf32>, tensor<?x?x2x24xf32>, tensor<?x?x4x1x1xf32>, tensor<4x1x1xf32>, tensor<?x4x24x64xf32>) -> (tensor<?x?x4x64xf32>, tensor<?x4x24x64xf32>)\n"
                 "  return %y, %f : tensor<?x?x4x64xf32>, tensor<?x4x24x64xf32>\n}",
     {{2, 5, 2, 5, 2, 5, 2, 5, 2}, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 0, 1, 0, 1, 0, 1, 0, 1}, {1, 200, 1, 200, 1, 200, 1, 200, 1}, {2, 64, 2, 64, 2, 64, 2, 64, 2}}, 2e-6, 2, {3}},
    {"scan_retention_half", "func.func @main(%v: tensor<?x?x2x9xf16>, %k: tensor<?x?x2x8xf16>, %g: tensor<1x1x2x1x1xf32>, %s: tensor<?x2x8x9xbf16>) -> (tensor<?x?x2x9xf16>, tensor<?x2x8x9xbf16>) {\n"
                            "  %y, %f = moe.scan %v key %k query %k decay %g states %s : (tensor<?x?x2x9xf16>, tensor<?x?x2x8xf16>, tensor<?x?x2x8xf16>, tensor<1x1x2x1x1xf32>, tensor<?x2x8x9xbf16>) -> (tensor<?x?x2x9xf16>, tensor<?x2x8x9xbf16>)\n"
                            "  return %y, %f : tensor<?x?x2x9xf16>, tensor<?x2x8x9xbf16>\n}",
     {{2, 5, 2, 5, 2}, {1, 100, 1, 100, 1}}, 5e-3, 2, {2}},
    {"scan_gla", "func.func @main(%v: tensor<?x?x2x32xf32>, %k: tensor<?x?x2x20xf32>, %q: tensor<?x?x4x20xf32>, %g: tensor<?x?x2x20x1xf32>) -> (tensor<?x?x4x32xf32>, tensor<?x2x20x32xf32>) {\n"
                 "  %y, %f = moe.scan %v key %k query %q decay %g {exclusive} : (tensor<?x?x2x32xf32>, tensor<?x?x2x20xf32>, tensor<?x?x4x20xf32>, tensor<?x?x2x20x1xf32>) -> (tensor<?x?x4x32xf32>, tensor<?x2x20x32xf32>)\n"
                 "  return %y, %f : tensor<?x?x4x32xf32>, tensor<?x2x20x32xf32>\n}",
     {{2, 5, 2, 5, 2, 5, 2, 5}, {1, 1, 1, 1, 1, 1, 1, 1}, {1, 130, 1, 130, 1, 130, 1, 130}}, 2e-6, 2, {3}},
    {"scan_delta", "func.func @main(%v: tensor<?x?x4x40xf32>, %k: tensor<?x?x2x16xf32>, %q: tensor<?x?x2x16xf32>, %g: tensor<?x?x4x1x1xf32>, %a: tensor<?x?x4x16xf32>, %b: tensor<?x?x4x16xf32>, %s: tensor<?x4x16x40xf32>) -> (tensor<?x?x4x40xf32>, tensor<?x4x16x40xf32>) {\n"
                   "  %kn = moe.norm %k {kind = #moe.norm_kind<l2>, epsilon = 1.0e-6 : f64} : (tensor<?x?x2x16xf32>) -> tensor<?x?x2x16xf32>\n"
                   "  %an = moe.norm %a {kind = #moe.norm_kind<l2>, epsilon = 1.0e-6 : f64} : (tensor<?x?x4x16xf32>) -> tensor<?x?x4x16xf32>\n"
                   "  %bn = moe.norm %b {kind = #moe.norm_kind<l2>, epsilon = 1.0e-6 : f64} : (tensor<?x?x4x16xf32>) -> tensor<?x?x4x16xf32>\n"
                   "  %y, %f = moe.scan %v key %kn query %q decay %g low_rank %an, %bn states %s : (tensor<?x?x4x40xf32>, tensor<?x?x2x16xf32>, tensor<?x?x2x16xf32>, tensor<?x?x4x1x1xf32>, tensor<?x?x4x16xf32>, tensor<?x?x4x16xf32>, tensor<?x4x16x40xf32>) -> (tensor<?x?x4x40xf32>, tensor<?x4x16x40xf32>)\n"
                   "  return %y, %f : tensor<?x?x4x40xf32>, tensor<?x4x16x40xf32>\n}",
     {{2, 5, 2, 5, 2, 5, 2, 5, 2, 5, 2, 5, 2}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, {1, 150, 1, 150, 1, 150, 1, 150, 1, 150, 1, 150, 1}}, 2e-6, 2, {3}},
    {"scan_step_by_step", "func.func @main(%v: tensor<?x?x2x40xf32>, %k: tensor<?x?x2x16xf32>, %g: tensor<?x?x2x1x1xf32>) -> (tensor<?x?x2x40xf32>, tensor<?x2x16x40xf32>) {\n"
                          "  %y, %f = moe.scan %v key %k query %k decay %g {chunk = 1 : i64} : (tensor<?x?x2x40xf32>, tensor<?x?x2x16xf32>, tensor<?x?x2x16xf32>, tensor<?x?x2x1x1xf32>) -> (tensor<?x?x2x40xf32>, tensor<?x2x16x40xf32>)\n"
                          "  return %y, %f : tensor<?x?x2x40xf32>, tensor<?x2x16x40xf32>\n}",
     {{1, 150, 1, 150, 1, 150}}, 2e-6, 2, {2}},
    {"scan_delta_product", "func.func @main(%v: tensor<?x?x2x8xf32>, %k: tensor<?x?x2x8xf32>, %q: tensor<?x?x2x8xf32>) -> (tensor<?x?x2x8xf32>, tensor<?x2x8x8xf32>) {\n"
                           "  %kn = moe.norm %k {kind = #moe.norm_kind<l2>, epsilon = 1.0e-6 : f64} : (tensor<?x?x2x8xf32>) -> tensor<?x?x2x8xf32>\n"
                           "  %vn = moe.norm %v {kind = #moe.norm_kind<l2>, epsilon = 1.0e-6 : f64} : (tensor<?x?x2x8xf32>) -> tensor<?x?x2x8xf32>\n"
                           "  %y, %f = moe.scan %v key %kn query %q low_rank %kn, %vn {updates = 3 : i64} : (tensor<?x?x2x8xf32>, tensor<?x?x2x8xf32>, tensor<?x?x2x8xf32>, tensor<?x?x2x8xf32>, tensor<?x?x2x8xf32>) -> (tensor<?x?x2x8xf32>, tensor<?x2x8x8xf32>)\n"
                           "  return %y, %f : tensor<?x?x2x8xf32>, tensor<?x2x8x8xf32>\n}",
     {{2, 6, 2, 6, 2, 2}, {1, 3, 1, 3, 1, 1}, {1, 0, 1, 0, 1, 0}}},
    {"scan_rwkv4", "func.func @main(%v: tensor<?x?x1x1x37xf32>, %g: tensor<1x1x1x1x37xf32>, %i: tensor<?x?x1x1x37xf32>, %u: tensor<1x1x37xf32>, %s: tensor<?x1x1x37xf32>, %m: tensor<?x1x1x37xf32>)\n"
                   "    -> (tensor<?x?x1x1x37xf32>, tensor<?x1x1x37xf32>, tensor<?x1x1x37xf32>, tensor<?x1x1x37xf32>) {\n"
                   "  %one = moe.norm %m {kind = #moe.norm_kind<l2>, epsilon = 1.0 : f64} : (tensor<?x1x1x37xf32>) -> tensor<?x1x1x37xf32>\n"
                   "  %r:4 = moe.scan %v decay %g gate %i bonus %u states %s, %one, %m {normalized, exclusive, epsilon = 4.0 : f64}\n"
                   "     : (tensor<?x?x1x1x37xf32>, tensor<1x1x1x1x37xf32>, tensor<?x?x1x1x37xf32>, tensor<1x1x37xf32>, tensor<?x1x1x37xf32>, tensor<?x1x1x37xf32>, tensor<?x1x1x37xf32>)\n"
                   "       -> (tensor<?x?x1x1x37xf32>, tensor<?x1x1x37xf32>, tensor<?x1x1x37xf32>, tensor<?x1x1x37xf32>)\n"
                   "  return %r#0, %r#1, %r#2, %r#3 : tensor<?x?x1x1x37xf32>, tensor<?x1x1x37xf32>, tensor<?x1x1x37xf32>, tensor<?x1x1x37xf32>\n}",
     {{2, 5, 2, 5, 2, 2}, {1, 1, 1, 1, 1, 1}, {1, 0, 1, 0, 1, 1}, {1, 300, 1, 300, 1, 1}}, 4e-6, 2, {1}},
    {"scan_mlstm", "func.func @main(%v: tensor<?x?x2x16xf32>, %k: tensor<?x?x2x8xf32>, %q: tensor<?x?x2x8xf32>, %g: tensor<?x?x2x1x1xf32>, %i: tensor<?x?x2x1x1xf32>)\n"
                   "    -> (tensor<?x?x2x16xf32>, tensor<?x2x8x16xf32>, tensor<?x2x8x1xf32>, tensor<?x2x1x1xf32>) {\n"
                   "  %r:4 = moe.scan %v key %k query %q decay %g gate %i {normalized, floor = 1.0 : f64, epsilon = 1.0e-6 : f64, scale = 0.35 : f64}\n"
                   "     : (tensor<?x?x2x16xf32>, tensor<?x?x2x8xf32>, tensor<?x?x2x8xf32>, tensor<?x?x2x1x1xf32>, tensor<?x?x2x1x1xf32>)\n"
                   "       -> (tensor<?x?x2x16xf32>, tensor<?x2x8x16xf32>, tensor<?x2x8x1xf32>, tensor<?x2x1x1xf32>)\n"
                   "  return %r#0, %r#1, %r#2, %r#3 : tensor<?x?x2x16xf32>, tensor<?x2x8x16xf32>, tensor<?x2x8x1xf32>, tensor<?x2x1x1xf32>\n}",
     {{2, 5, 2, 5, 2, 5, 2, 5, 2, 5}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 70, 1, 70, 1, 70, 1, 70, 1, 70}}, 4e-6, 2, {3}},
    {"scan_elementwise", "func.func @main(%v: tensor<?x?x1x1x?xf32>, %g: tensor<?x?x1x1x?xf32>, %s: tensor<?x1x1x?xf32>) -> (tensor<?x?x1x1x?xf32>, tensor<?x1x1x?xf32>) {\n"
                         "  %y, %f = moe.scan %v decay %g states %s : (tensor<?x?x1x1x?xf32>, tensor<?x?x1x1x?xf32>, tensor<?x1x1x?xf32>) -> (tensor<?x?x1x1x?xf32>, tensor<?x1x1x?xf32>)\n"
                         "  return %y, %f : tensor<?x?x1x1x?xf32>, tensor<?x1x1x?xf32>\n}",
     {{2, 5, 33, 2, 5, 33, 2, 33}, {1, 1, 64, 1, 1, 64, 1, 64}, {2, 5, 33, 1, 5, 1, 2, 33}, {1, 4096, 7, 1, 4096, 7, 1, 7}}, 2e-6, 2, {1}},
};

const Case kConvolutions[] = {
    {"causal_conv", "func.func @main(%x: tensor<?x?x37xf32>, %w: tensor<37x4xf32>, %b: tensor<37xf32>, %s: tensor<?x37x3xf32>) -> (tensor<?x?x37xf32>, tensor<?x37x3xf32>) {\n"
                    "  %y, %f = moe.causal_conv %x, %w bias %b state %s {activation = #moe.activation<silu>} : (tensor<?x?x37xf32>, tensor<37x4xf32>, tensor<37xf32>, tensor<?x37x3xf32>) -> (tensor<?x?x37xf32>, tensor<?x37x3xf32>)\n"
                    "  return %y, %f : tensor<?x?x37xf32>, tensor<?x37x3xf32>\n}",
     {{2, 5, 2}, {1, 1, 1}, {2, 0, 2}, {0, 3, 0}, {1, 4096, 1}}},
    {"causal_conv_dilated", "func.func @main(%x: tensor<?x?x?xbf16>, %w: tensor<?x?xf32>) -> (tensor<?x?x?xbf16>, tensor<?x?x?xf32>) {\n"
                            "  %y, %f = moe.causal_conv %x, %w {dilation = 2 : i64} : (tensor<?x?x?xbf16>, tensor<?x?xf32>) -> (tensor<?x?x?xbf16>, tensor<?x?x?xf32>)\n"
                            "  return %y, %f : tensor<?x?x?xbf16>, tensor<?x?x?xf32>\n}",
     {{2, 9, 16, 16, 3}, {1, 2, 5, 5, 4}, {1, 3, 20, 20, 1}}, 5e-3},
};

INSTANTIATE_TEST_SUITE_P(Scan, KernelTest, testing::ValuesIn(kScans), nameOf);
INSTANTIATE_TEST_SUITE_P(CausalConv, KernelTest, testing::ValuesIn(kConvolutions), nameOf);

} // namespace
} // namespace moe
