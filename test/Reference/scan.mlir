// RUN: moe-opt %s --moe-interpret -o /dev/null

// Sums of k * v, read with q and scale, in front of which the state is 10: 10 + 2 * 3 = 16, + 1 * 5 = 21; times q = (1, 2), halved.
func.func @test_linear() {
  %v = arith.constant dense<[[[[3.0]], [[5.0]]]]> : tensor<1x2x1x1xf64>
  %k = arith.constant dense<[[[[2.0]], [[1.0]]]]> : tensor<1x2x1x1xf64>
  %q = arith.constant dense<[[[[1.0]], [[2.0]]]]> : tensor<1x2x1x1xf64>
  %s = arith.constant dense<10.0> : tensor<1x1x1x1xf64>
  %y, %f = moe.scan %v key %k query %q states %s {scale = 0.5 : f64}
     : (tensor<1x2x1x1xf64>, tensor<1x2x1x1xf64>, tensor<1x2x1x1xf64>, tensor<1x1x1x1xf64>) -> (tensor<1x2x1x1xf64>, tensor<1x1x1x1xf64>)
  %want = arith.constant dense<[[[[8.0]], [[21.0]]]]> : tensor<1x2x1x1xf64>
  %final = arith.constant dense<21.0> : tensor<1x1x1x1xf64>
  check.expect_eq %y, %want : tensor<1x2x1x1xf64>, tensor<1x2x1x1xf64>
  check.expect_eq %f, %final : tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>
  return
}

// The state is read in front of the token's own update.
func.func @test_exclusive() {
  %v = arith.constant dense<[[[[3.0]], [[5.0]]]]> : tensor<1x2x1x1xf64>
  %one = arith.constant dense<1.0> : tensor<1x2x1x1xf64>
  %y, %f = moe.scan %v key %one query %one {exclusive} : (tensor<1x2x1x1xf64>, tensor<1x2x1x1xf64>, tensor<1x2x1x1xf64>) -> (tensor<1x2x1x1xf64>, tensor<1x1x1x1xf64>)
  %want = arith.constant dense<[[[[0.0]], [[3.0]]]]> : tensor<1x2x1x1xf64>
  check.expect_eq %y, %want : tensor<1x2x1x1xf64>, tensor<1x2x1x1xf64>
  return
}

// exp(ln 2 * rate) with rates -1 and -2 for the two elements of the key: (8, 16) decays to (4, 4), then (2, 1).
func.func @test_decay_per_key() {
  %v = arith.constant dense<0.0> : tensor<1x2x1x1xf64>
  %q = arith.constant dense<1.0> : tensor<1x2x1x2xf64>
  %g = arith.constant dense<0.69314718055994529> : tensor<1x1x1x1x1xf64>
  %r = arith.constant dense<[[[-1.0], [-2.0]]]> : tensor<1x2x1xf64>
  %s = arith.constant dense<[[[[8.0], [16.0]]]]> : tensor<1x1x2x1xf64>
  %y, %f = moe.scan %v key %q query %q decay %g rate %r states %s
     : (tensor<1x2x1x1xf64>, tensor<1x2x1x2xf64>, tensor<1x2x1x2xf64>, tensor<1x1x1x1x1xf64>, tensor<1x2x1xf64>, tensor<1x1x2x1xf64>)
       -> (tensor<1x2x1x1xf64>, tensor<1x1x2x1xf64>)
  %want = arith.constant dense<[[[[8.0]], [[3.0]]]]> : tensor<1x2x1x1xf64>
  check.expect_close %y, %want {tolerance = 1.0e-14 : f64} : tensor<1x2x1x1xf64>, tensor<1x2x1x1xf64>
  return
}

// A delta rule of full rate replaces what the state holds for the key (1, 0): 7 becomes 2 and 9 stays.
func.func @test_delta() {
  %v = arith.constant dense<2.0> : tensor<1x1x1x1xf64>
  %k = arith.constant dense<[[[[1.0, 0.0]]]]> : tensor<1x1x1x2xf64>
  %a = arith.constant dense<[[[[-1.0, 0.0]]]]> : tensor<1x1x1x2xf64>
  %s = arith.constant dense<[[[[7.0], [9.0]]]]> : tensor<1x1x2x1xf64>
  %y, %f = moe.scan %v key %k query %k low_rank %a, %k states %s
     : (tensor<1x1x1x1xf64>, tensor<1x1x1x2xf64>, tensor<1x1x1x2xf64>, tensor<1x1x1x2xf64>, tensor<1x1x1x2xf64>, tensor<1x1x2x1xf64>)
       -> (tensor<1x1x1x1xf64>, tensor<1x1x2x1xf64>)
  %want = arith.constant dense<[[[[2.0], [9.0]]]]> : tensor<1x1x2x1xf64>
  check.expect_eq %f, %want : tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>
  return
}

