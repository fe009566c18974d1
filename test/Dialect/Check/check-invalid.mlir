// RUN: moe-opt %s -split-input-file -verify-diagnostics -o /dev/null

func.func @expect_eq_c1_element(%a: tensor<2xi64>, %b: tensor<2xi32>) {
  // expected-error @below {{needs operands of one element type and shape}}
  check.expect_eq %a, %b : tensor<2xi64>, tensor<2xi32>
  return
}

// -----

func.func @expect_eq_c1_shape(%a: tensor<2xi64>, %b: tensor<3xi64>) {
  // expected-error @below {{needs operands of one element type and shape}}
  check.expect_eq %a, %b : tensor<2xi64>, tensor<3xi64>
  return
}

// -----

func.func @expect_close_c1(%a: tensor<2xf32>, %b: tensor<2x1xf32>) {
  // expected-error @below {{needs operands of one shape}}
  check.expect_close %a, %b : tensor<2xf32>, tensor<2x1xf32>
  return
}
