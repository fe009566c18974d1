// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

// NaN equals NaN, -0 equals 0; the tolerance grows with the largest finite element: 100 may be off by 1.
func.func @test_agree() {
  %a = arith.constant dense<[0x7FC00000, -0.0, 0x7F800000]> : tensor<3xf32>
  %b = arith.constant dense<[0x7FC00001, 0.0, 0x7F800000]> : tensor<3xf32>
  check.expect_eq %a, %b : tensor<3xf32>, tensor<3xf32>
  %c = arith.constant dense<[101.0, 0x7F800000, 0x7FC00000]> : tensor<3xf32>
  %d = arith.constant dense<[100.0, 0x7FF0000000000000, 0x7FF8000000000000]> : tensor<3xf64>
  check.expect_close %c, %d {tolerance = 0.01 : f64} : tensor<3xf32>, tensor<3xf64>
  %none = arith.constant dense<> : tensor<0xi8>
  check.expect_eq %none, %none : tensor<0xi8>, tensor<0xi8>
  return
}

// -----

func.func @test_eq_differs() {
  %a = arith.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>
  %b = arith.constant dense<[[1, 2], [5, 6]]> : tensor<2x2xi32>
  // expected-error @below {{check.expect_eq: element [1, 0] is 3, expected 5 (2 of 4 elements differ)}}
  check.expect_eq %a, %b : tensor<2x2xi32>, tensor<2x2xi32>
  return
}

// -----

func.func @test_close_differs() {
  %a = arith.constant dense<[1.0, 1.25]> : tensor<2xf32>
  %b = arith.constant dense<[1.0, 1.5]> : tensor<2xf32>
  // expected-error @below {{check.expect_close: element [1] is 1.25, expected 1.5 (1 of 2 elements differ)}}
  check.expect_close %a, %b {tolerance = 0.1 : f64} : tensor<2xf32>, tensor<2xf32>
  return
}

// -----

// An infinity is close to itself only, and does not make the others' tolerance infinite.
func.func @test_close_infinity() {
  %a = arith.constant dense<[0x7F800000, 2.0]> : tensor<2xf32>
  %b = arith.constant dense<[0x7F800000, 1.0]> : tensor<2xf32>
  // expected-error @below {{element [1] is 2, expected 1}}
  check.expect_close %a, %b {tolerance = 0.1 : f64} : tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @test_lengths_differ() {
  %a = arith.constant dense<0> : tensor<2xi32>
  %b = arith.constant dense<0> : tensor<3xi32>
  %open = tensor.cast %a : tensor<2xi32> to tensor<?xi32>
  // expected-error @below {{check.expect_eq: the lengths are [2], expected [3]}}
  check.expect_eq %open, %b : tensor<?xi32>, tensor<3xi32>
  return
}