// Two updates for each of two tokens: 1 + 2, + 3 + 4.
func.func @test_updates() {
  %v = arith.constant dense<[[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]> : tensor<1x4x1x1xf64>
  %k = arith.constant dense<1.0> : tensor<1x4x1x1xf64>
  %q = arith.constant dense<1.0> : tensor<1x2x1x1xf64>
  %y, %f = moe.scan %v key %k query %q {updates = 2 : i64} : (tensor<1x4x1x1xf64>, tensor<1x4x1x1xf64>, tensor<1x2x1x1xf64>) -> (tensor<1x2x1x1xf64>, tensor<1x1x1x1xf64>)
  %want = arith.constant dense<[[[[3.0]], [[10.0]]]]> : tensor<1x2x1x1xf64>
  check.expect_eq %y, %want : tensor<1x2x1x1xf64>, tensor<1x2x1x1xf64>
  return
}

// Four states share two keys; two queries share four states, or eight queries share them.
func.func @test_heads() {
  %v = arith.constant dense<[[[[1.0], [2.0], [3.0], [4.0]]]]> : tensor<1x1x4x1xf64>
  %k = arith.constant dense<[[[[10.0], [100.0]]]]> : tensor<1x1x2x1xf64>
  %few = arith.constant dense<[[[[1.0], [3.0]]]]> : tensor<1x1x2x1xf64>
  %many = arith.constant dense<[[[[1.0], [2.0], [1.0], [2.0], [1.0], [2.0], [1.0], [2.0]]]]> : tensor<1x1x8x1xf64>
  %y, %f = moe.scan %v key %k query %few : (tensor<1x1x4x1xf64>, tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>) -> (tensor<1x1x4x1xf64>, tensor<1x4x1x1xf64>)
  %z, %g = moe.scan %v key %k query %many : (tensor<1x1x4x1xf64>, tensor<1x1x2x1xf64>, tensor<1x1x8x1xf64>) -> (tensor<1x1x8x1xf64>, tensor<1x4x1x1xf64>)
  %want_y = arith.constant dense<[[[[10.0], [20.0], [900.0], [1200.0]]]]> : tensor<1x1x4x1xf64>
  %want_z = arith.constant dense<[[[[10.0], [20.0], [20.0], [40.0], [300.0], [600.0], [400.0], [800.0]]]]> : tensor<1x1x8x1xf64>
  check.expect_eq %y, %want_y : tensor<1x1x4x1xf64>, tensor<1x1x4x1xf64>
  check.expect_eq %z, %want_z : tensor<1x1x8x1xf64>, tensor<1x1x8x1xf64>
  return
}

// Elementwise: every channel has its own decay (1/2 and 1), and the states are the result.
func.func @test_elementwise() {
  %v = arith.constant dense<[[[[[4.0, 1.0]]], [[[2.0, 1.0]]]]]> : tensor<1x2x1x1x2xf64>
  %g = arith.constant dense<[[[[[-0.69314718055994529, 0.0]]]]]> : tensor<1x1x1x1x2xf64>
  %y, %f = moe.scan %v decay %g : (tensor<1x2x1x1x2xf64>, tensor<1x1x1x1x2xf64>) -> (tensor<1x2x1x1x2xf64>, tensor<1x1x1x2xf64>)
  %want = arith.constant dense<[[[[[4.0, 1.0]]], [[[4.0, 2.0]]]]]> : tensor<1x2x1x1x2xf64>
  check.expect_close %y, %want {tolerance = 1.0e-15 : f64} : tensor<1x2x1x1x2xf64>, tensor<1x2x1x1x2xf64>
  return
}

// No tokens: the last state is the first one.
func.func @test_length_zero() {
  %v = arith.constant dense<> : tensor<1x0x1x2xf32>
  %k = arith.constant dense<> : tensor<1x0x1x1xf32>
  %s = arith.constant dense<[[[[1.0, 2.0]]]]> : tensor<1x1x1x2xf32>
  %y, %f = moe.scan %v key %k query %k states %s : (tensor<1x0x1x2xf32>, tensor<1x0x1x1xf32>, tensor<1x0x1x1xf32>, tensor<1x1x1x2xf32>) -> (tensor<1x0x1x2xf32>, tensor<1x1x1x2xf32>)
  check.expect_eq %f, %s : tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>
  return
}
