// RUN: moe-opt %s --moe-interpret -o /dev/null

// Widths differ: H = 2, I = 1, H' = 3. g = 1 + 2 = 3, u = 2 * (2 - 1) = 2 with the biases, a = relu(3) * (2 + 4), y = a * [1, 2, 3] + bias.
func.func @test_biases_and_beta() {
  %x = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %ids = arith.constant dense<[[0]]> : tensor<1x1xi32>
  %w = arith.constant dense<[[1.0]]> : tensor<1x1xf32>
  %gate = arith.constant dense<[[[1.0, 0.0]]]> : tensor<1x1x2xf32>
  %gate_bias = arith.constant dense<[[2.0]]> : tensor<1x1xf32>
  %up = arith.constant dense<[[[0.0, 2.0]]]> : tensor<1x1x2xf32>
  %up_bias = arith.constant dense<[[-2.0]]> : tensor<1x1xf32>
  %down = arith.constant dense<[[[1.0], [2.0], [3.0]]]> : tensor<1x3x1xf32>
  %down_bias = arith.constant dense<[[0.0, 0.0, 100.0]]> : tensor<1x3xf32>
  %y = moe.experts %x, %ids, %w gate %gate up %up down %down gate_bias %gate_bias up_bias %up_bias down_bias %down_bias
       {activation = #moe.activation<relu>, beta = 4.0 : f64}
     : (tensor<1x2xf32>, tensor<1x1xi32>, tensor<1x1xf32>, tensor<1x1x2xf32>, tensor<1x1x2xf32>, tensor<1x3x1xf32>, tensor<1x1xf32>,
        tensor<1x1xf32>, tensor<1x3xf32>) -> tensor<1x3xf32>
  %want = arith.constant dense<[[18.0, 36.0, 154.0]]> : tensor<1x3xf32>
  check.expect_eq %y, %want : tensor<1x3xf32>, tensor<1x3xf32>
  return
}

// limit 7 cuts the gate above only, u on both sides: 7 * 7, -20 * 7, 7 * -7.
func.func @test_limit() {
  %x = arith.constant dense<[[20.0, 20.0], [-20.0, 20.0], [20.0, -20.0]]> : tensor<3x2xf32>
  %ids = arith.constant dense<0> : tensor<3x1xi32>
  %w = arith.constant dense<1.0> : tensor<3x1xf32>
  %gate = arith.constant dense<[[[1.0, 0.0]]]> : tensor<1x1x2xf32>
  %up = arith.constant dense<[[[0.0, 1.0]]]> : tensor<1x1x2xf32>
  %down = arith.constant dense<1.0> : tensor<1x1x1xf32>
  %y = moe.experts %x, %ids, %w gate %gate up %up down %down {activation = #moe.activation<identity>, limit = 7.0 : f64}
     : (tensor<3x2xf32>, tensor<3x1xi32>, tensor<3x1xf32>, tensor<1x1x2xf32>, tensor<1x1x2xf32>, tensor<1x1x1xf32>) -> tensor<3x1xf32>
  %want = arith.constant dense<[[49.0], [-140.0], [-49.0]]> : tensor<3x1xf32>
  check.expect_eq %y, %want : tensor<3x1xf32>, tensor<3x1xf32>
  return
}

// silu with alpha 2 at ln(3) / 2: ln(3) / 2 * sigmoid(ln 3) = 0.549306 * 3/4.
func.func @test_alpha() {
  %x = arith.constant dense<[[0.5493061443340549]]> : tensor<1x1xf64>
  %ids = arith.constant dense<0> : tensor<1x1xi32>
  %w = arith.constant dense<1.0> : tensor<1x1xf64>
  %one = arith.constant dense<1.0> : tensor<1x1x1xf64>
  %y = moe.experts %x, %ids, %w up %one down %one {activation = #moe.activation<silu>, alpha = 2.0 : f64}
     : (tensor<1x1xf64>, tensor<1x1xi32>, tensor<1x1xf64>, tensor<1x1x1xf64>, tensor<1x1x1xf64>) -> tensor<1x1xf64>
  %want = arith.constant dense<[[0.41197960825054114]]> : tensor<1x1xf64>
  check.expect_close %y, %want {tolerance = 1.0e-12 : f64} : tensor<1x1xf64>, tensor<1x1xf64>
  return
}
