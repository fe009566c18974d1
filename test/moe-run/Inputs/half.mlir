// Twice the input, in half precision.
module attributes {onnx.opsets = {ai.onnx = 20 : i64}} {
  func.func @main(%x: tensor<?xf16> {onnx.dims = ["n"], onnx.name = "x"}) -> (tensor<?xf16> {onnx.name = "y"}) {
    %y = onnx.node "Add"(%x, %x) version 14 : (tensor<?xf16>, tensor<?xf16>) -> tensor<?xf16>
    return %y : tensor<?xf16>
  }
}
