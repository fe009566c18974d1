// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

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

func.func @test_insert_another_size() {
  %x = arith.constant dense<0> : tensor<4xi8>
  %open = tensor.cast %x : tensor<4xi8> to tensor<?xi8>
  %n = arith.constant 2 : index
  // expected-error @below {{tensor.insert_slice: the source has the lengths [4], the slice [2]}}
  %s = tensor.insert_slice %open into %x[0] [%n] [1] : tensor<?xi8> into tensor<4xi8>
  return
}
