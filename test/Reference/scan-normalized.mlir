// RUN: moe-opt %s --moe-interpret -o /dev/null

// RWKV-4: without tokens before, the first result is its own value. The second sees the first with weight exp(1000) and itself with
// exp(1000 + bonus) = 3 exp(1000): (4 + 3 * 8) / 4. The state decays to half behind it: S = 4 / 2 + 8, n = 1 / 2 + 1, against m = 1000.
func.func @test_rwkv() {
  %v = arith.constant dense<[[[[[4.0]]], [[[8.0]]]]]> : tensor<1x2x1x1x1xf64>
  %gate = arith.constant dense<1000.0> : tensor<1x2x1x1x1xf64>
  %decay = arith.constant dense<-0.69314718055994529> : tensor<1x1x1x1x1xf64>
  %bonus = arith.constant dense<1.0986122886681098> : tensor<1x1x1xf64>
  %y, %s, %n, %m = moe.scan %v decay %decay gate %gate bonus %bonus {normalized, exclusive}
     : (tensor<1x2x1x1x1xf64>, tensor<1x1x1x1x1xf64>, tensor<1x2x1x1x1xf64>, tensor<1x1x1xf64>)
       -> (tensor<1x2x1x1x1xf64>, tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>)
  %want = arith.constant dense<[[[[[4.0]]], [[[7.0]]]]]> : tensor<1x2x1x1x1xf64>
  %want_s = arith.constant dense<10.0> : tensor<1x1x1x1xf64>
  %want_n = arith.constant dense<1.5> : tensor<1x1x1x1xf64>
  %want_m = arith.constant dense<1000.0> : tensor<1x1x1x1xf64>
  check.expect_close %y, %want {tolerance = 1.0e-12 : f64} : tensor<1x2x1x1x1xf64>, tensor<1x2x1x1x1xf64>
  check.expect_close %s, %want_s {tolerance = 1.0e-12 : f64} : tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>
  check.expect_close %n, %want_n {tolerance = 1.0e-12 : f64} : tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>
  check.expect_close %m, %want_m {tolerance = 1.0e-12 : f64} : tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>
  return
}

// mLSTM: weights exp(gate) of 1 and 2 for keys 1 and 2, q = 1. d is 1, then 1 + 2 * 2 = 5; y = 6, then 6 + 2 * 2 * 3 = 18. Against the
// maximum ln 2 the state is half of that: S = 9, n = 2.5. A floor of 10 is larger than both sums.
func.func @test_mlstm() {
  %v = arith.constant dense<[[[[6.0]], [[3.0]]]]> : tensor<1x2x1x1xf64>
  %k = arith.constant dense<[[[[1.0]], [[2.0]]]]> : tensor<1x2x1x1xf64>
  %q = arith.constant dense<1.0> : tensor<1x2x1x1xf64>
  %gate = arith.constant dense<[[[[[0.0]]], [[[0.69314718055994529]]]]]> : tensor<1x2x1x1x1xf64>
  %y, %s, %n, %m = moe.scan %v key %k query %q gate %gate {normalized}
     : (tensor<1x2x1x1xf64>, tensor<1x2x1x1xf64>, tensor<1x2x1x1xf64>, tensor<1x2x1x1x1xf64>)
       -> (tensor<1x2x1x1xf64>, tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>)
  %z:4 = moe.scan %v key %k query %q gate %gate {normalized, floor = 10.0 : f64}
     : (tensor<1x2x1x1xf64>, tensor<1x2x1x1xf64>, tensor<1x2x1x1xf64>, tensor<1x2x1x1x1xf64>)
       -> (tensor<1x2x1x1xf64>, tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>)
  %want = arith.constant dense<[[[[6.0]], [[3.6]]]]> : tensor<1x2x1x1xf64>
  %want_floor = arith.constant dense<[[[[0.6]], [[1.8]]]]> : tensor<1x2x1x1xf64>
  %want_s = arith.constant dense<9.0> : tensor<1x1x1x1xf64>
  %want_n = arith.constant dense<2.5> : tensor<1x1x1x1xf64>
  check.expect_close %y, %want {tolerance = 1.0e-14 : f64} : tensor<1x2x1x1xf64>, tensor<1x2x1x1xf64>
  check.expect_close %z#0, %want_floor {tolerance = 1.0e-14 : f64} : tensor<1x2x1x1xf64>, tensor<1x2x1x1xf64>
  check.expect_close %s, %want_s {tolerance = 1.0e-14 : f64} : tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>
  check.expect_close %n, %want_n {tolerance = 1.0e-14 : f64} : tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>
  return
}

// States go on where a call before stopped; epsilon is added to the sum that divides.
func.func @test_states() {
  %v = arith.constant dense<4.0> : tensor<1x1x1x1xf64>
  %one = arith.constant dense<1.0> : tensor<1x1x1x1xf64>
  %zero = arith.constant dense<0.0> : tensor<1x1x1x1xf64>
  %y:4 = moe.scan %v key %one query %one states %v, %one, %zero {normalized, epsilon = 2.0 : f64}
     : (tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>)
       -> (tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>)
  %want = arith.constant dense<2.0> : tensor<1x1x1x1xf64>
  check.expect_eq %y#0, %want : tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>
  return
}
