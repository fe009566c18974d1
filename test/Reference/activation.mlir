// RUN: moe-opt %s --moe-interpret -o /dev/null

// Every activation at -1 and 2, as a plain expert of width 1.
func.func @test_activations() {
  %x = arith.constant dense<[[-1.0], [2.0]]> : tensor<2x1xf64>
  %ids = arith.constant dense<0> : tensor<2x1xi32>
  %w = arith.constant dense<1.0> : tensor<2x1xf64>
  %one = arith.constant dense<1.0> : tensor<1x1x1xf64>
  %identity = moe.experts %x, %ids, %w up %one down %one {activation = #moe.activation<identity>}
     : (tensor<2x1xf64>, tensor<2x1xi32>, tensor<2x1xf64>, tensor<1x1x1xf64>, tensor<1x1x1xf64>) -> tensor<2x1xf64>
  %want_identity = arith.constant dense<[[-1.0], [2.0]]> : tensor<2x1xf64>
  check.expect_close %identity, %want_identity {tolerance = 1.0e-14 : f64} : tensor<2x1xf64>, tensor<2x1xf64>
  %relu = moe.experts %x, %ids, %w up %one down %one {activation = #moe.activation<relu>}
     : (tensor<2x1xf64>, tensor<2x1xi32>, tensor<2x1xf64>, tensor<1x1x1xf64>, tensor<1x1x1xf64>) -> tensor<2x1xf64>
  %want_relu = arith.constant dense<[[0.0], [2.0]]> : tensor<2x1xf64>
  check.expect_close %relu, %want_relu {tolerance = 1.0e-14 : f64} : tensor<2x1xf64>, tensor<2x1xf64>
  %relu2 = moe.experts %x, %ids, %w up %one down %one {activation = #moe.activation<relu2>}
     : (tensor<2x1xf64>, tensor<2x1xi32>, tensor<2x1xf64>, tensor<1x1x1xf64>, tensor<1x1x1xf64>) -> tensor<2x1xf64>
  %want_relu2 = arith.constant dense<[[0.0], [4.0]]> : tensor<2x1xf64>
  check.expect_close %relu2, %want_relu2 {tolerance = 1.0e-14 : f64} : tensor<2x1xf64>, tensor<2x1xf64>
  %silu = moe.experts %x, %ids, %w up %one down %one {activation = #moe.activation<silu>}
     : (tensor<2x1xf64>, tensor<2x1xi32>, tensor<2x1xf64>, tensor<1x1x1xf64>, tensor<1x1x1xf64>) -> tensor<2x1xf64>
  %want_silu = arith.constant dense<[[-0.2689414213699951], [1.7615941559557646]]> : tensor<2x1xf64>
  check.expect_close %silu, %want_silu {tolerance = 1.0e-14 : f64} : tensor<2x1xf64>, tensor<2x1xf64>
  %gelu = moe.experts %x, %ids, %w up %one down %one {activation = #moe.activation<gelu>}
     : (tensor<2x1xf64>, tensor<2x1xi32>, tensor<2x1xf64>, tensor<1x1x1xf64>, tensor<1x1x1xf64>) -> tensor<2x1xf64>
  %want_gelu = arith.constant dense<[[-0.15865525393145707], [1.9544997361036416]]> : tensor<2x1xf64>
  check.expect_close %gelu, %want_gelu {tolerance = 1.0e-14 : f64} : tensor<2x1xf64>, tensor<2x1xf64>
  %gelu_tanh = moe.experts %x, %ids, %w up %one down %one {activation = #moe.activation<gelu_tanh>}
     : (tensor<2x1xf64>, tensor<2x1xi32>, tensor<2x1xf64>, tensor<1x1x1xf64>, tensor<1x1x1xf64>) -> tensor<2x1xf64>
  %want_gelu_tanh = arith.constant dense<[[-0.15880800939172324], [1.954597694087775]]> : tensor<2x1xf64>
  check.expect_close %gelu_tanh, %want_gelu_tanh {tolerance = 1.0e-14 : f64} : tensor<2x1xf64>, tensor<2x1xf64>
  %sigmoid = moe.experts %x, %ids, %w up %one down %one {activation = #moe.activation<sigmoid>}
     : (tensor<2x1xf64>, tensor<2x1xi32>, tensor<2x1xf64>, tensor<1x1x1xf64>, tensor<1x1x1xf64>) -> tensor<2x1xf64>
  %want_sigmoid = arith.constant dense<[[0.2689414213699951], [0.8807970779778823]]> : tensor<2x1xf64>
  check.expect_close %sigmoid, %want_sigmoid {tolerance = 1.0e-14 : f64} : tensor<2x1xf64>, tensor<2x1xf64>
  %tanh = moe.experts %x, %ids, %w up %one down %one {activation = #moe.activation<tanh>}
     : (tensor<2x1xf64>, tensor<2x1xi32>, tensor<2x1xf64>, tensor<1x1x1xf64>, tensor<1x1x1xf64>) -> tensor<2x1xf64>
  %want_tanh = arith.constant dense<[[-0.7615941559557649], [0.9640275800758169]]> : tensor<2x1xf64>
  check.expect_close %tanh, %want_tanh {tolerance = 1.0e-14 : f64} : tensor<2x1xf64>, tensor<2x1xf64>
  return
}
