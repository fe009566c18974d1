// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

func.func @test_unknown_expert() {
  %x = arith.constant dense<[[1.0], [1.0]]> : tensor<2x1xf32>
  %ids = arith.constant dense<[[0], [2]]> : tensor<2x1xi32>
  %w = arith.constant dense<1.0> : tensor<2x1xf32>
  %one = arith.constant dense<1.0> : tensor<2x1x1xf32>
  // expected-error @below {{moe.experts: expert 2 of 2 for token 1}}
  %y = moe.experts %x, %ids, %w up %one down %one
     : (tensor<2x1xf32>, tensor<2x1xi32>, tensor<2x1xf32>, tensor<2x1x1xf32>, tensor<2x1x1xf32>) -> tensor<2x1xf32>
  return
}

// -----

func.func @test_below_minus_one() {
  %x = arith.constant dense<[[1.0]]> : tensor<1x1xf32>
  %ids = arith.constant dense<[[-2]]> : tensor<1x1xi32>
  %one = arith.constant dense<1.0> : tensor<1x1x1xf32>
  // expected-error @below {{moe.experts: expert -2 of 1 for token 0}}
  %y = moe.experts %x, %ids, %x up %one down %one
     : (tensor<1x1xf32>, tensor<1x1xi32>, tensor<1x1xf32>, tensor<1x1x1xf32>, tensor<1x1x1xf32>) -> tensor<1x1xf32>
  return
}

// -----

func.func @test_lengths_disagree() {
  %x = arith.constant dense<1.0> : tensor<2x1xf32>
  %ids = arith.constant dense<0> : tensor<3x1xi32>
  %any = tensor.cast %ids : tensor<3x1xi32> to tensor<?x1xi32>
  %one = arith.constant dense<1.0> : tensor<1x1x1xf32>
  // expected-error @below {{moe.experts: operand #1 has the lengths [3, 1], which disagree with T = 2, K = 1}}
  %y = moe.experts %x, %any, %x up %one down %one
     : (tensor<2x1xf32>, tensor<?x1xi32>, tensor<2x1xf32>, tensor<1x1x1xf32>, tensor<1x1x1xf32>) -> tensor<2x1xf32>
  return
}
