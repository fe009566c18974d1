// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

// rms of [6, 8]: sqrt((36 + 64) / 2 + 14) = 8. layer: mean 7, sqrt((1 + 1) / 2 + 3) = 2. l2: 10.
func.func @test_kinds() {
  %x = arith.constant dense<[[6.0, 8.0]]> : tensor<1x2xf32>
  %rms = moe.norm %x {epsilon = 14.0 : f64} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %layer = moe.norm %x {kind = #moe.norm_kind<layer>, epsilon = 3.0 : f64} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %l2 = moe.norm %x {kind = #moe.norm_kind<l2>, epsilon = 1.0e-12 : f64} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %want_rms = arith.constant dense<[[0.75, 1.0]]> : tensor<1x2xf32>
  %want_layer = arith.constant dense<[[-0.5, 0.5]]> : tensor<1x2xf32>
  %want_l2 = arith.constant dense<[[0.6, 0.8]]> : tensor<1x2xf32>
  check.expect_eq %rms, %want_rms : tensor<1x2xf32>, tensor<1x2xf32>
  check.expect_eq %layer, %want_layer : tensor<1x2xf32>, tensor<1x2xf32>
  check.expect_eq %l2, %want_l2 : tensor<1x2xf32>, tensor<1x2xf32>
  return
}

// Scale and bias follow the division; rows are independent; the epsilon of l2 is a floor.
func.func @test_scale_bias_rows() {
  %x = arith.constant dense<[[3.0, 4.0], [0.0, 0.0]]> : tensor<2x2xf32>
  %scale = arith.constant dense<[5.0, 10.0]> : tensor<2xf32>
  %bias = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %y = moe.norm %x scale %scale bias %bias {kind = #moe.norm_kind<l2>, epsilon = 1.0e-6 : f64}
     : (tensor<2x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %want = arith.constant dense<[[4.0, 10.0], [1.0, 2.0]]> : tensor<2x2xf32>
  check.expect_eq %y, %want : tensor<2x2xf32>, tensor<2x2xf32>
  return
}

// Squares of f16 that do not fit into f16.
func.func @test_wide_inside() {
  %x = arith.constant dense<[[30000.0, 40000.0]]> : tensor<1x2xf16>
  %y = moe.norm %x {kind = #moe.norm_kind<l2>, epsilon = 0.0 : f64} : (tensor<1x2xf16>) -> tensor<1x2xf16>
  %want = arith.constant dense<[[0.6, 0.8]]> : tensor<1x2xf16>
  check.expect_close %y, %want {tolerance = 5.0e-4 : f64} : tensor<1x2xf16>, tensor<1x2xf16>
  return
}

// Rows without elements, and no rows.
func.func @test_empty() {
  %x = arith.constant dense<> : tensor<2x0xf32>
  %y = moe.norm %x {epsilon = 1.0 : f64} : (tensor<2x0xf32>) -> tensor<2x0xf32>
  check.expect_eq %y, %x : tensor<2x0xf32>, tensor<2x0xf32>
  return
}

// -----

func.func @test_wrong_scale() {
  %x = arith.constant dense<[[3.0, 4.0]]> : tensor<1x2xf32>
  %open = tensor.cast %x : tensor<1x2xf32> to tensor<1x?xf32>
  %scale = arith.constant dense<1.0> : tensor<3xf32>
  // expected-error @below {{moe.norm: scale or bias with the lengths [3] for rows of 2}}
  %y = moe.norm %open scale %scale {epsilon = 1.0 : f64} : (tensor<1x?xf32>, tensor<3xf32>) -> tensor<1x?xf32>
  return
}
