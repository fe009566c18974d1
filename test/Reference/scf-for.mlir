// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

// Fibonacci by a loop that exchanges what it carries; no iteration gives the first values.
func.func @test_for() {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %ten = arith.constant 10 : index
  %f0 = arith.constant 0 : i32
  %f1 = arith.constant 1 : i32
  %r:2 = scf.for %i = %zero to %ten step %one iter_args(%a = %f0, %b = %f1) -> (i32, i32) {
    %c = arith.addi %a, %b : i32
    scf.yield %b, %c : i32, i32
  }
  %n = scf.for %i = %ten to %zero step %one iter_args(%a = %f1) -> (i32) {
    scf.yield %f0 : i32
  }
  %got = tensor.from_elements %r#0, %r#1, %n : tensor<3xi32>
  %want = arith.constant dense<[55, 89, 1]> : tensor<3xi32>
  check.expect_eq %got, %want : tensor<3xi32>, tensor<3xi32>
  return
}

// A tensor that a loop changes: the one it started from stays.
func.func @test_for_tensor() {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %three = arith.constant 3 : index
  %x = arith.constant dense<[5, 5, 5]> : tensor<3xindex>
  %y = scf.for %i = %zero to %three step %one iter_args(%t = %x) -> (tensor<3xindex>) {
    %u = tensor.insert %i into %t[%i] : tensor<3xindex>
    scf.yield %u : tensor<3xindex>
  }
  %want = arith.constant dense<[0, 1, 2]> : tensor<3xindex>
  %old = arith.constant dense<[5, 5, 5]> : tensor<3xindex>
  check.expect_eq %y, %want : tensor<3xindex>, tensor<3xindex>
  check.expect_eq %x, %old : tensor<3xindex>, tensor<3xindex>
  return
}

// -----

func.func @test_step() {
  %zero = arith.constant 0 : index
  // expected-error @below {{scf.for: the step is 0}}
  scf.for %i = %zero to %zero step %zero {
  }
  return
}
