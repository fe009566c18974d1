// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

// ONNX operators are legalised on a copy of the module.
func.func @test_nodes() {
  %x = onnx.constant dense<[[3.0, 1.0, 2.0], [0.0, -1.0, 5.0]]> : tensor<2x3xf32>
  %i = onnx.constant dense<[-1, 0]> : tensor<2xi64>
  %sum = onnx.node "Add"(%x, %x) version 14 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %last = onnx.node "Gather"(%sum, %i) {axis = 1 : i64} version 13 : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x2xf32>
  %want = arith.constant dense<[[4.0, 6.0], [10.0, 0.0]]> : tensor<2x2xf32>
  check.expect_eq %last, %want : tensor<2x2xf32>, tensor<2x2xf32>
  return
}

// -----

func.func @test_unsupported() {
  %x = onnx.constant dense<[[0.5]]> : tensor<1x1xf32>
  // expected-error @below {{Multinomial: this operator is not supported (opset 7)}}
  %y = onnx.node "Multinomial"(%x) version 7 : (tensor<1x1xf32>) -> tensor<1x1xi32>
  check.expect_eq %y, %y : tensor<1x1xi32>, tensor<1x1xi32>
  return
}
