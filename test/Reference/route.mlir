// RUN: moe-opt %s --moe-interpret -o /dev/null

// softmax of [0, ln 3] is [1/4, 3/4]; the weights are the scores as they are.
func.func @test_softmax() {
  %logits = arith.constant dense<[[0.0, 1.0986122886681098]]> : tensor<1x2xf64>
  %ids, %w = moe.route %logits {k = 2 : i64} : (tensor<1x2xf64>) -> (tensor<1x2xi32>, tensor<1x2xf64>)
  %want_ids = arith.constant dense<[[1, 0]]> : tensor<1x2xi32>
  %want_w = arith.constant dense<[[0.75, 0.25]]> : tensor<1x2xf64>
  check.expect_eq %ids, %want_ids : tensor<1x2xi32>, tensor<1x2xi32>
  check.expect_close %w, %want_w {tolerance = 1.0e-12 : f64} : tensor<1x2xf64>, tensor<1x2xf64>
  return
}

// Equal scores: the lower expert first. k = E takes them all.
func.func @test_ties() {
  %logits = arith.constant dense<[[2.0, 5.0, 2.0, 5.0], [1.0, 1.0, 1.0, 1.0]]> : tensor<2x4xf32>
  %ids, %w = moe.route %logits {k = 4 : i64, score = #moe.score<identity>} : (tensor<2x4xf32>) -> (tensor<2x4xi64>, tensor<2x4xf32>)
  %want_ids = arith.constant dense<[[1, 3, 0, 2], [0, 1, 2, 3]]> : tensor<2x4xi64>
  %want_w = arith.constant dense<[[5.0, 5.0, 2.0, 2.0], [1.0, 1.0, 1.0, 1.0]]> : tensor<2x4xf32>
  check.expect_eq %ids, %want_ids : tensor<2x4xi64>, tensor<2x4xi64>
  check.expect_eq %w, %want_w : tensor<2x4xf32>, tensor<2x4xf32>
  return
}

// The bias moves the choice to expert 0; the weight is its score without bias.
func.func @test_bias() {
  %logits = arith.constant dense<[[1.0, 2.0, 3.0]]> : tensor<1x3xf32>
  %bias = arith.constant dense<[10.0, 0.0, 0.0]> : tensor<3xf32>
  %ids, %w = moe.route %logits bias %bias {k = 1 : i64, score = #moe.score<identity>} : (tensor<1x3xf32>, tensor<3xf32>) -> (tensor<1x1xi32>, tensor<1x1xf32>)
  %want_ids = arith.constant dense<[[0]]> : tensor<1x1xi32>
  %want_w = arith.constant dense<[[1.0]]> : tensor<1x1xf32>
  check.expect_eq %ids, %want_ids : tensor<1x1xi32>, tensor<1x1xi32>
  check.expect_eq %w, %want_w : tensor<1x1xf32>, tensor<1x1xf32>
  return
}

func.func @test_no_tokens() {
  %c0 = arith.constant 0 : index
  %logits = tensor.empty(%c0) : tensor<?x4xf32>
  %ids, %w = moe.route %logits {k = 2 : i64} : (tensor<?x4xf32>) -> (tensor<?x2xi32>, tensor<?x2xf32>)
  %want = arith.constant dense<> : tensor<0x2xi32>
  check.expect_eq %ids, %want : tensor<?x2xi32>, tensor<0x2xi32>
  return
}
