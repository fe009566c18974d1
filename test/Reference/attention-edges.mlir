// RUN: moe-opt %s --moe-interpret -o /dev/null

// No keys at all: zeros. A sink does not change that.
func.func @test_no_keys() {
  %q = arith.constant dense<1.0> : tensor<1x1x2x1xf32>
  %none = arith.constant dense<> : tensor<1x1x0x1xf32>
  %sinks = arith.constant dense<1.0> : tensor<1xf32>
  %y = moe.attention %q, %none, %none sinks %sinks {scale = 1.0 : f64}
     : (tensor<1x1x2x1xf32>, tensor<1x1x0x1xf32>, tensor<1x1x0x1xf32>, tensor<1xf32>) -> tensor<1x1x2x1xf32>
  %want = arith.constant dense<0.0> : tensor<1x1x2x1xf32>
  check.expect_eq %y, %want : tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>
  return
}

// No queries.
func.func @test_no_queries() {
  %none = arith.constant dense<> : tensor<1x1x0x1xf32>
  %k = arith.constant dense<1.0> : tensor<1x1x2x1xf32>
  %y = moe.attention %none, %k, %k {scale = 1.0 : f64, causal} : (tensor<1x1x0x1xf32>, tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>) -> tensor<1x1x0x1xf32>
  check.expect_eq %y, %none : tensor<1x1x0x1xf32>, tensor<1x1x0x1xf32>
  return
}

// More queries than keys: query 0 stands at position 1 - 2 = -1 and sees nothing.
func.func @test_before_the_first_key() {
  %q = arith.constant dense<0.0> : tensor<1x1x2x1xf32>
  %k = arith.constant dense<5.0> : tensor<1x1x1x1xf32>
  %y = moe.attention %q, %k, %k {scale = 1.0 : f64, causal} : (tensor<1x1x2x1xf32>, tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x1xf32>
  %want = arith.constant dense<[[[[0.0], [5.0]]]]> : tensor<1x1x2x1xf32>
  check.expect_eq %y, %want : tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>
  return
}

// Logits far apart do not overflow; a NaN makes its row NaN, and no other.
func.func @test_large_and_nan() {
  %q = arith.constant dense<[[[[1.0], [0x7FC00000]]]]> : tensor<1x1x2x1xf32>
  %k = arith.constant dense<[[[[1.0e30], [-1.0e30]]]]> : tensor<1x1x2x1xf32>
  %v = arith.constant dense<[[[[2.0], [3.0]]]]> : tensor<1x1x2x1xf32>
  %y = moe.attention %q, %k, %v {scale = 1.0 : f64} : (tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>) -> tensor<1x1x2x1xf32>
  %want = arith.constant dense<[[[[2.0], [0x7FC00000]]]]> : tensor<1x1x2x1xf32>
  check.expect_eq %y, %want : tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>
  return
}
