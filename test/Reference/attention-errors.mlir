// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

func.func @test_heads_do_not_divide() {
  %q = arith.constant dense<0.0> : tensor<1x3x1x1xf32>
  %k = arith.constant dense<0.0> : tensor<1x2x1x1xf32>
  %open = tensor.cast %k : tensor<1x2x1x1xf32> to tensor<1x?x1x1xf32>
  // expected-error @below {{moe.attention: 3 query heads for 2 key heads}}
  %y = moe.attention %q, %open, %open {scale = 1.0 : f64} : (tensor<1x3x1x1xf32>, tensor<1x?x1x1xf32>, tensor<1x?x1x1xf32>) -> tensor<1x3x1x1xf32>
  return
}

// -----

func.func @test_mask_does_not_broadcast() {
  %q = arith.constant dense<0.0> : tensor<1x1x1x1xf32>
  %k = arith.constant dense<0.0> : tensor<1x1x3x1xf32>
  %mask = arith.constant dense<0.0> : tensor<1x1x1x2xf32>
  %open = tensor.cast %mask : tensor<1x1x1x2xf32> to tensor<1x1x1x?xf32>
  // expected-error @below {{moe.attention: a mask with the lengths [1, 1, 1, 2]}}
  %y = moe.attention %q, %k, %k mask %open {scale = 1.0 : f64}
     : (tensor<1x1x1x1xf32>, tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>, tensor<1x1x1x?xf32>) -> tensor<1x1x1x1xf32>
  return
}
