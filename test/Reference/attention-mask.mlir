// RUN: moe-opt %s --moe-interpret -o /dev/null

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
