// RUN: moe-opt %s --moe-interpret -o /dev/null

// Weights 1, 10, 100 from the oldest token to the own one; the state holds the tokens 8 and 9 in front of 1, 2, 3.
func.func @test_state() {
  %x = arith.constant dense<[[[1.0], [2.0], [3.0]]]> : tensor<1x3x1xf32>
  %w = arith.constant dense<[[1.0, 10.0, 100.0]]> : tensor<1x3xf32>
  %s = arith.constant dense<[[[8.0, 9.0]]]> : tensor<1x1x2xf32>
  %y, %f = moe.causal_conv %x, %w state %s : (tensor<1x3x1xf32>, tensor<1x3xf32>, tensor<1x1x2xf32>) -> (tensor<1x3x1xf32>, tensor<1x1x2xf32>)
  %want = arith.constant dense<[[[198.0], [219.0], [321.0]]]> : tensor<1x3x1xf32>
  %final = arith.constant dense<[[[2.0, 3.0]]]> : tensor<1x1x2xf32>
  check.expect_eq %y, %want : tensor<1x3x1xf32>, tensor<1x3x1xf32>
  check.expect_eq %f, %final : tensor<1x1x2xf32>, tensor<1x1x2xf32>
  return
}

// Zeros in front; every channel has its weights and its bias; fewer tokens than the state holds.
func.func @test_channels() {
  %x = arith.constant dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>
  %w = arith.constant dense<[[1.0, 1.0, 3.0], [1.0, 1.0, 4.0]]> : tensor<2x3xf32>
  %b = arith.constant dense<[0.5, -0.5]> : tensor<2xf32>
  %y, %f = moe.causal_conv %x, %w bias %b : (tensor<1x1x2xf32>, tensor<2x3xf32>, tensor<2xf32>) -> (tensor<1x1x2xf32>, tensor<1x2x2xf32>)
  %want = arith.constant dense<[[[3.5, 7.5]]]> : tensor<1x1x2xf32>
  %final = arith.constant dense<[[[0.0, 1.0], [0.0, 2.0]]]> : tensor<1x2x2xf32>
  check.expect_eq %y, %want : tensor<1x1x2xf32>, tensor<1x1x2xf32>
  check.expect_eq %f, %final : tensor<1x2x2xf32>, tensor<1x2x2xf32>
  return
}

// Every second token is seen; relu follows the bias.
func.func @test_dilation_activation() {
  %x = arith.constant dense<[[[1.0], [2.0], [-30.0]]]> : tensor<1x3x1xf32>
  %w = arith.constant dense<[[10.0, 1.0]]> : tensor<1x2xf32>
  %y, %f = moe.causal_conv %x, %w {dilation = 2 : i64, activation = #moe.activation<relu>} : (tensor<1x3x1xf32>, tensor<1x2xf32>) -> (tensor<1x3x1xf32>, tensor<1x1x2xf32>)
  %want = arith.constant dense<[[[1.0], [2.0], [0.0]]]> : tensor<1x3x1xf32>
  check.expect_eq %y, %want : tensor<1x3x1xf32>, tensor<1x3x1xf32>
  return
}
