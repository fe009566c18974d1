// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

// What nobody wrote is NaN, or -1, so that reading it shows.
func.func @test_empty() {
  %n = arith.constant 2 : index
  %f = tensor.empty(%n) : tensor<?xbf16>
  %i = tensor.empty() : tensor<1xi8>
  %want_f = arith.constant dense<0x7FC0> : tensor<2xbf16>
  %want_i = arith.constant dense<-1> : tensor<1xi8>
  check.expect_eq %f, %want_f : tensor<?xbf16>, tensor<2xbf16>
  check.expect_eq %i, %want_i : tensor<1xi8>, tensor<1xi8>
  return
}

// -----

func.func @test_negative_length() {
  %n = arith.constant -1 : index
  // expected-error @below {{tensor.empty: a tensor with the lengths [-1] does not fit}}
  %f = tensor.empty(%n) : tensor<?xf32>
  return
}

// -----

func.func @test_too_large() {
  %n = arith.constant 4611686018427387904 : index
  // expected-error @below {{tensor.empty: a tensor with the lengths [4611686018427387904, 4] does not fit}}
  %f = tensor.empty(%n) : tensor<?x4xf32>
  return
}
