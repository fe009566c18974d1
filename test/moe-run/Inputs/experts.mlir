// Two expert layers whose experts are chosen by the input.
func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.dims = ["n", "4"]}, %ids: tensor<?x2xi64> {onnx.name = "ids", onnx.dims = ["n", "2"]},
                %w: tensor<?x2xf32> {onnx.name = "w", onnx.dims = ["n", "2"]}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
  %up3 = onnx.constant dense<1.0> : tensor<3x2x4xf32>
  %down3 = onnx.constant dense<1.0> : tensor<3x4x2xf32>
  %up5 = onnx.constant dense<1.0> : tensor<5x2x4xf32>
  %down5 = onnx.constant dense<1.0> : tensor<5x4x2xf32>
  %0 = moe.experts %x, %ids, %w up %up3 down %down3
     : (tensor<?x4xf32>, tensor<?x2xi64>, tensor<?x2xf32>, tensor<3x2x4xf32>, tensor<3x4x2xf32>) -> tensor<?x4xf32>
  %1 = moe.experts %0, %ids, %w up %up5 down %down5
     : (tensor<?x4xf32>, tensor<?x2xi64>, tensor<?x2xf32>, tensor<5x2x4xf32>, tensor<5x4x2xf32>) -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}
