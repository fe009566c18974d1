// RUN: moe-opt %s --moe-interpret -verify-diagnostics | FileCheck %s

// The pass changes nothing. A check that holds says nothing; one that does not is an error at the op.
// CHECK-LABEL: func.func @test_add
// CHECK: arith.addi
func.func @test_add() {
  %a = arith.constant dense<[1, 2]> : tensor<2xi32>
  %b = arith.addi %a, %a : tensor<2xi32>
  %c = arith.constant dense<[2, 4]> : tensor<2xi32>
  check.expect_eq %b, %c : tensor<2xi32>, tensor<2xi32>
  return
}

// Functions with arguments or other names are not run.
// CHECK-LABEL: func.func @test_with_argument
func.func @test_with_argument(%ok: i1) {
  rt.check %ok, "not run"
  return
}
func.func @helper() {
  %no = arith.constant false
  rt.check %no, "not run"
  return
}
