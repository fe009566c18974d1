// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

// The number of the largest magnitude gets the code -8, that is 0 with zero = 8; a row of zeros has scale 0.
func.func @test_int4() {
  %w = arith.constant dense<[[4.0, -1.0, 0.5, -4.4, 0.25, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]> : tensor<2x6xf32>
  %c, %s = moe.quantize %w {format = #moe.format<u4>, block = 4 : i64, zero = 8 : i64} : (tensor<2x6xf32>) -> (tensor<2x3xui8>, tensor<2x2xf32>)
  // scale 0.55: codes 7 -2 1 -8, scale -1/32: -8 0
  %want = arith.constant dense<[[111, 9, 128], [136, 136, 136]]> : tensor<2x3xui8>
  check.expect_eq %c, %want : tensor<2x3xui8>, tensor<2x3xui8>
  %y = moe.dequantize %c scales %s {format = #moe.format<u4>, block = 4 : i64, zero = 8 : i64} : (tensor<2x3xui8>, tensor<2x2xf32>) -> tensor<2x6xf32>
  %near = arith.constant dense<[[3.85, -1.1, 0.55, -4.4, 0.25, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]> : tensor<2x6xf32>
  check.expect_close %y, %near {absolute = 1.0e-6 : f64, relative = 0.0 : f64} : tensor<2x6xf32>, tensor<2x6xf32>
  return
}

// With zero points the whole range of a block is used, 0 always in it.
func.func @test_zero_points() {
  %w = arith.constant dense<[[1.0, 4.0, -3.5, 0.0]]> : tensor<1x4xf32>
  %c, %s, %z = moe.quantize %w {format = #moe.format<u4>} : (tensor<1x4xf32>) -> (tensor<1x2xui8>, tensor<1x1xf32>, tensor<1x1xui8>)
  %codes = arith.constant dense<[[249, 112]]> : tensor<1x2xui8>
  %zeros = arith.constant dense<[[7]]> : tensor<1x1xui8>
  %scale = arith.constant dense<[[0.5]]> : tensor<1x1xf32>
  check.expect_eq %c, %codes : tensor<1x2xui8>, tensor<1x2xui8>
  check.expect_eq %z, %zeros : tensor<1x1xui8>, tensor<1x1xui8>
  check.expect_eq %s, %scale : tensor<1x1xf32>, tensor<1x1xf32>
  return
}

// MXFP4: the largest number's exponent less 2; 7 saturates at 6, ties go to even.
func.func @test_mxfp4() {
  %w = arith.constant dense<[[7.0, -2.5, 0.75, 0.2]]> : tensor<1x4xf32>
  %c, %s = moe.quantize %w {format = #moe.format<f4e2m1>, block = 32 : i64} : (tensor<1x4xf32>) -> (tensor<1x2xui8>, tensor<1x1xf8E8M0FNU>)
  %y = moe.dequantize %c scales %s {format = #moe.format<f4e2m1>, block = 32 : i64} : (tensor<1x2xui8>, tensor<1x1xf8E8M0FNU>) -> tensor<1x4xf32>
  %want = arith.constant dense<[[6.0, -2.0, 1.0, 0.0]]> : tensor<1x4xf32>
  check.expect_eq %y, %want : tensor<1x4xf32>, tensor<1x4xf32>
  return
}

// NVFP4: 448 is the largest scale, so the global one is 2688 / 2688 = 1 here; the second matrix is zero.
func.func @test_nvfp4() {
  %w = arith.constant dense<[[[2688.0, -6.0]], [[0.0, 0.0]]]> : tensor<2x1x2xf32>
  %c, %s, %g = moe.quantize %w {format = #moe.format<f4e2m1>, block = 1 : i64} : (tensor<2x1x2xf32>) -> (tensor<2x1x1xui8>, tensor<2x1x2xf8E4M3FN>, tensor<2xf32>)
  %global = arith.constant dense<[1.0, 0.0]> : tensor<2xf32>
  check.expect_eq %g, %global : tensor<2xf32>, tensor<2xf32>
  %y = moe.dequantize %c scales %s global %g {format = #moe.format<f4e2m1>, block = 1 : i64}
     : (tensor<2x1x1xui8>, tensor<2x1x2xf8E4M3FN>, tensor<2xf32>) -> tensor<2x1x2xf32>
  check.expect_eq %y, %w : tensor<2x1x2xf32>, tensor<2x1x2xf32>
  return
}

// Largest and subnormal floats; 448 is the largest number of f8e4m3.
func.func @test_extremes() {
  %w = arith.constant dense<[[3.0e38, 1.5e38], [1.0e-40, -5.0e-41]]> : tensor<2x2xf32>
  %c, %s = moe.quantize %w {format = #moe.format<f8e4m3>} : (tensor<2x2xf32>) -> (tensor<2x2xui8>, tensor<2x1xf32>)
  %want = arith.constant dense<[[126, 118], [126, 246]]> : tensor<2x2xui8>
  check.expect_eq %c, %want : tensor<2x2xui8>, tensor<2x2xui8>
  return
}

// The second input is twice the first: it makes up for the first code's error, 0.25, with -0.125, up to damping.
func.func @test_error_feedback() {
  %w = arith.constant dense<[[1.25, 1.625, -8.0]]> : tensor<1x3xf32>
  %h = arith.constant dense<[[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 0.0]]> : tensor<3x3xf32>
  %c, %s = moe.quantize %w hessian %h {format = #moe.format<i4>} : (tensor<1x3xf32>, tensor<3x3xf32>) -> (tensor<1x2xui8>, tensor<1x1xf32>)
  // Codes 1, 2 (1.625 + 0.12 rounds to 2) and -8.
  %want = arith.constant dense<[[33, 8]]> : tensor<1x2xui8>
  check.expect_eq %c, %want : tensor<1x2xui8>, tensor<1x2xui8>
  return
}

// -----

func.func @test_not_finite() {
  %w = arith.constant dense<[[0x7fc00000, 1.0]]> : tensor<1x2xf32>
  // expected-error @below {{moe.quantize: a weight is not a finite number}}
  %c, %s = moe.quantize %w {format = #moe.format<i8>} : (tensor<1x2xf32>) -> (tensor<1x2xui8>, tensor<1x1xf32>)
  return
}
