// RUN: moe-opt %s -split-input-file -verify-diagnostics -o /dev/null

// expected-error @below {{needs exactly one of file, value and init}}
moe.param @param_c1_none : tensor<2xf32>

// -----

// expected-error @below {{needs exactly one of file, value and init}}
moe.param @param_c1_two : tensor<2xf32> file = <"a", 0, 8, ""> value = dense<0.0> : tensor<2xf32>

// -----

// expected-error @below {{needs a static shape}}
moe.param @param_c2 : tensor<?xf32> file = <"a", 0, 8, "">

// -----

// expected-error @below {{has a file range of 9 bytes for a type of 8}}
moe.param @param_c3 : tensor<2xf32> file = <"a", 0, 9, "">

// -----

// expected-error @below {{has a file range of 4 bytes for a type of 2}}
moe.param @param_c3_nibbles : tensor<4xi4> file = <"a", 0, 4, "">

// -----

// expected-error @below {{has a value of another type}}
moe.param @param_c4 : tensor<2xf32> value = dense<0> : tensor<2xi32>

// -----

// expected-error @below {{needs an init that yields one value of its type}}
moe.param @param_c5 : tensor<2xf32> init {
  %0 = arith.constant dense<0> : tensor<2xi32>
  moe.yield %0 : tensor<2xi32>
}

// -----

func.func @get_param_c1() {
  // expected-error @below {{names no moe.param: nothing}}
  %0 = moe.get_param @nothing : tensor<2xf32>
  return
}

// -----

moe.param @w : tensor<2xf32> value = dense<0.0> : tensor<2xf32>
func.func @get_param_c2() {
  // expected-error @below {{has another type than the param, which is 'tensor<2xf32>'}}
  %0 = moe.get_param @w : tensor<3xf32>
  return
}

// -----

func.func @pack_c1(%w: tensor<?x8xf32>) {
  // expected-error @below {{needs a weight [..., N, K] with static N and a result [..., P, words of K, 16 elements in words]}}
  %0 = moe.pack %w : tensor<?x8xf32> -> tensor<4x8x16xf32>
  return
}

// -----

func.func @pack_c2(%w: tensor<100x8xf32>) {
  // expected-error @below {{needs a result whose panels are a multiple of 4 that covers N, and whose words cover K}}
  %0 = moe.pack %w : tensor<100x8xf32> -> tensor<7x8x16xf32>
  return
}

// -----

func.func @unpack_c1(%p: tensor<4x8x16xf32>) {
  // expected-error @below {{needs panels [..., P, words of K, 16 elements in words] and a result [..., N, K] with N <= 16 * P}}
  %0 = moe.unpack %p : tensor<4x8x16xf32> -> tensor<65x8xf32>
  return
}
