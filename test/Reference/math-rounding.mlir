// RUN: moe-opt %s --moe-interpret -o /dev/null

// round goes away from 0 at halves, roundeven to the even number.
func.func @test_rounding() {
  %x = arith.constant dense<[0.5, 1.5, 2.5, -2.5]> : tensor<4xf32>
  %round = math.round %x : tensor<4xf32>
  %even = math.roundeven %x : tensor<4xf32>
  %want_round = arith.constant dense<[1.0, 2.0, 3.0, -3.0]> : tensor<4xf32>
  %want_even = arith.constant dense<[0.0, 2.0, 2.0, -2.0]> : tensor<4xf32>
  check.expect_eq %round, %want_round : tensor<4xf32>, tensor<4xf32>
  check.expect_eq %even, %want_even : tensor<4xf32>, tensor<4xf32>
  return
}
