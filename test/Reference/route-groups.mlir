// RUN: moe-opt %s --moe-interpret -o /dev/null

// Groups {9, 0} {5, 6} {1, 2}: the largest element keeps the first, the sum of two the second.
func.func @test_group_scores() {
  %logits = arith.constant dense<[[9.0, 0.0, 5.0, 6.0, 1.0, 2.0]]> : tensor<1x6xf32>
  %max, %w0 = moe.route %logits {k = 2 : i64, score = #moe.score<identity>, groups = 3 : i64, groups_kept = 1 : i64}
            : (tensor<1x6xf32>) -> (tensor<1x2xi32>, tensor<1x2xf32>)
  %sum, %w1 = moe.route %logits {k = 2 : i64, score = #moe.score<identity>, groups = 3 : i64, groups_kept = 1 : i64,
                                 group_score = #moe.group_score<top2_sum>} : (tensor<1x6xf32>) -> (tensor<1x2xi32>, tensor<1x2xf32>)
  %want_max = arith.constant dense<[[0, 1]]> : tensor<1x2xi32>
  %want_sum = arith.constant dense<[[3, 2]]> : tensor<1x2xi32>
  check.expect_eq %max, %want_max : tensor<1x2xi32>, tensor<1x2xi32>
  check.expect_eq %sum, %want_sum : tensor<1x2xi32>, tensor<1x2xi32>
  return
}

// Equal groups: the lower one is kept.
func.func @test_group_ties() {
  %logits = arith.constant dense<[[1.0, 3.0, 3.0, 2.0]]> : tensor<1x4xf32>
  %ids, %w = moe.route %logits {k = 2 : i64, score = #moe.score<identity>, groups = 2 : i64, groups_kept = 1 : i64}
           : (tensor<1x4xf32>) -> (tensor<1x2xi32>, tensor<1x2xf32>)
  %want = arith.constant dense<[[1, 0]]> : tensor<1x2xi32>
  check.expect_eq %ids, %want : tensor<1x2xi32>, tensor<1x2xi32>
  return
}

// Groups of one with top2_sum; the group kept has fewer than k experts, so the first of the others follows, with its score as weight.
func.func @test_groups_too_small() {
  %logits = arith.constant dense<[[1.0, 2.0, 3.0]]> : tensor<1x3xf32>
  %ids, %w = moe.route %logits {k = 2 : i64, score = #moe.score<identity>, groups = 3 : i64, groups_kept = 1 : i64,
                                group_score = #moe.group_score<top2_sum>} : (tensor<1x3xf32>) -> (tensor<1x2xi32>, tensor<1x2xf32>)
  %want_ids = arith.constant dense<[[2, 0]]> : tensor<1x2xi32>
  %want_w = arith.constant dense<[[3.0, 1.0]]> : tensor<1x2xf32>
  check.expect_eq %ids, %want_ids : tensor<1x2xi32>, tensor<1x2xi32>
  check.expect_eq %w, %want_w : tensor<1x2xf32>, tensor<1x2xf32>
  return
}
