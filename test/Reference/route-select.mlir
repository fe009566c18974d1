// RUN: moe-opt %s --moe-interpret -o /dev/null

// At least 2.0, at most two of them; what is equal to the threshold is taken.
func.func @test_threshold() {
  %logits = arith.constant dense<[[2.0, 4.0, 3.0], [1.0, 2.0, 0.0], [0.0, 1.0, 1.0]]> : tensor<3x3xf32>
  %ids, %w = moe.route %logits {k = 2 : i64, score = #moe.score<identity>, select = #moe.select<threshold>, threshold = 2.0 : f64}
           : (tensor<3x3xf32>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  %want_ids = arith.constant dense<[[1, 2], [1, -1], [-1, -1]]> : tensor<3x2xi32>
  %want_w = arith.constant dense<[[4.0, 3.0], [2.0, 0.0], [0.0, 0.0]]> : tensor<3x2xf32>
  check.expect_eq %ids, %want_ids : tensor<3x2xi32>, tensor<3x2xi32>
  check.expect_eq %w, %want_w : tensor<3x2xf32>, tensor<3x2xf32>
  return
}

// All three tokens want expert 1, which takes the first two.
func.func @test_capacity() {
  %logits = arith.constant dense<[[1.0, 5.0], [3.0, 4.0], [0.0, 9.0]]> : tensor<3x2xf32>
  %ids, %w = moe.route %logits {k = 1 : i64, score = #moe.score<identity>, select = #moe.select<capacity>, capacity = 2 : i64}
           : (tensor<3x2xf32>) -> (tensor<3x1xi32>, tensor<3x1xf32>)
  %want_ids = arith.constant dense<[[1], [1], [-1]]> : tensor<3x1xi32>
  %want_w = arith.constant dense<[[5.0], [4.0], [0.0]]> : tensor<3x1xf32>
  check.expect_eq %ids, %want_ids : tensor<3x1xi32>, tensor<3x1xi32>
  check.expect_eq %w, %want_w : tensor<3x1xf32>, tensor<3x1xf32>
  return
}

// The same room for every sequence of two tokens: token 1 finds none, token 2 begins a new one.
func.func @test_capacity_sequence() {
  %logits = arith.constant dense<[[1.0, 5.0], [3.0, 4.0], [0.0, 9.0]]> : tensor<3x2xf32>
  %length = arith.constant dense<2> : tensor<i64>
  %ids, %w = moe.route %logits sequence %length {k = 1 : i64, score = #moe.score<identity>, select = #moe.select<capacity>, capacity = 1 : i64}
           : (tensor<3x2xf32>, tensor<i64>) -> (tensor<3x1xi32>, tensor<3x1xf32>)
  %want_ids = arith.constant dense<[[1], [-1], [1]]> : tensor<3x1xi32>
  check.expect_eq %ids, %want_ids : tensor<3x1xi32>, tensor<3x1xi32>
  return
}

// Expert 0 takes tokens 0 and 2 (4 and 3), expert 1 token 1 and, of the equal tokens 0 and 2, the lower one.
func.func @test_expert_choice() {
  %logits = arith.constant dense<[[4.0, 5.0], [1.0, 9.0], [3.0, 5.0]]> : tensor<3x2xf32>
  %ids, %w = moe.route %logits {k = 2 : i64, score = #moe.score<identity>, select = #moe.select<expert_choice>, capacity = 2 : i64}
           : (tensor<3x2xf32>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  %want_ids = arith.constant dense<[[0, 1], [1, -1], [0, -1]]> : tensor<3x2xi32>
  %want_w = arith.constant dense<[[4.0, 5.0], [9.0, 0.0], [3.0, 0.0]]> : tensor<3x2xf32>
  check.expect_eq %ids, %want_ids : tensor<3x2xi32>, tensor<3x2xi32>
  check.expect_eq %w, %want_w : tensor<3x2xf32>, tensor<3x2xf32>
  return
}

// More capacity than tokens.
func.func @test_expert_choice_few_tokens() {
  %logits = arith.constant dense<[[4.0, 5.0]]> : tensor<1x2xf32>
  %ids, %w = moe.route %logits {k = 2 : i64, select = #moe.select<expert_choice>, capacity = 7 : i64}
           : (tensor<1x2xf32>) -> (tensor<1x2xi32>, tensor<1x2xf32>)
  %want = arith.constant dense<[[0, 1]]> : tensor<1x2xi32>
  check.expect_eq %ids, %want : tensor<1x2xi32>, tensor<1x2xi32>
  return
}
