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

// A column, written over every row; an empty slice at the end changes nothing.
func.func @test_insert_slice() {
  %x = arith.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>
  %column = arith.constant dense<[8, 9]> : tensor<2xi32>
  %none = arith.constant dense<> : tensor<0x2xi32>
  %y = tensor.insert_slice %column into %x[0, 1] [2, 1] [1, 1] : tensor<2xi32> into tensor<2x2xi32>
  %end = arith.constant 2 : index
  %z = tensor.insert_slice %none into %y[%end, 0] [0, 2] [1, 1] : tensor<0x2xi32> into tensor<2x2xi32>
  %want = arith.constant dense<[[1, 8], [3, 9]]> : tensor<2x2xi32>
  check.expect_eq %z, %want : tensor<2x2xi32>, tensor<2x2xi32>
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

// -----

func.func @test_insert_another_size() {
  %x = arith.constant dense<0> : tensor<4xi8>
  %open = tensor.cast %x : tensor<4xi8> to tensor<?xi8>
  %n = arith.constant 2 : index
  // expected-error @below {{tensor.insert_slice: the source has the lengths [4], the slice [2]}}
  %s = tensor.insert_slice %open into %x[0] [%n] [1] : tensor<?xi8> into tensor<4xi8>
  return
}
