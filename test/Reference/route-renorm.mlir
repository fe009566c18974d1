// RUN: moe-opt %s --moe-interpret -o /dev/null

// Scores 3 and 1: divided by 3 + 1 + 4 (epsilon), times 2.
func.func @test_sum() {
  %logits = arith.constant dense<[[1.0, 0.5, 3.0]]> : tensor<1x3xf32>
  %ids, %w = moe.route %logits {k = 2 : i64, score = #moe.score<identity>, renorm = #moe.renorm<sum>, epsilon = 4.0 : f64, scale = 2.0 : f64}
           : (tensor<1x3xf32>) -> (tensor<1x2xi32>, tensor<1x2xf32>)
  %want = arith.constant dense<[[0.75, 0.25]]> : tensor<1x2xf32>
  check.expect_eq %w, %want : tensor<1x2xf32>, tensor<1x2xf32>
  return
}

// The divisor is at least the floor: 3 + 1 reaches 4, 0.5 + 0.5 does not.
func.func @test_floor() {
  %logits = arith.constant dense<[[1.0, 0.5, 3.0], [0.5, 0.5, 0.0]]> : tensor<2x3xf32>
  %ids, %w = moe.route %logits {k = 2 : i64, score = #moe.score<identity>, renorm = #moe.renorm<sum>, floor = 4.0 : f64}
           : (tensor<2x3xf32>) -> (tensor<2x2xi32>, tensor<2x2xf32>)
  %want = arith.constant dense<[[0.75, 0.25], [0.125, 0.125]]> : tensor<2x2xf32>
  check.expect_eq %w, %want : tensor<2x2xf32>, tensor<2x2xf32>
  return
}

// The softmax over the two selected of three.
func.func @test_softmax() {
  %logits = arith.constant dense<[[0.0, 1.0986122886681098, -1.0]]> : tensor<1x3xf64>
  %ids, %w = moe.route %logits {k = 2 : i64, score = #moe.score<identity>, renorm = #moe.renorm<softmax>}
           : (tensor<1x3xf64>) -> (tensor<1x2xi32>, tensor<1x2xf64>)
  %want = arith.constant dense<[[0.75, 0.25]]> : tensor<1x2xf64>
  check.expect_close %w, %want {tolerance = 1.0e-12 : f64} : tensor<1x2xf64>, tensor<1x2xf64>
  return
}

// Only slots that hold an expert are summed: the one above the threshold has all the weight.
func.func @test_sum_of_what_is_left() {
  %logits = arith.constant dense<[[4.0, 1.0]]> : tensor<1x2xf32>
  %ids, %w = moe.route %logits {k = 2 : i64, score = #moe.score<identity>, select = #moe.select<threshold>, threshold = 2.0 : f64,
                                renorm = #moe.renorm<sum>} : (tensor<1x2xf32>) -> (tensor<1x2xi32>, tensor<1x2xf32>)
  %want = arith.constant dense<[[1.0, 0.0]]> : tensor<1x2xf32>
  check.expect_eq %w, %want : tensor<1x2xf32>, tensor<1x2xf32>
  return
}
