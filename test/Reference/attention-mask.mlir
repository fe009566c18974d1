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

// A boolean mask, the same for all heads. The second query may see nothing and gives 0.
func.func @test_boolean_mask() {
  %q = arith.constant dense<0.0> : tensor<1x2x2x1xf32>
  %k = arith.constant dense<0.0> : tensor<1x2x2x1xf32>
  %v = arith.constant dense<[[[[1.0], [3.0]], [[10.0], [30.0]]]]> : tensor<1x2x2x1xf32>
  %mask = arith.constant dense<[[[[false, true], [false, false]]]]> : tensor<1x1x2x2xi1>
  %y = moe.attention %q, %k, %v mask %mask {scale = 1.0 : f64}
     : (tensor<1x2x2x1xf32>, tensor<1x2x2x1xf32>, tensor<1x2x2x1xf32>, tensor<1x1x2x2xi1>) -> tensor<1x2x2x1xf32>
  %want = arith.constant dense<[[[[3.0], [0.0]], [[30.0], [0.0]]]]> : tensor<1x2x2x1xf32>
  check.expect_eq %y, %want : tensor<1x2x2x1xf32>, tensor<1x2x2x1xf32>
  return
}

// A mask of floats is added: ln 3 on the second key of batch 1; it broadcasts over heads and queries.
func.func @test_float_mask() {
  %q = arith.constant dense<0.0> : tensor<2x1x1x1xf64>
  %k = arith.constant dense<0.0> : tensor<2x1x2x1xf64>
  %v = arith.constant dense<[[[[4.0], [8.0]]], [[[4.0], [8.0]]]]> : tensor<2x1x2x1xf64>
  %mask = arith.constant dense<[[[[0.0, 0.0]]], [[[0.0, 1.0986122886681098]]]]> : tensor<2x1x1x2xf64>
  %y = moe.attention %q, %k, %v mask %mask {scale = 1.0 : f64}
     : (tensor<2x1x1x1xf64>, tensor<2x1x2x1xf64>, tensor<2x1x2x1xf64>, tensor<2x1x1x2xf64>) -> tensor<2x1x1x1xf64>
  %want = arith.constant dense<[[[[6.0]]], [[[7.0]]]]> : tensor<2x1x1x1xf64>
  check.expect_close %y, %want {tolerance = 1.0e-14 : f64} : tensor<2x1x1x1xf64>, tensor<2x1x1x1xf64>
  return
}
