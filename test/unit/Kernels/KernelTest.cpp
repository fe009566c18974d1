//===- KernelTest.cpp - kernels against the reference interpreter -----------------------------------------------===//
#include "KernelTest.h"

namespace moe {

TEST_P(KernelTest, EqualsTheInterpreter) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(GetParam().text, &context);
  ASSERT_TRUE(module);
  OwningOpRef<ModuleOp> lowered = module->clone(), emulated = module->clone();
  std::string path = (folder + "/case.moe").str();
  bool tiles = compile(*lowered, path, /*emulated=*/false);
  for (const char *isa : {"avx2", ""})
    compareAll(*module, path, isa);
  if (tiles) {
    path = (folder + "/emulated.moe").str();
    compile(*emulated, path, /*emulated=*/true);
    compareAll(*module, path, "");
  }
}

TEST_P(KernelTest, EqualsTheInterpreterOnGpus) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(GetParam().text, &context);
  ASSERT_TRUE(module);
  for (StringRef target : {"emu:sm_90a", "emu:gfx942"}) {
    SCOPED_TRACE(target.str());
    OwningOpRef<ModuleOp> lowered = module->clone();
    std::string path = (folder + "/" + target + ".moe").str();
    compileFor(*lowered, path, target);
    compareAll(*module, path, "");
  }
}

