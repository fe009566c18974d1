// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics

// All functions are run, also after one that fails; @main counts.
func.func @test_add() {
  %a = arith.constant dense<[1, 2]> : tensor<2xi32>
  %b = arith.addi %a, %a : tensor<2xi32>
  %c = arith.constant dense<[2, 5]> : tensor<2xi32>
  // expected-error @below {{check.expect_eq: element [1] is 4, expected 5 (1 of 2 elements differ)}}
  check.expect_eq %b, %c : tensor<2xi32>, tensor<2xi32>
  return
}
func.func @main() {
  %no = arith.constant false
  // expected-error @below {{rt.check: second}}
  rt.check %no, "second"
  return
}

// -----

// expected-error @below {{moe-interpret: no function @main or @test_... without arguments}}
module {
  func.func @main(%x: i1) {
    return
  }
}
