// RUN: moe-opt %s --moe-interpret -o /dev/null

// Two plain experts, y = 1 * relu(x) and y = 10 * relu(x), weights 1/2 and 1/4: 3 * (1/2 + 10/4) = 9. A negative x gives 0.
func.func @test_plain() {
  %x = arith.constant dense<[[3.0], [-3.0]]> : tensor<2x1xf32>
  %ids = arith.constant dense<[[0, 1], [0, 1]]> : tensor<2x2xi32>
  %w = arith.constant dense<[[0.5, 0.25], [0.5, 0.25]]> : tensor<2x2xf32>
  %up = arith.constant dense<1.0> : tensor<2x1x1xf32>
  %down = arith.constant dense<[[[1.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %y = moe.experts %x, %ids, %w up %up down %down {activation = #moe.activation<relu>}
     : (tensor<2x1xf32>, tensor<2x2xi32>, tensor<2x2xf32>, tensor<2x1x1xf32>, tensor<2x1x1xf32>) -> tensor<2x1xf32>
  %want = arith.constant dense<[[9.0], [0.0]]> : tensor<2x1xf32>
  check.expect_eq %y, %want : tensor<2x1xf32>, tensor<2x1xf32>
  return
}

// Slots with -1 are skipped, whatever their weight; a token without experts gives 0; an expert named twice counts twice.
func.func @test_slots() {
  %x = arith.constant dense<[[1.0], [1.0], [1.0]]> : tensor<3x1xf32>
  %ids = arith.constant dense<[[1, -1], [-1, -1], [0, 0]]> : tensor<3x2xi64>
  %w = arith.constant dense<[[1.0, 0x7FC00000], [1.0, 1.0], [1.0, 2.0]]> : tensor<3x2xf32>
  %up = arith.constant dense<1.0> : tensor<2x1x1xf32>
  %down = arith.constant dense<[[[1.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %y = moe.experts %x, %ids, %w up %up down %down {activation = #moe.activation<identity>}
     : (tensor<3x1xf32>, tensor<3x2xi64>, tensor<3x2xf32>, tensor<2x1x1xf32>, tensor<2x1x1xf32>) -> tensor<3x1xf32>
  %want = arith.constant dense<[[10.0], [0.0], [3.0]]> : tensor<3x1xf32>
  check.expect_eq %y, %want : tensor<3x1xf32>, tensor<3x1xf32>
  return
}
