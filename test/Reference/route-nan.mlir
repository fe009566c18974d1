// RUN: moe-opt %s --moe-interpret -o /dev/null

// NaN counts as the largest score, and its weight is NaN.
func.func @test_nan_logit() {
  %logits = arith.constant dense<[[1.0, 0x7FC00000, 9.0]]> : tensor<1x3xf32>
  %ids, %w = moe.route %logits {k = 2 : i64, score = #moe.score<identity>} : (tensor<1x3xf32>) -> (tensor<1x2xi32>, tensor<1x2xf32>)
  %want_ids = arith.constant dense<[[1, 2]]> : tensor<1x2xi32>
  %want_w = arith.constant dense<[[0x7FC00000, 9.0]]> : tensor<1x2xf32>
  check.expect_eq %ids, %want_ids : tensor<1x2xi32>, tensor<1x2xi32>
  check.expect_eq %w, %want_w : tensor<1x2xf32>, tensor<1x2xf32>
  return
}

// With softmax one NaN makes all scores of the token NaN: they are equal, so the lower expert comes first. Other tokens are not touched.
func.func @test_nan_softmax() {
  %logits = arith.constant dense<[[1.0, 0x7FC00000, 9.0], [0.0, 9.0, 0.0]]> : tensor<2x3xf32>
  %ids, %w = moe.route %logits {k = 1 : i64} : (tensor<2x3xf32>) -> (tensor<2x1xi32>, tensor<2x1xf32>)
  %want_ids = arith.constant dense<[[0], [1]]> : tensor<2x1xi32>
  check.expect_eq %ids, %want_ids : tensor<2x1xi32>, tensor<2x1xi32>
  return
}

// NaN is above every threshold.
func.func @test_nan_threshold() {
  %logits = arith.constant dense<[[1.0, 0x7FC00000]]> : tensor<1x2xf32>
  %ids, %w = moe.route %logits {k = 2 : i64, score = #moe.score<identity>, select = #moe.select<threshold>, threshold = 5.0 : f64}
           : (tensor<1x2xf32>) -> (tensor<1x2xi32>, tensor<1x2xf32>)
  %want_ids = arith.constant dense<[[1, -1]]> : tensor<1x2xi32>
  check.expect_eq %ids, %want_ids : tensor<1x2xi32>, tensor<1x2xi32>
  return
}
