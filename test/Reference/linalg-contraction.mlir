// RUN: moe-opt %s --moe-interpret -o /dev/null

// Sums of products add up in double: 2048 + 1 + 1 is 2050 in f16 too. The second operand lies in rows of the result's columns.
func.func @test_double_inside() {
  %a = arith.constant dense<[[2048.0, 1.0, 1.0]]> : tensor<1x3xf16>
  %b = arith.constant dense<[[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]> : tensor<3x2xf16>
  %zero = arith.constant dense<0.0> : tensor<1x2xf16>
  %y = linalg.matmul ins(%a, %b : tensor<1x3xf16>, tensor<3x2xf16>) outs(%zero : tensor<1x2xf16>) -> tensor<1x2xf16>
  %want = arith.constant dense<[[2050.0, 4100.0]]> : tensor<1x2xf16>
  check.expect_eq %y, %want : tensor<1x2xf16>, tensor<1x2xf16>
  return
}

// The weight stored one row per output, f16 widened to f32, added to what was there; i and j change places in the result.
#x = affine_map<(i, j, k) -> (i, k)>
#w = affine_map<(i, j, k) -> (j, k)>
#y = affine_map<(i, j, k) -> (j, i)>
func.func @test_transposed_and_widened() {
  %x = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf16>
  %w = arith.constant dense<[[1.0, 0.0], [1.0, 1.0], [0.0, 10.0]]> : tensor<3x2xf16>
  %old = arith.constant dense<100.0> : tensor<3x2xf32>
  %y = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<2x2xf16>, tensor<3x2xf16>) outs(%old : tensor<3x2xf32>) {
  ^bb0(%a: f16, %b: f16, %s: f32):
    %u = arith.extf %a : f16 to f32
    %v = arith.extf %b : f16 to f32
    %p = arith.mulf %u, %v : f32
    %t = arith.addf %p, %s : f32
    linalg.yield %t : f32
  } -> tensor<3x2xf32>
  %want = arith.constant dense<[[101.0, 103.0], [103.0, 107.0], [120.0, 140.0]]> : tensor<3x2xf32>
  check.expect_eq %y, %want : tensor<3x2xf32>, tensor<3x2xf32>
  return
}

// Batches, and both axes of a vector product reduced: every form gives the same as a plain product of integers.
func.func @test_batches() {
  %a = arith.constant dense<[[[1.0, 2.0]], [[3.0, 4.0]]]> : tensor<2x1x2xf32>
  %b = arith.constant dense<[[[5.0], [6.0]], [[7.0], [8.0]]]> : tensor<2x2x1xf32>
  %zero = arith.constant dense<0.0> : tensor<2x1x1xf32>
  %y = linalg.batch_matmul ins(%a, %b : tensor<2x1x2xf32>, tensor<2x2x1xf32>) outs(%zero : tensor<2x1x1xf32>) -> tensor<2x1x1xf32>
  %v = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %scalar = arith.constant dense<0.0> : tensor<f32>
  %dot = linalg.dot ins(%v, %v : tensor<3xf32>, tensor<3xf32>) outs(%scalar : tensor<f32>) -> tensor<f32>
  %want_y = arith.constant dense<[[[17.0]], [[53.0]]]> : tensor<2x1x1xf32>
  %want_dot = arith.constant dense<14.0> : tensor<f32>
  check.expect_eq %y, %want_y : tensor<2x1x1xf32>, tensor<2x1x1xf32>
  check.expect_eq %dot, %want_dot : tensor<f32>, tensor<f32>
  return
}

// No rows, no columns, and nothing to sum.
func.func @test_empty() {
  %rows = arith.constant dense<> : tensor<0x2xf32>
  %w = arith.constant dense<1.0> : tensor<2x2xf32>
  %out = arith.constant dense<> : tensor<0x2xf32>
  %y = linalg.matmul ins(%rows, %w : tensor<0x2xf32>, tensor<2x2xf32>) outs(%out : tensor<0x2xf32>) -> tensor<0x2xf32>
  %a = arith.constant dense<> : tensor<1x0xf32>
  %b = arith.constant dense<> : tensor<0x2xf32>
  %old = arith.constant dense<3.0> : tensor<1x2xf32>
  %z = linalg.matmul ins(%a, %b : tensor<1x0xf32>, tensor<0x2xf32>) outs(%old : tensor<1x2xf32>) -> tensor<1x2xf32>
  check.expect_eq %z, %old : tensor<1x2xf32>, tensor<1x2xf32>
  return
}
