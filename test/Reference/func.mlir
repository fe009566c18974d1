// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

func.func private @twice(%x: tensor<?xf32>, %n: i64) -> (i64, tensor<?xf32>) {
  %y = arith.addf %x, %x : tensor<?xf32>
  %m = arith.addi %n, %n : i64
  return %m, %y : i64, tensor<?xf32>
}

func.func @test_call() {
  %x = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %open = tensor.cast %x : tensor<2xf32> to tensor<?xf32>
  %three = arith.constant 3 : i64
  %a:2 = call @twice(%open, %three) : (tensor<?xf32>, i64) -> (i64, tensor<?xf32>)
  %b:2 = call @twice(%a#1, %a#0) : (tensor<?xf32>, i64) -> (i64, tensor<?xf32>)
  %got = tensor.from_elements %b#0 : tensor<1xi64>
  %want = arith.constant dense<12> : tensor<1xi64>
  %want_x = arith.constant dense<[4.0, 8.0]> : tensor<2xf32>
  check.expect_eq %got, %want : tensor<1xi64>, tensor<1xi64>
  check.expect_eq %b#1, %want_x : tensor<?xf32>, tensor<2xf32>
  return
}

// -----

// expected-error @below {{func.func: the interpreter needs a body of one block in @outside}}
func.func private @outside()
func.func @test_external() {
  call @outside() : () -> ()
  return
}

// -----

func.func @test_no_rule() {
  %e = tensor.empty() : tensor<2xf32>
  // expected-error @below {{linalg.softmax: the interpreter has no rule for this op}}
  %s = linalg.softmax dimension(0) ins(%e : tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @test_no_type() {
  // expected-error @below {{arith.constant: the interpreter has no values of type f128}}
  %c = arith.constant 1.0 : f128
  return
}
