// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

// Quotients round to zero, down, or up; unsigned ones read -7 as 2^32 - 7.
func.func @test_division() {
  %a = arith.constant dense<[-7, 7]> : tensor<2xi32>
  %b = arith.constant dense<2> : tensor<2xi32>
  %to_zero = arith.divsi %a, %b : tensor<2xi32>
  %down = arith.floordivsi %a, %b : tensor<2xi32>
  %up = arith.ceildivsi %a, %b : tensor<2xi32>
  %rest = arith.remsi %a, %b : tensor<2xi32>
  %unsigned = arith.divui %a, %b : tensor<2xi32>
  %want_to_zero = arith.constant dense<[-3, 3]> : tensor<2xi32>
  %want_down = arith.constant dense<[-4, 3]> : tensor<2xi32>
  %want_up = arith.constant dense<[-3, 4]> : tensor<2xi32>
  %want_rest = arith.constant dense<[-1, 1]> : tensor<2xi32>
  %want_unsigned = arith.constant dense<[2147483644, 3]> : tensor<2xi32>
  check.expect_eq %to_zero, %want_to_zero : tensor<2xi32>, tensor<2xi32>
  check.expect_eq %down, %want_down : tensor<2xi32>, tensor<2xi32>
  check.expect_eq %up, %want_up : tensor<2xi32>, tensor<2xi32>
  check.expect_eq %rest, %want_rest : tensor<2xi32>, tensor<2xi32>
  check.expect_eq %unsigned, %want_unsigned : tensor<2xi32>, tensor<2xi32>
  return
}

// -----

func.func @test_division_by_zero() {
  %a = arith.constant dense<[1, 0]> : tensor<2xi32>
  // expected-error @below {{arith.divsi: division by zero}}
  %b = arith.divsi %a, %a : tensor<2xi32>
  return
}

// -----

func.func @test_quotient_overflows() {
  %a = arith.constant -128 : i8
  %b = arith.constant -1 : i8
  // expected-error @below {{arith.remsi: the quotient overflows}}
  %c = arith.remsi %a, %b : i8
  return
}
