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

func.func @test_elements_and_splat() {
  %a = arith.constant 1 : i32
  %b = arith.constant 2 : i32
  %n = arith.constant 2 : index
  %e = tensor.from_elements %a, %b, %b, %a : tensor<2x2xi32>
  %s = tensor.splat %b[%n] : tensor<?x1xi32>
  %want_e = arith.constant dense<[[1, 2], [2, 1]]> : tensor<2x2xi32>
  %want_s = arith.constant dense<2> : tensor<2x1xi32>
  check.expect_eq %e, %want_e : tensor<2x2xi32>, tensor<2x2xi32>
  check.expect_eq %s, %want_s : tensor<?x1xi32>, tensor<2x1xi32>
  return
}

func.func @test_dim_and_rank() {
  %x = arith.constant dense<0> : tensor<2x3xi8>
  %open = tensor.cast %x : tensor<2x3xi8> to tensor<?x?xi8>
  %one = arith.constant 1 : index
  %three = tensor.dim %open, %one : tensor<?x?xi8>
  %two = tensor.rank %open : tensor<?x?xi8>
  %got = tensor.from_elements %three, %two : tensor<2xindex>
  %want = arith.constant dense<[3, 2]> : tensor<2xindex>
  check.expect_eq %got, %want : tensor<2xindex>, tensor<2xindex>
  return
}

func.func @test_concat() {
  %a = arith.constant dense<[[1], [4]]> : tensor<2x1xi32>
  %b = arith.constant dense<[[2, 3], [5, 6]]> : tensor<2x2xi32>
  %c = tensor.concat dim(1) %a, %b : (tensor<2x1xi32>, tensor<2x2xi32>) -> tensor<2x3xi32>
  %want = arith.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  check.expect_eq %c, %want : tensor<2x3xi32>, tensor<2x3xi32>
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

// -----

func.func @test_cast_contradicts() {
  %x = arith.constant dense<0> : tensor<2xi8>
  %open = tensor.cast %x : tensor<2xi8> to tensor<?xi8>
  // expected-error @below {{tensor.cast: the result has the lengths [2], but its type says [3]}}
  %three = tensor.cast %open : tensor<?xi8> to tensor<3xi8>
  return
}
