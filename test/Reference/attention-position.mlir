// RUN: moe-opt %s --moe-interpret -o /dev/null

// With equal logits a query gives the mean of what it sees. Without past, query 0 stands at position L - S = 1 of three keys.
func.func @test_causal() {
  %q = arith.constant dense<0.0> : tensor<1x1x2x1xf32>
  %k = arith.constant dense<0.0> : tensor<1x1x3x1xf32>
  %v = arith.constant dense<[[[[1.0], [3.0], [8.0]]]]> : tensor<1x1x3x1xf32>
  %y = moe.attention %q, %k, %v {scale = 1.0 : f64, causal} : (tensor<1x1x2x1xf32>, tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>) -> tensor<1x1x2x1xf32>
  %want = arith.constant dense<[[[[2.0], [4.0]]]]> : tensor<1x1x2x1xf32>
  check.expect_eq %y, %want : tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>
  return
}

// A window of 2: the query at position p sees p - 1 and p.
func.func @test_window() {
  %q = arith.constant dense<0.0> : tensor<1x1x3x1xf32>
  %v = arith.constant dense<[[[[1.0], [3.0], [9.0]]]]> : tensor<1x1x3x1xf32>
  %y = moe.attention %q, %q, %v {scale = 1.0 : f64, causal, window = 2 : i64}
     : (tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>) -> tensor<1x1x3x1xf32>
  %want = arith.constant dense<[[[[1.0], [2.0], [6.0]]]]> : tensor<1x1x3x1xf32>
  check.expect_eq %y, %want : tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>
  return
}

// Row 0 has 1 key before its query, row 1 none; of the four slots 2 and 1 hold keys. What lies behind them does not matter, not even NaN.
func.func @test_past_and_total() {
  %q = arith.constant dense<0.0> : tensor<2x1x1x1xf32>
  %k = arith.constant dense<0.0> : tensor<2x1x4x1xf32>
  %v = arith.constant dense<[[[[1.0], [3.0], [0x7FC00000], [9.0]]], [[[5.0], [0x7F800000], [9.0], [9.0]]]]> : tensor<2x1x4x1xf32>
  %past = arith.constant dense<[1, 0]> : tensor<2xi32>
  %total = arith.constant dense<[2, 1]> : tensor<2xi32>
  %y = moe.attention %q, %k, %v past %past total %total {scale = 1.0 : f64, causal}
     : (tensor<2x1x1x1xf32>, tensor<2x1x4x1xf32>, tensor<2x1x4x1xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x1x1x1xf32>
  %want = arith.constant dense<[[[[2.0]]], [[[5.0]]]]> : tensor<2x1x1x1xf32>
  check.expect_eq %y, %want : tensor<2x1x1x1xf32>, tensor<2x1x1x1xf32>
  return
}
