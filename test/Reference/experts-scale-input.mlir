// RUN: moe-opt %s --moe-interpret -o /dev/null

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
