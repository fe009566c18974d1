// RUN: moe-opt %s --moe-interpret -o /dev/null

// Collatz from 6: 6 3 10 5 16 8 4 2 1 are 8 steps.
func.func @test_while_and_if() {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %two = arith.constant 2 : i32
  %three = arith.constant 3 : i32
  %six = arith.constant 6 : i32
  %r:2 = scf.while (%x = %six, %n = %zero) : (i32, i32) -> (i32, i32) {
    %go = arith.cmpi ne, %x, %one : i32
    scf.condition(%go) %x, %n : i32, i32
  } do {
  ^bb0(%x: i32, %n: i32):
    %rest = arith.remsi %x, %two : i32
    %odd = arith.cmpi eq, %rest, %one : i32
    %next = scf.if %odd -> i32 {
      %t = arith.muli %x, %three : i32
      %u = arith.addi %t, %one : i32
      scf.yield %u : i32
    } else {
      %h = arith.divsi %x, %two : i32
      scf.yield %h : i32
    }
    %m = arith.addi %n, %one : i32
    scf.yield %next, %m : i32, i32
  }
  %got = tensor.from_elements %r#0, %r#1 : tensor<2xi32>
  %want = arith.constant dense<[1, 8]> : tensor<2xi32>
  check.expect_eq %got, %want : tensor<2xi32>, tensor<2xi32>
  return
}
