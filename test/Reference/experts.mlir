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

func.func @test_no_tokens() {
  %x = arith.constant dense<> : tensor<0x1xf32>
  %ids = arith.constant dense<> : tensor<0x2xi32>
  %w = arith.constant dense<> : tensor<0x2xf32>
  %up = arith.constant dense<1.0> : tensor<1x1x1xf32>
  %y = moe.experts %x, %ids, %w up %up down %up
     : (tensor<0x1xf32>, tensor<0x2xi32>, tensor<0x2xf32>, tensor<1x1x1xf32>, tensor<1x1x1xf32>) -> tensor<0x1xf32>
  check.expect_eq %y, %x : tensor<0x1xf32>, tensor<0x1xf32>
  return
}

// relu(weight * x) with the weight -1 inside is 0; outside it is -relu(x).
func.func @test_scale_input() {
  %x = arith.constant dense<[[2.0]]> : tensor<1x1xf32>
  %ids = arith.constant dense<[[0]]> : tensor<1x1xi32>
  %w = arith.constant dense<[[-1.0]]> : tensor<1x1xf32>
  %one = arith.constant dense<1.0> : tensor<1x1x1xf32>
  %in = moe.experts %x, %ids, %w up %one down %one {activation = #moe.activation<relu>, scale_input}
      : (tensor<1x1xf32>, tensor<1x1xi32>, tensor<1x1xf32>, tensor<1x1x1xf32>, tensor<1x1x1xf32>) -> tensor<1x1xf32>
  %out = moe.experts %x, %ids, %w up %one down %one {activation = #moe.activation<relu>}
       : (tensor<1x1xf32>, tensor<1x1xi32>, tensor<1x1xf32>, tensor<1x1x1xf32>, tensor<1x1x1xf32>) -> tensor<1x1xf32>
  %want_in = arith.constant dense<[[0.0]]> : tensor<1x1xf32>
  %want_out = arith.constant dense<[[-2.0]]> : tensor<1x1xf32>
  check.expect_eq %in, %want_in : tensor<1x1xf32>, tensor<1x1xf32>
  check.expect_eq %out, %want_out : tensor<1x1xf32>, tensor<1x1xf32>
  return
}