namespace {

const Case kNorms[] = {
    {"norm_rms", "func.func @main(%x: tensor<?x?xf32>, %s: tensor<?xf32>) -> tensor<?x?xf32> {\n"
                 "  %y = moe.norm %x scale %s {epsilon = 1.0e-6 : f64} : (tensor<?x?xf32>, tensor<?xf32>) -> tensor<?x?xf32>\n"
                 "  return %y : tensor<?x?xf32>\n}",
     {{3, 64, 64}, {1, 1, 1}, {0, 5, 5}, {7, 19, 19}, {2, 1000, 1000}}},
    {"norm_layer", "func.func @main(%x: tensor<?x?x33xf32>, %s: tensor<33xf32>, %b: tensor<33xf32>) -> tensor<?x?x33xf32> {\n"
                   "  %y = moe.norm %x scale %s bias %b {kind = #moe.norm_kind<layer>, epsilon = 1.0e-5 : f64} : (tensor<?x?x33xf32>, tensor<33xf32>, tensor<33xf32>) -> tensor<?x?x33xf32>\n"
                   "  return %y : tensor<?x?x33xf32>\n}",
     {{3, 2}, {1, 1}, {0, 3}}},
};

const Case kLinears[] = {
    {"linear", "func.func @main(%x: tensor<?x?xf32>, %w: tensor<70x40xf32>, %b: tensor<70xf32>) -> tensor<?x70xf32> {\n"
               "  %y = moe.linear %x, %w bias %b : (tensor<?x?xf32>, tensor<70x40xf32>, tensor<70xf32>) -> tensor<?x70xf32>\n"
               "  return %y : tensor<?x70xf32>\n}",
     {{3, 40}, {1, 40}, {0, 40}, {101, 40}}},
    {"linear_narrow", "func.func @main(%x: tensor<2x?x33xf32>, %w: tensor<3x33xf32>) -> tensor<2x?x3xf32> {\n"
                      "  %y = moe.linear %x, %w : (tensor<2x?x33xf32>, tensor<3x33xf32>) -> tensor<2x?x3xf32>\n"
                      "  return %y : tensor<2x?x3xf32>\n}",
     {{3}, {1}, {0}}},
    {"linear_half", "func.func @main(%x: tensor<?x64xf16>, %w: tensor<128x64xbf16>) -> tensor<?x128xf16> {\n"
                    "  %y = moe.linear %x, %w : (tensor<?x64xf16>, tensor<128x64xbf16>) -> tensor<?x128xf16>\n"
                    "  return %y : tensor<?x128xf16>\n}",
     {{5}}, 1e-3},
};

const Case kRotaries[] = {
    {"rotary_split", "func.func @main(%x: tensor<?x?x?x10xf32>, %c: tensor<?x?x4xf32>, %s: tensor<?x?x4xf32>) -> tensor<?x?x?x10xf32> {\n"
                     "  %y = moe.rotary %x, %c, %s : (tensor<?x?x?x10xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x?x10xf32>\n"
                     "  return %y : tensor<?x?x?x10xf32>\n}",
     {{2, 3, 5, 2, 5, 2, 5}, {1, 1, 1, 1, 1, 1, 1}, {0, 2, 3, 0, 3, 0, 3}}},
    {"rotary_interleaved", "func.func @main(%x: tensor<?x2x?x8xf32>, %c: tensor<1x?x4xf32>, %s: tensor<1x?x4xf32>) -> tensor<?x2x?x8xf32> {\n"
                           "  %y = moe.rotary %x, %c, %s {interleaved} : (tensor<?x2x?x8xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<?x2x?x8xf32>\n"
                           "  return %y : tensor<?x2x?x8xf32>\n}",
     {{2, 3, 3, 3}}},
};

const Case kExperts[] = {
    {"experts_swiglu", "func.func @main(%x: tensor<?x40xf32>, %i: tensor<?x2xi64>, %w: tensor<?x2xf32>, %g: tensor<5x33x40xf32>, %u: tensor<5x33x40xf32>, %d: tensor<5x40x33xf32>) -> tensor<?x40xf32> {\n"
                       "  %y = moe.experts %x, %i, %w gate %g up %u down %d {activation = #moe.activation<silu>}\n"
                       "     : (tensor<?x40xf32>, tensor<?x2xi64>, tensor<?x2xf32>, tensor<5x33x40xf32>, tensor<5x33x40xf32>, tensor<5x40x33xf32>) -> tensor<?x40xf32>\n"
                       "  return %y : tensor<?x40xf32>\n}",
     {{3, 3, 3}, {1, 1, 1}, {0, 0, 0}, {130, 130, 130}}, 2e-6, 5},
    // Rows of half a page are copied apart.
    {"experts_page", "func.func @main(%x: tensor<?x512xf32>, %i: tensor<?x2xi64>, %w: tensor<?x2xf32>, %g: tensor<3x20x512xf32>, %u: tensor<3x20x512xf32>, %d: tensor<3x512x20xf32>) -> tensor<?x512xf32> {\n"
                     "  %y = moe.experts %x, %i, %w gate %g up %u down %d {activation = #moe.activation<silu>}\n"
                     "     : (tensor<?x512xf32>, tensor<?x2xi64>, tensor<?x2xf32>, tensor<3x20x512xf32>, tensor<3x20x512xf32>, tensor<3x512x20xf32>) -> tensor<?x512xf32>\n"
                     "  return %y : tensor<?x512xf32>\n}",
     {{3, 3, 3}, {1, 1, 1}, {0, 0, 0}, {50, 50, 50}}, 2e-6, 3},
    {"experts_plain", "func.func @main(%x: tensor<?x8xf32>, %i: tensor<?x3xi32>, %w: tensor<?x3xf32>, %u: tensor<2x100x8xf32>, %ub: tensor<2x100xf32>, %d: tensor<2x8x100xf32>, %db: tensor<2x8xf32>) -> tensor<?x8xf32> {\n"
                      "  %y = moe.experts %x, %i, %w up %u down %d up_bias %ub down_bias %db {activation = #moe.activation<gelu>}\n"
                      "     : (tensor<?x8xf32>, tensor<?x3xi32>, tensor<?x3xf32>, tensor<2x100x8xf32>, tensor<2x8x100xf32>, tensor<2x100xf32>, tensor<2x8xf32>) -> tensor<?x8xf32>\n"
                      "  return %y : tensor<?x8xf32>\n}",
     {{3, 3, 3}, {1, 1, 1}, {17, 17, 17}}, 2e-6, 2},
};

const Case kAttentions[] = {
    {"attention_causal", "func.func @main(%q: tensor<?x6x?x10xf32>, %k: tensor<?x2x?x10xf32>, %v: tensor<?x2x?x7xf32>) -> tensor<?x6x?x7xf32> {\n"
                         "  %y = moe.attention %q, %k, %v {scale = 0.3 : f64, causal} : (tensor<?x6x?x10xf32>, tensor<?x2x?x10xf32>, tensor<?x2x?x7xf32>) -> tensor<?x6x?x7xf32>\n"
                         "  return %y : tensor<?x6x?x7xf32>\n}",
     {{2, 5, 2, 5, 2, 5}, {1, 1, 1, 100, 1, 100}, {1, 130, 1, 130, 1, 130}, {0, 2, 0, 2, 0, 2}, {1, 0, 1, 3, 1, 3}}},
    {"attention_window_mask", "func.func @main(%q: tensor<?x2x?x16xf32>, %k: tensor<?x2x?x16xf32>, %v: tensor<?x2x?x70xf32>, %m: tensor<?x1x?x?xf32>) -> tensor<?x2x?x70xf32> {\n"
                              "  %y = moe.attention %q, %k, %v mask %m {scale = 1.0 : f64, causal, window = 5 : i64, softcap = 3.0 : f64} : (tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x70xf32>, tensor<?x1x?x?xf32>) -> tensor<?x2x?x70xf32>\n"
                              "  return %y : tensor<?x2x?x70xf32>\n}",
     {{2, 5, 2, 9, 2, 9, 2, 5, 9}, {1, 90, 1, 90, 1, 90, 1, 90, 90}, {2, 5, 2, 9, 2, 9, 1, 1, 9}}},
    {"attention_boolean_sinks", "func.func @main(%q: tensor<?x2x?x16xf32>, %k: tensor<?x1x?x16xf32>, %v: tensor<?x1x?x16xf32>, %m: tensor<?x2x?x?xi1>, %s: tensor<2xf32>) -> tensor<?x2x?x16xf32> {\n"
                                "  %y = moe.attention %q, %k, %v mask %m sinks %s {scale = 1.0 : f64} : (tensor<?x2x?x16xf32>, tensor<?x1x?x16xf32>, tensor<?x1x?x16xf32>, tensor<?x2x?x?xi1>, tensor<2xf32>) -> tensor<?x2x?x16xf32>\n"
                                "  return %y : tensor<?x2x?x16xf32>\n}",
     {{2, 5, 2, 9, 2, 9, 2, 5, 9}, {1, 3, 1, 2, 1, 2, 1, 3, 2}}},
};

INSTANTIATE_TEST_SUITE_P(Linear, KernelTest, testing::ValuesIn(kLinears), nameOf);
INSTANTIATE_TEST_SUITE_P(Rotary, KernelTest, testing::ValuesIn(kRotaries), nameOf);
INSTANTIATE_TEST_SUITE_P(Experts, KernelTest, testing::ValuesIn(kExperts), nameOf);
INSTANTIATE_TEST_SUITE_P(Attention, KernelTest, testing::ValuesIn(kAttentions), nameOf);
INSTANTIATE_TEST_SUITE_P(Norm, KernelTest, testing::ValuesIn(kNorms), nameOf);

} // namespace
} // namespace moe
