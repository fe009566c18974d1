// RUN: moe-opt %s --moe-interpret -o /dev/null

// One query of two keys with logits 0 and ln 3: probabilities 1/4 and 3/4 of the values 4 and 8. Query heads 0, 1 read key head 0,
// heads 2, 3 key head 1, whose values are ten times as large.
func.func @test_groups() {
  %q = arith.constant dense<1.0> : tensor<1x4x1x1xf64>
  %k = arith.constant dense<[[[[0.0], [1.0986122886681098]], [[0.0], [1.0986122886681098]]]]> : tensor<1x2x2x1xf64>
  %v = arith.constant dense<[[[[4.0], [8.0]], [[40.0], [80.0]]]]> : tensor<1x2x2x1xf64>
  %y = moe.attention %q, %k, %v {scale = 1.0 : f64} : (tensor<1x4x1x1xf64>, tensor<1x2x2x1xf64>, tensor<1x2x2x1xf64>) -> tensor<1x4x1x1xf64>
  %want = arith.constant dense<[[[[7.0]], [[7.0]], [[70.0]], [[70.0]]]]> : tensor<1x4x1x1xf64>
  check.expect_close %y, %want {tolerance = 1.0e-14 : f64} : tensor<1x4x1x1xf64>, tensor<1x4x1x1xf64>
  return
}

// The values may have another width than the keys; scale multiplies the logits: 2 * 1/2 * ln 3.
func.func @test_scale_and_widths() {
  %q = arith.constant dense<[[[[2.0, 0.0]]]]> : tensor<1x1x1x2xf64>
  %k = arith.constant dense<[[[[0.0, 5.0], [1.0986122886681098, 5.0]]]]> : tensor<1x1x2x2xf64>
  %v = arith.constant dense<[[[[4.0, 0.0, 1.0], [8.0, 4.0, 1.0]]]]> : tensor<1x1x2x3xf64>
  %y = moe.attention %q, %k, %v {scale = 0.5 : f64} : (tensor<1x1x1x2xf64>, tensor<1x1x2x2xf64>, tensor<1x1x2x3xf64>) -> tensor<1x1x1x3xf64>
  %want = arith.constant dense<[[[[7.0, 3.0, 1.0]]]]> : tensor<1x1x1x3xf64>
  check.expect_close %y, %want {tolerance = 1.0e-14 : f64} : tensor<1x1x1x3xf64>, tensor<1x1x1x3xf64>
  return
}

// The logit 10 becomes 2 * tanh(5); against a key with logit 0 its share is 1 / (1 + exp(-2 * tanh(5))).
func.func @test_softcap() {
  %q = arith.constant dense<1.0> : tensor<1x1x1x1xf64>
  %k = arith.constant dense<[[[[10.0], [0.0]]]]> : tensor<1x1x2x1xf64>
  %v = arith.constant dense<[[[[1.0], [0.0]]]]> : tensor<1x1x2x1xf64>
  %y = moe.attention %q, %k, %v {scale = 1.0 : f64, softcap = 2.0 : f64}
     : (tensor<1x1x1x1xf64>, tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>) -> tensor<1x1x1x1xf64>
  %want = arith.constant dense<0.8807780107194244> : tensor<1x1x1x1xf64>
  check.expect_close %y, %want {tolerance = 1.0e-13 : f64} : tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>
  return
}

// A sink of ln 2 beside logits 0 and 0: each key has 1 / (2 + 1 + 1).
func.func @test_sinks() {
  %q = arith.constant dense<0.0> : tensor<1x1x1x1xf64>
  %k = arith.constant dense<0.0> : tensor<1x1x2x1xf64>
  %v = arith.constant dense<[[[[4.0], [8.0]]]]> : tensor<1x1x2x1xf64>
  %sinks = arith.constant dense<[0.69314718055994529]> : tensor<1xf64>
  %y = moe.attention %q, %k, %v sinks %sinks {scale = 1.0 : f64}
     : (tensor<1x1x1x1xf64>, tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>, tensor<1xf64>) -> tensor<1x1x1x1xf64>
  %want = arith.constant dense<3.0> : tensor<1x1x1x1xf64>
  check.expect_close %y, %want {tolerance = 1.0e-14 : f64} : tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>
  return
}
