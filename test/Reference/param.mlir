// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

moe.param @base : tensor<2xf32> value = dense<[1.0, 2.0]> : tensor<2xf32>
moe.param @double : tensor<2xf32> init {
  %b = moe.get_param @base : tensor<2xf32>
  %d = arith.addf %b, %b : tensor<2xf32>
  moe.yield %d : tensor<2xf32>
}

// A value, and a region that computes from it.
func.func @test_value_and_init() {
  %d = moe.get_param @double : tensor<2xf32>
  %again = moe.get_param @double : tensor<2xf32>
  %want = arith.constant dense<[2.0, 4.0]> : tensor<2xf32>
  check.expect_eq %d, %want : tensor<2xf32>, tensor<2xf32>
  check.expect_eq %again, %want : tensor<2xf32>, tensor<2xf32>
  return
}

// -----

moe.param @a : tensor<1xf32> init {
  // expected-error @below {{moe.get_param: @a computes itself}}
  %a = moe.get_param @a : tensor<1xf32>
  moe.yield %a : tensor<1xf32>
}
func.func @test_cycle() {
  %a = moe.get_param @a : tensor<1xf32>
  return
}

// -----

// expected-error @below {{moe.param: cannot read}}
moe.param @w : tensor<1xf32> file = <"no-such-file", 0, 4, "">
func.func @test_no_file() {
  %w = moe.get_param @w : tensor<1xf32>
  return
}
