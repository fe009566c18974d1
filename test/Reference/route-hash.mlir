// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

// The tokens name rows 2 and 0 of the table; the weights are the scores of the experts that it names.
func.func @test_hash() {
  %logits = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %tokens = arith.constant dense<[2, 0]> : tensor<2xi64>
  %table = arith.constant dense<[[0, -1], [1, 1], [2, 0]]> : tensor<3x2xi32>
  %ids, %w = moe.route %logits tokens %tokens table %table {k = 2 : i64, score = #moe.score<identity>, select = #moe.select<hash>}
           : (tensor<2x3xf32>, tensor<2xi64>, tensor<3x2xi32>) -> (tensor<2x2xi32>, tensor<2x2xf32>)
  %want_ids = arith.constant dense<[[2, 0], [0, -1]]> : tensor<2x2xi32>
  %want_w = arith.constant dense<[[3.0, 1.0], [4.0, 0.0]]> : tensor<2x2xf32>
  check.expect_eq %ids, %want_ids : tensor<2x2xi32>, tensor<2x2xi32>
  check.expect_eq %w, %want_w : tensor<2x2xf32>, tensor<2x2xf32>
  return
}

// -----

func.func @test_hash_unknown_token() {
  %logits = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %tokens = arith.constant dense<[3]> : tensor<1xi64>
  %table = arith.constant dense<[[0], [1]]> : tensor<2x1xi32>
  // expected-error @below {{moe.route: token id 3 is not in a table of 2 rows}}
  %ids, %w = moe.route %logits tokens %tokens table %table {k = 1 : i64, select = #moe.select<hash>}
           : (tensor<1x2xf32>, tensor<1xi64>, tensor<2x1xi32>) -> (tensor<1x1xi32>, tensor<1x1xf32>)
  return
}

// -----

func.func @test_hash_unknown_expert() {
  %logits = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %tokens = arith.constant dense<[0]> : tensor<1xi64>
  %table = arith.constant dense<[[2]]> : tensor<1x1xi32>
  // expected-error @below {{moe.route: the table names expert 2 of 2}}
  %ids, %w = moe.route %logits tokens %tokens table %table {k = 1 : i64, select = #moe.select<hash>}
           : (tensor<1x2xf32>, tensor<1xi64>, tensor<1x1xi32>) -> (tensor<1x1xi32>, tensor<1x1xf32>)
  return
}
