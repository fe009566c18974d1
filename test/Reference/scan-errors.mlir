// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

func.func @test_gate_does_not_broadcast() {
  %v = arith.constant dense<1.0> : tensor<1x2x1x1xf32>
  %g = arith.constant dense<1.0> : tensor<1x3x1x1x1xf32>
  %open = tensor.cast %g : tensor<1x3x1x1x1xf32> to tensor<1x?x1x1x1xf32>
  // expected-error @below {{moe.scan: a gate with the lengths [1, 3, 1, 1, 1]}}
  %y:2 = moe.scan %v key %v query %v decay %open : (tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>, tensor<1x?x1x1x1xf32>) -> (tensor<1x2x1x1xf32>, tensor<1x1x1x1xf32>)
  return
}

// -----

func.func @test_heads_do_not_divide() {
  %v = arith.constant dense<1.0> : tensor<1x1x3x1xf32>
  %k = arith.constant dense<1.0> : tensor<1x1x2x1xf32>
  %open = tensor.cast %k : tensor<1x1x2x1xf32> to tensor<1x1x?x1xf32>
  // expected-error @below {{moe.scan: 3 state heads for 2 key heads}}
  %y:2 = moe.scan %v key %open query %v : (tensor<1x1x3x1xf32>, tensor<1x1x?x1xf32>, tensor<1x1x3x1xf32>) -> (tensor<1x1x3x1xf32>, tensor<1x3x1x1xf32>)
  return
}

// -----

func.func @test_queries_do_not_divide() {
  %v = arith.constant dense<1.0> : tensor<1x1x3x1xf32>
  %q = arith.constant dense<1.0> : tensor<1x1x2x1xf32>
  %open = tensor.cast %q : tensor<1x1x2x1xf32> to tensor<1x1x?x1xf32>
  // expected-error @below {{moe.scan: 3 state heads for 2 query heads}}
  %y:2 = moe.scan %v key %v query %open : (tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>, tensor<1x1x?x1xf32>) -> (tensor<1x1x?x1xf32>, tensor<1x3x1x1xf32>)
  return
}

// -----

func.func @test_state_of_another_width() {
  %v = arith.constant dense<1.0> : tensor<1x1x1x2xf32>
  %s = arith.constant dense<1.0> : tensor<1x1x2x3xf32>
  %open = tensor.cast %s : tensor<1x1x2x3xf32> to tensor<1x1x2x?xf32>
  // expected-error @below {{moe.scan: operand #3 has the lengths [1, 1, 2, 3], which disagree with B = 1, H = 1, K = 2, V = 2}}
  %y:2 = moe.scan %v key %v query %v states %open : (tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>, tensor<1x1x2x?xf32>) -> (tensor<1x1x1x2xf32>, tensor<1x1x2x2xf32>)
  return
}

// -----

func.func @test_updates_do_not_divide() {
  %v = arith.constant dense<1.0> : tensor<1x3x1x1x1xf32>
  %open = tensor.cast %v : tensor<1x3x1x1x1xf32> to tensor<1x?x1x1x1xf32>
  // expected-error @below {{moe.scan: 1 tokens of 2 updates for values of length 3}}
  %y:2 = moe.scan %open {updates = 2 : i64} : (tensor<1x?x1x1x1xf32>) -> (tensor<1x?x1x1x1xf32>, tensor<1x1x1x1xf32>)
  return
}

// -----

func.func @test_conv_state() {
  %x = arith.constant dense<1.0> : tensor<1x2x1xf32>
  %w = arith.constant dense<1.0> : tensor<1x4xf32>
  %s = arith.constant dense<1.0> : tensor<1x1x2xf32>
  %open = tensor.cast %s : tensor<1x1x2xf32> to tensor<1x1x?xf32>
  // expected-error @below {{moe.causal_conv: a state of 2 tokens for 4 weights with dilation 1}}
  %y:2 = moe.causal_conv %x, %w state %open : (tensor<1x2x1xf32>, tensor<1x4xf32>, tensor<1x1x?xf32>) -> (tensor<1x2x1xf32>, tensor<1x1x3xf32>)
  return
}
