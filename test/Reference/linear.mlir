// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

// Rows of the weight are outputs: [1, 2] . [3, 4] = 11, [1, 2] . [5, 6] = 17, plus the bias.
func.func @test_bias() {
  %x = arith.constant dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>
  %w = arith.constant dense<[[3.0, 4.0], [5.0, 6.0]]> : tensor<2x2xf32>
  %b = arith.constant dense<[100.0, 200.0]> : tensor<2xf32>
  %y = moe.linear %x, %w bias %b : (tensor<1x1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x1x2xf32>
  %want = arith.constant dense<[[[111.0, 217.0]]]> : tensor<1x1x2xf32>
  check.expect_eq %y, %want : tensor<1x1x2xf32>, tensor<1x1x2xf32>
  return
}

// Sums are taken in double and rounded once: in f16, 2048 + 1 + 1 would stay 2048.
func.func @test_rounds_once() {
  %x = arith.constant dense<[[2048.0, 1.0, 1.0]]> : tensor<1x3xf16>
  %w = arith.constant dense<[[1.0, 1.0, 1.0]]> : tensor<1x3xf16>
  %y = moe.linear %x, %w : (tensor<1x3xf16>, tensor<1x3xf16>) -> tensor<1x1xf16>
  %want = arith.constant dense<[[2050.0]]> : tensor<1x1xf16>
  check.expect_eq %y, %want : tensor<1x1xf16>, tensor<1x1xf16>
  return
}

// Other types for the weight and the result.
func.func @test_mixed_types() {
  %x = arith.constant dense<[[0.5, 3.0]]> : tensor<1x2xf32>
  %w = arith.constant dense<[[2.0, -1.5]]> : tensor<1x2xf8E4M3FN>
  %y = moe.linear %x, %w : (tensor<1x2xf32>, tensor<1x2xf8E4M3FN>) -> tensor<1x1xbf16>
  %want = arith.constant dense<[[-3.5]]> : tensor<1x1xbf16>
  check.expect_eq %y, %want : tensor<1x1xbf16>, tensor<1x1xbf16>
  return
}

// No rows; and no columns, whose sum is 0.
func.func @test_empty() {
  %rows = arith.constant dense<> : tensor<0x2xf32>
  %w = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %y = moe.linear %rows, %w : (tensor<0x2xf32>, tensor<1x2xf32>) -> tensor<0x1xf32>
  %columns = arith.constant dense<> : tensor<1x0xf32>
  %none = arith.constant dense<> : tensor<2x0xf32>
  %z = moe.linear %columns, %none : (tensor<1x0xf32>, tensor<2x0xf32>) -> tensor<1x2xf32>
  %want = arith.constant dense<0.0> : tensor<1x2xf32>
  check.expect_eq %z, %want : tensor<1x2xf32>, tensor<1x2xf32>
  return
}

// -----

func.func @test_wrong_length() {
  %x = arith.constant dense<[[1.0, 2.0, 3.0]]> : tensor<1x3xf32>
  %cast = tensor.cast %x : tensor<1x3xf32> to tensor<1x?xf32>
  %w = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  // expected-error @below {{moe.linear: the input's rows have 3 elements, the weight's 2}}
  %y = moe.linear %cast, %w : (tensor<1x?xf32>, tensor<1x2xf32>) -> tensor<1x1xf32>
  return
}
