// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

// Every second row from row 0, columns 1 and 2; then one row, whose axis is dropped.
func.func @test_extract_slice() {
  %x = arith.constant dense<[[1, 2, 3], [4, 5, 6], [7, 8, 9]]> : tensor<3x3xi32>
  %n = arith.constant 2 : index
  %s = tensor.extract_slice %x[0, 1] [%n, 2] [2, 1] : tensor<3x3xi32> to tensor<?x2xi32>
  %row = tensor.extract_slice %x[1, 0] [1, 3] [1, 1] : tensor<3x3xi32> to tensor<3xi32>
  %want_s = arith.constant dense<[[2, 3], [8, 9]]> : tensor<2x2xi32>
  %want_row = arith.constant dense<[4, 5, 6]> : tensor<3xi32>
  check.expect_eq %s, %want_s : tensor<?x2xi32>, tensor<2x2xi32>
  check.expect_eq %row, %want_row : tensor<3xi32>, tensor<3xi32>
  return
}

// -----

func.func @test_slice_outside() {
  %x = arith.constant dense<0> : tensor<4xi8>
  %n = arith.constant 3 : index
  // expected-error @below {{tensor.extract_slice: offsets [1], sizes [3], strides [2] leave a tensor with the lengths [4]}}
  %s = tensor.extract_slice %x[1] [%n] [2] : tensor<4xi8> to tensor<?xi8>
  return
}

// -----

func.func @test_huge_slice() {
  %x = arith.constant dense<0> : tensor<4xi8>
  %n = arith.constant 9223372036854775807 : index
  // expected-error @below {{leave a tensor with the lengths [4]}}
  %s = tensor.extract_slice %x[1] [%n] [%n] : tensor<4xi8> to tensor<?xi8>
  return
}
