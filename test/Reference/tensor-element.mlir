// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

// An insertion makes a new tensor; the old one stays.
func.func @test_extract_insert() {
  %x = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %three = tensor.extract %x[%one, %zero] : tensor<2x2xf32>
  %y = tensor.insert %three into %x[%zero, %one] : tensor<2x2xf32>
  %want_x = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %want_y = arith.constant dense<[[1.0, 3.0], [3.0, 4.0]]> : tensor<2x2xf32>
  check.expect_eq %y, %want_y : tensor<2x2xf32>, tensor<2x2xf32>
  check.expect_eq %x, %want_x : tensor<2x2xf32>, tensor<2x2xf32>
  return
}

func.func @test_boolean_scalar() {
  %x = arith.constant dense<true> : tensor<i1>
  %b = tensor.extract %x[] : tensor<i1>
  %one = arith.extui %b : i1 to i32
  %got = tensor.from_elements %one : tensor<1xi32>
  %want = arith.constant dense<1> : tensor<1xi32>
  check.expect_eq %got, %want : tensor<1xi32>, tensor<1xi32>
  return
}

// -----

func.func @test_extract_outside() {
  %x = arith.constant dense<0> : tensor<2x3xi8>
  %zero = arith.constant 0 : index
  %minus = arith.constant -1 : index
  // expected-error @below {{tensor.extract: index -1 is out of range for axis 1 of length 3}}
  %y = tensor.extract %x[%zero, %minus] : tensor<2x3xi8>
  return
}

// -----

func.func @test_insert_outside() {
  %x = arith.constant dense<0> : tensor<2xi8>
  %two = arith.constant 2 : index
  %v = arith.constant 1 : i8
  // expected-error @below {{tensor.insert: index [2] is out of range for lengths [2]}}
  %y = tensor.insert %v into %x[%two] : tensor<2xi8>
  return
}
