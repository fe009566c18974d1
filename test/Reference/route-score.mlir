// RUN: moe-opt %s --moe-interpret -o /dev/null

// sigmoid(0) = 1/2, sigmoid(ln 3) = 3/4.
func.func @test_sigmoid() {
  %logits = arith.constant dense<[[0.0, 1.0986122886681098]]> : tensor<1x2xf64>
  %ids, %w = moe.route %logits {k = 2 : i64, score = #moe.score<sigmoid>} : (tensor<1x2xf64>) -> (tensor<1x2xi32>, tensor<1x2xf64>)
  %want = arith.constant dense<[[0.75, 0.5]]> : tensor<1x2xf64>
  check.expect_close %w, %want {tolerance = 1.0e-12 : f64} : tensor<1x2xf64>, tensor<1x2xf64>
  return
}

// log(1 + exp(x)) = 4 for x = log(exp(4) - 1) = 3.98151; its root is 2. Far below 0 it is exp(x), whose root is exp(x / 2).
func.func @test_sqrt_softplus() {
  %logits = arith.constant dense<[[3.9815145531741134, -40.0]]> : tensor<1x2xf64>
  %ids, %w = moe.route %logits {k = 2 : i64, score = #moe.score<sqrt_softplus>} : (tensor<1x2xf64>) -> (tensor<1x2xi32>, tensor<1x2xf64>)
  %want = arith.constant dense<[[2.0, 2.061153622438558e-09]]> : tensor<1x2xf64>
  check.expect_close %w, %want {tolerance = 1.0e-12 : f64} : tensor<1x2xf64>, tensor<1x2xf64>
  return
}

// A softmax of large logits does not overflow.
func.func @test_softmax_large() {
  %logits = arith.constant dense<[[1000.0, 1000.0, -1000.0]]> : tensor<1x3xf32>
  %ids, %w = moe.route %logits {k = 3 : i64} : (tensor<1x3xf32>) -> (tensor<1x3xi32>, tensor<1x3xf32>)
  %want = arith.constant dense<[[0.5, 0.5, 0.0]]> : tensor<1x3xf32>
  check.expect_eq %w, %want : tensor<1x3xf32>, tensor<1x3xf32>
  return
}
