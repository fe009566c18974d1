// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

moe.state @rows : tensor<2x?x1xf32> axis 1
func.func private @append(%x: tensor<2x?x1xf32>) -> tensor<2x?x1xf32> {
  %0 = moe.append_state @rows, %x : (tensor<2x?x1xf32>) -> tensor<2x?x1xf32>
  return %0 : tensor<2x?x1xf32>
}

// Each batch entry keeps its rows; what came before stays.
func.func @test_append() {
  %a = arith.constant dense<[[[1.0], [2.0]], [[5.0], [6.0]]]> : tensor<2x2x1xf32>
  %b = arith.constant dense<[[[3.0]], [[7.0]]]> : tensor<2x1x1xf32>
  %a1 = tensor.cast %a : tensor<2x2x1xf32> to tensor<2x?x1xf32>
  %b1 = tensor.cast %b : tensor<2x1x1xf32> to tensor<2x?x1xf32>
  %0 = func.call @append(%a1) : (tensor<2x?x1xf32>) -> tensor<2x?x1xf32>
  %1 = func.call @append(%b1) : (tensor<2x?x1xf32>) -> tensor<2x?x1xf32>
  %want = arith.constant dense<[[[1.0], [2.0], [3.0]], [[5.0], [6.0], [7.0]]]> : tensor<2x3x1xf32>
  check.expect_eq %0, %a : tensor<2x?x1xf32>, tensor<2x2x1xf32>
  check.expect_eq %1, %want : tensor<2x?x1xf32>, tensor<2x3x1xf32>
  return
}

// -----

moe.state @sum : tensor<2xf32>
func.func private @add(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = moe.get_state @sum : tensor<2xf32>
  %1 = arith.addf %0, %x : tensor<2xf32>
  moe.set_state @sum, %1 : tensor<2xf32>
  return %1 : tensor<2xf32>
}

// A fresh state is zero.
func.func @test_get_and_set() {
  %x = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = func.call @add(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %1 = func.call @add(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %want = arith.constant dense<[2.0, 4.0]> : tensor<2xf32>
  check.expect_eq %0, %x : tensor<2xf32>, tensor<2xf32>
  check.expect_eq %1, %want : tensor<2xf32>, tensor<2xf32>
  return
}

// -----

moe.state @ring : tensor<2x?xf32> axis 1

// Each batch entry has its own position; a circular write goes on at the beginning.
func.func @test_write() {
  %zeros = arith.constant dense<0.0> : tensor<2x3xf32>
  %x = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %at = arith.constant dense<[0, 2]> : tensor<2xi64>
  %0 = moe.append_state @ring, %zeros : (tensor<2x3xf32>) -> tensor<2x?xf32>
  %1 = moe.write_state @ring, %x at %at axis 1 circular : (tensor<2x2xf32>, tensor<2xi64>) -> tensor<2x?xf32>
  %want = arith.constant dense<[[1.0, 2.0, 0.0], [4.0, 0.0, 3.0]]> : tensor<2x3xf32>
  check.expect_eq %1, %want : tensor<2x?xf32>, tensor<2x3xf32>
  // expected-error @below {{moe.write_state: rows [2, 4) are not in a state of length 3}}
  %2 = moe.write_state @ring, %x at %at axis 1 : (tensor<2x2xf32>, tensor<2xi64>) -> tensor<2x?xf32>
  return
}

// -----

moe.state @s : tensor<?x?xf32> axis 1

// A state that has begun with a batch keeps it.
func.func @test_other_batch() {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %0 = moe.get_state @s(%c2) : tensor<?x?xf32>
  // expected-error @below {{moe.get_state: the state has the lengths [2, 0], this run asks for [3, 0]}}
  %1 = moe.get_state @s(%c3) : tensor<?x?xf32>
  return
}
