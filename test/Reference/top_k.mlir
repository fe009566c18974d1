// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

// Largest first; of equal elements the lower index first.
func.func @test_largest() {
  %x = arith.constant dense<[[3.0, 1.0, 3.0, 2.0], [0.0, -0.0, -1.0, -2.0]]> : tensor<2x4xf32>
  %k = arith.constant 3 : index
  %v, %i = moe.top_k %x, %k {largest = true} : tensor<2x4xf32> -> tensor<2x?xf32>, tensor<2x?xi64>
  %want_v = arith.constant dense<[[3.0, 3.0, 2.0], [0.0, -0.0, -1.0]]> : tensor<2x3xf32>
  %want_i = arith.constant dense<[[0, 2, 3], [0, 1, 2]]> : tensor<2x3xi64>
  check.expect_eq %v, %want_v : tensor<2x?xf32>, tensor<2x3xf32>
  check.expect_eq %i, %want_i : tensor<2x?xi64>, tensor<2x3xi64>
  return
}

// NaN is the largest: first among the largest, last among the smallest.
func.func @test_nan() {
  %x = arith.constant dense<[1.0, 0x7FC00000, 0x7F800000, 0x7FC00000]> : tensor<4xf32>
  %k = arith.constant 4 : index
  %v, %i = moe.top_k %x, %k {largest = true} : tensor<4xf32> -> tensor<?xf32>, tensor<?xi64>
  %u, %j = moe.top_k %x, %k {largest = false} : tensor<4xf32> -> tensor<?xf32>, tensor<?xi64>
  %want_i = arith.constant dense<[1, 3, 2, 0]> : tensor<4xi64>
  %want_j = arith.constant dense<[0, 2, 1, 3]> : tensor<4xi64>
  check.expect_eq %i, %want_i : tensor<?xi64>, tensor<4xi64>
  check.expect_eq %j, %want_j : tensor<?xi64>, tensor<4xi64>
  return
}

// Integers that a double cannot tell apart, k = 0, and an empty axis.
func.func @test_integers_and_empty() {
  %x = arith.constant dense<[9007199254740992, 9007199254740993, -5]> : tensor<3xi64>
  %none = arith.constant dense<> : tensor<2x0xf32>
  %k0 = arith.constant 0 : index
  %k3 = arith.constant 3 : index
  %v, %i = moe.top_k %x, %k3 {largest = true} : tensor<3xi64> -> tensor<?xi64>, tensor<?xi64>
  %u, %j = moe.top_k %none, %k0 {largest = true} : tensor<2x0xf32> -> tensor<2x?xf32>, tensor<2x?xi64>
  %want_i = arith.constant dense<[1, 0, 2]> : tensor<3xi64>
  %want_j = arith.constant dense<> : tensor<2x0xi64>
  check.expect_eq %i, %want_i : tensor<?xi64>, tensor<3xi64>
  check.expect_eq %j, %want_j : tensor<2x?xi64>, tensor<2x0xi64>
  return
}

// -----

func.func @test_c3() {
  %x = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %k = arith.constant 3 : index
  // expected-error @below {{moe.top_k: k is 3 for an axis of length 2}}
  %v, %i = moe.top_k %x, %k {largest = true} : tensor<2xf32> -> tensor<?xf32>, tensor<?xi64>
  return
}
