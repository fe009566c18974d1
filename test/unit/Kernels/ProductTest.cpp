//===- ProductTest.cpp - products with codes, bfloat16 and tiles ------------------------------------------------===//
#include "KernelTest.h"
#include "llvm/Support/Format.h"

namespace moe {
namespace {

/// A projection by codes of `format`, in blocks of `block` of a row of `depth`; `more` are further attributes or operands of dequantize.
std::string coded(const char *format, int width, int block, int depth, const char *scale = "f32", const char *zeros = "", const char *more = "") {
  int blocks = block == 0 ? 1 : (depth + block - 1) / block;
  std::string codes = "tensor<70x" + std::to_string((depth * width + 7) / 8) + "xui8>", scales = "tensor<70x" + std::to_string(blocks) + "x" + scale + ">";
  std::string zero = *zeros == 0 ? "" : *zeros == 'u' ? "tensor<70x" + std::to_string((blocks * width + 7) / 8) + "xui8>" : "tensor<70x" + std::to_string(blocks) + "xf32>";
  std::string x = "tensor<?x" + std::to_string(depth) + "xf32>", w = "tensor<70x" + std::to_string(depth) + "xf32>";
  return "func.func @main(%x: " + x + ", %c: " + codes + ", %s: " + scales + (zero.empty() ? "" : ", %z: " + zero) + ") -> tensor<?x70xf32> {\n" +
         "  %w = moe.dequantize %c scales %s " + (zero.empty() ? "" : "zero_points %z ") + "{format = #moe.format<" + format + ">, block = " + std::to_string(block) +
         " : i64" + more + "} : (" + codes + ", " + scales + (zero.empty() ? "" : ", " + zero) + ") -> " + w + "\n" +
         "  %y = moe.linear %x, %w : (" + x + ", " + w + ") -> tensor<?x70xf32>\n  return %y : tensor<?x70xf32>\n}";
}

const std::vector<std::vector<int64_t>> kRowCounts = {{1}, {0}, {2}, {3}, {9}, {29}};

const Case kCodes[] = {
    {"codes_u4", coded("u4", 4, 32, 96, "f32", "", ", zero = 8 : i64"), kRowCounts, 3e-6},
    {"codes_u4_zero_points", coded("u4", 4, 32, 90, "f32", "u"), kRowCounts, 3e-6},
    {"codes_u4_real_zeros", coded("u4", 4, 16, 64, "f16", "f"), kRowCounts, 3e-6},
    {"codes_i4", coded("i4", 4, 32, 64, "bf16"), kRowCounts, 3e-6},
    {"codes_u8", coded("u8", 8, 32, 70, "f32", "u"), kRowCounts, 3e-6},
    {"codes_i8_whole_row", coded("i8", 8, 0, 75), kRowCounts, 3e-6},
    {"codes_u2", coded("u2", 2, 16, 64, "f32", "", ", zero = 2 : i64"), kRowCounts, 3e-6},
    {"codes_mxfp4", coded("f4e2m1", 4, 32, 64), kRowCounts, 3e-6},
    {"codes_f8e4m3", coded("f8e4m3", 8, 0, 75), kRowCounts, 3e-6, 2, {}, 120},
    {"codes_f8e4m3_scales", coded("f4e2m1", 4, 16, 64, "f8E4M3FN"), kRowCounts, 3e-6},
    {"codes_f8e5m2", coded("f8e5m2", 8, 32, 64), kRowCounts, 3e-6, 2, {}, 120},
    {"codes_not_packed", coded("u3", 3, 32, 64), kRowCounts, 3e-6},
};

/// A projection by a weight of 70 rows of `depth` numbers times `size`, among them one of zeros, which is quantized when the artefact is written.
std::string quantized(const char *format, int width, int block, int depth, const char *scale, double size = 1, const char *more = "") {
  int blocks = block == 0 ? 1 : (depth + block - 1) / block;
  std::mt19937_64 generator(3);
  std::string numbers;
  llvm::raw_string_ostream out(numbers);
  for (int n = 0; n < 70; ++n, out << (n < 70 ? "], " : "]"))
    for (int k = 0; k < depth; ++k)
      out << (k ? ", " : "[") << llvm::format("%.9e", n == 3 ? 0. : (double(generator() % 2001) - 1000) / 1000 * size);
  auto matrix = [](int columns, StringRef type) { return "tensor<70x" + std::to_string(columns) + "x" + type.str() + ">"; };
  std::string codes = matrix((depth * width + 7) / 8, "ui8"), scales = matrix(blocks, scale), w = matrix(depth, "f32"), x = "tensor<?x" + std::to_string(depth) + "xf32>";
  bool zeros = *more == 'z', global = *more == 'g';
  std::string third = zeros ? ", " + matrix((blocks * width + 7) / 8, "ui8") : global ? ", tensor<f32>" : "";
  std::string attrs = " {format = #moe.format<" + std::string(format) + ">, block = " + std::to_string(block) + " : i64" + (zeros || global ? "" : more) + "}";
  return "moe.param @w : " + w + " value = dense<[" + numbers + "]> : " + w + "\nfunc.func @main(%x: " + x + ") -> tensor<?x70xf32> {\n" +
         "  %n = moe.get_param @w : " + w + "\n  %c, %s" + (third.empty() ? "" : ", %z") + " = moe.quantize %n" + attrs + " : (" + w + ") -> (" + codes + ", " + scales +
         third + ")\n  %w = moe.dequantize %c scales %s" + (zeros ? " zero_points %z" : global ? " global %z" : "") + attrs + " : (" + codes + ", " + scales + third +
         ") -> " + w + "\n  %y = moe.linear %x, %w : (" + x + ", " + w + ") -> tensor<?x70xf32>\n  return %y : tensor<?x70xf32>\n}";
}

const std::vector<std::vector<int64_t>> kFewRows = {{1}, {0}, {17}};

const Case kQuantized[] = {
    {"quantized_int8", quantized("i8", 8, 0, 75, "f32"), kFewRows, 3e-6},
    {"quantized_int8_subnormal", quantized("i8", 8, 0, 64, "f32", 1e-36), kFewRows, 3e-6},
    {"quantized_int8_largest", quantized("i8", 8, 0, 64, "f32", 1e36), kFewRows, 3e-6},
    {"quantized_f8e4m3", quantized("f8e4m3", 8, 0, 75, "f32"), kFewRows, 3e-6},
    {"quantized_int4", quantized("u4", 4, 32, 90, "bf16", 1, ", zero = 8 : i64"), kFewRows, 3e-6},
    {"quantized_int4_largest", quantized("u4", 4, 16, 64, "bf16", 1e36, ", zero = 8 : i64"), kFewRows, 3e-6},
    {"quantized_int4_zero_points", quantized("u4", 4, 128, 90, "bf16", 1, "zero points"), kFewRows, 3e-6},
    {"quantized_mxfp4", quantized("f4e2m1", 4, 32, 90, "f8E8M0FNU"), kFewRows, 3e-6},
    {"quantized_mxfp4_small", quantized("f4e2m1", 4, 32, 64, "f8E8M0FNU", 1e-36), kFewRows, 3e-6},
    {"quantized_nvfp4", quantized("f4e2m1", 4, 16, 90, "f8E4M3FN", 1, "global"), kFewRows, 3e-6},
    {"quantized_nvfp4_largest", quantized("f4e2m1", 4, 16, 64, "f8E4M3FN", 1e36, "global"), kFewRows, 3e-6},
};

const Case kNarrow[] = {
    {"linear_bf16", "func.func @main(%x: tensor<?x37xbf16>, %w: tensor<50x37xbf16>) -> tensor<?x50xf32> {\n"
                    "  %y = moe.linear %x, %w : (tensor<?x37xbf16>, tensor<50x37xbf16>) -> tensor<?x50xf32>\n"
                    "  return %y : tensor<?x50xf32>\n}",
     {{1}, {2}, {5}, {0}, {31}}},
    {"linear_tiles", "func.func @main(%x: tensor<?x64xbf16>, %w: tensor<50x64xbf16>, %b: tensor<50xf32>) -> tensor<?x50xf32> {\n"
                     "  %y = moe.linear %x, %w bias %b : (tensor<?x64xbf16>, tensor<50x64xbf16>, tensor<50xf32>) -> tensor<?x50xf32>\n"
                     "  return %y : tensor<?x50xf32>\n}",
     {{1}, {7}, {0}, {32}, {103}}},
    // The artefact holds rounded weights, computed when it is written.
    {"linear_rounded", "moe.param @w : tensor<50x64xf32> value = dense<0.3> : tensor<50x64xf32>\n"
                       "func.func @main(%x: tensor<?x64xf32>) -> tensor<?x50xf32> {\n"
                       "  %w = moe.get_param @w : tensor<50x64xf32>\n"
                       "  %y = moe.linear %x, %w : (tensor<?x64xf32>, tensor<50x64xf32>) -> tensor<?x50xf32>\n"
                       "  return %y : tensor<?x50xf32>\n}",
     {{1}, {40}}, 1e-2, 2, {}, 256, Math::Bf16},
};

const Case kBanks[] = {
    {"experts_codes", "func.func @main(%x: tensor<?x64xf32>, %i: tensor<?x2xi64>, %w: tensor<?x2xf32>, %g: tensor<5x33x32xui8>, %gs: tensor<5x33x2xf32>, %u: tensor<5x33x32xui8>, %us: tensor<5x33x2xf32>, %d: tensor<5x64x33xui8>, %ds: tensor<5x64x1xf32>) -> tensor<?x64xf32> {\n"
                      "  %gate = moe.dequantize %g scales %gs {format = #moe.format<u4>, block = 32 : i64, zero = 8 : i64} : (tensor<5x33x32xui8>, tensor<5x33x2xf32>) -> tensor<5x33x64xf32>\n"
                      "  %up = moe.dequantize %u scales %us {format = #moe.format<i4>, block = 32 : i64} : (tensor<5x33x32xui8>, tensor<5x33x2xf32>) -> tensor<5x33x64xf32>\n"
                      "  %down = moe.dequantize %d scales %ds {format = #moe.format<i8>} : (tensor<5x64x33xui8>, tensor<5x64x1xf32>) -> tensor<5x64x33xf32>\n"
                      "  %y = moe.experts %x, %i, %w gate %gate up %up down %down {activation = #moe.activation<silu>}\n"
                      "     : (tensor<?x64xf32>, tensor<?x2xi64>, tensor<?x2xf32>, tensor<5x33x64xf32>, tensor<5x33x64xf32>, tensor<5x64x33xf32>) -> tensor<?x64xf32>\n"
                      "  return %y : tensor<?x64xf32>\n}",
     {{3, 3, 3}, {1, 1, 1}, {0, 0, 0}, {70, 70, 70}}, 3e-6, 5},
    {"experts_tiles", "func.func @main(%x: tensor<?x64xbf16>, %i: tensor<?x2xi64>, %w: tensor<?x2xf32>, %g: tensor<3x32x64xbf16>, %u: tensor<3x32x64xbf16>, %d: tensor<3x40x32xbf16>) -> tensor<?x40xf32> {\n"
                      "  %y = moe.experts %x, %i, %w gate %g up %u down %d {activation = #moe.activation<silu>}\n"
                      "     : (tensor<?x64xbf16>, tensor<?x2xi64>, tensor<?x2xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<3x40x32xbf16>) -> tensor<?x40xf32>\n"
                      "  return %y : tensor<?x40xf32>\n}",
     {{3, 3, 3}, {1, 1, 1}, {0, 0, 0}, {130, 130, 130}}, 1e-2, 3},
    {"experts_bf16", "func.func @main(%x: tensor<?x40xbf16>, %i: tensor<?x2xi64>, %w: tensor<?x2xf32>, %g: tensor<5x33x40xbf16>, %u: tensor<5x33x40xbf16>, %d: tensor<5x40x33xbf16>) -> tensor<?x40xf32> {\n"
                     "  %y = moe.experts %x, %i, %w gate %g up %u down %d {activation = #moe.activation<silu>}\n"
                     "     : (tensor<?x40xbf16>, tensor<?x2xi64>, tensor<?x2xf32>, tensor<5x33x40xbf16>, tensor<5x33x40xbf16>, tensor<5x40x33xbf16>) -> tensor<?x40xf32>\n"
                     "  return %y : tensor<?x40xf32>\n}",
     {{3, 3, 3}, {1, 1, 1}, {0, 0, 0}, {130, 130, 130}}, 1e-2, 5},
    {"experts_rounded", "func.func @main(%x: tensor<?x64xf32>, %i: tensor<?x2xi64>, %w: tensor<?x2xf32>, %g: tensor<3x32x64xf32>, %u: tensor<3x32x64xf32>, %d: tensor<3x40x32xf32>) -> tensor<?x40xf32> {\n"
                        "  %y = moe.experts %x, %i, %w gate %g up %u down %d {activation = #moe.activation<silu>}\n"
                        "     : (tensor<?x64xf32>, tensor<?x2xi64>, tensor<?x2xf32>, tensor<3x32x64xf32>, tensor<3x32x64xf32>, tensor<3x40x32xf32>) -> tensor<?x40xf32>\n"
                        "  return %y : tensor<?x40xf32>\n}",
     {{3, 3, 3}, {1, 1, 1}, {0, 0, 0}, {70, 70, 70}}, 1e-2, 3, {}, 256, Math::Bf16},
};

INSTANTIATE_TEST_SUITE_P(Codes, KernelTest, testing::ValuesIn(kCodes), nameOf);
INSTANTIATE_TEST_SUITE_P(Quantized, KernelTest, testing::ValuesIn(kQuantized), nameOf);
INSTANTIATE_TEST_SUITE_P(NarrowProducts, KernelTest, testing::ValuesIn(kNarrow), nameOf);
INSTANTIATE_TEST_SUITE_P(NarrowExperts, KernelTest, testing::ValuesIn(kBanks), nameOf);

} // namespace
} // namespace moe
