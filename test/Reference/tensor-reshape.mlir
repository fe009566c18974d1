// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

func.func @test_reshapes() {
  %x = arith.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %n = arith.constant 3 : index
  %shape = arith.constant dense<[3, 2]> : tensor<2xi64>
  %flat = tensor.collapse_shape %x [[0, 1]] : tensor<2x3xi32> into tensor<6xi32>
  %open = tensor.cast %flat : tensor<6xi32> to tensor<?xi32>
  %split = tensor.expand_shape %open [[0, 1]] output_shape [%n, 2] : tensor<?xi32> into tensor<?x2xi32>
  %free = tensor.reshape %x(%shape) : (tensor<2x3xi32>, tensor<2xi64>) -> tensor<?x?xi32>
  %want = arith.constant dense<[[1, 2], [3, 4], [5, 6]]> : tensor<3x2xi32>
  check.expect_eq %split, %want : tensor<?x2xi32>, tensor<3x2xi32>
  check.expect_eq %free, %want : tensor<?x?xi32>, tensor<3x2xi32>
  return
}

// Rank 0 and back; no elements.
func.func @test_edges() {
  %x = arith.constant dense<[[7]]> : tensor<1x1xi32>
  %scalar = tensor.collapse_shape %x [] : tensor<1x1xi32> into tensor<i32>
  %back = tensor.expand_shape %scalar [] output_shape [1, 1] : tensor<i32> into tensor<1x1xi32>
  %none = arith.constant dense<> : tensor<0x3xi32>
  %shape = arith.constant dense<[5, 0]> : tensor<2xindex>
  %other = tensor.reshape %none(%shape) : (tensor<0x3xi32>, tensor<2xindex>) -> tensor<?x?xi32>
  %want = arith.constant dense<> : tensor<5x0xi32>
  check.expect_eq %back, %x : tensor<1x1xi32>, tensor<1x1xi32>
  check.expect_eq %other, %want : tensor<?x?xi32>, tensor<5x0xi32>
  return
}

// -----

func.func @test_another_count() {
  %x = arith.constant dense<0> : tensor<4xi8>
  %shape = arith.constant dense<[3, 2]> : tensor<2xi64>
  // expected-error @below {{tensor.reshape: the lengths [4] and [3, 2] have another number of elements}}
  %y = tensor.reshape %x(%shape) : (tensor<4xi8>, tensor<2xi64>) -> tensor<?x?xi8>
  return
}

// -----

func.func @test_expand_another_count() {
  %x = arith.constant dense<0> : tensor<4xi8>
  %open = tensor.cast %x : tensor<4xi8> to tensor<?xi8>
  %n = arith.constant 3 : index
  // expected-error @below {{tensor.expand_shape: the lengths [3, 2] do not expand [4]}}
  %y = tensor.expand_shape %open [[0, 1]] output_shape [%n, 2] : tensor<?xi8> into tensor<?x2xi8>
  return
}
