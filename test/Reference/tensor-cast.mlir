// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

func.func @test_cast_contradicts() {
  %x = arith.constant dense<0> : tensor<2xi8>
  %open = tensor.cast %x : tensor<2xi8> to tensor<?xi8>
  // expected-error @below {{tensor.cast: the result has the lengths [2], but its type says [3]}}
  %three = tensor.cast %open : tensor<?xi8> to tensor<3xi8>
  return
}
