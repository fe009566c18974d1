// RUN: moe-opt %s --moe-make-stateful=length=w=3 | FileCheck %s

// A length that no input has is given on the command line.
// CHECK-LABEL: func.func @main
// CHECK: %[[W:.*]] = arith.constant 3 : index
// CHECK: moe.get_state @past.h(%[[W]])
func.func @main(%h: tensor<?xf32> {onnx.name = "past.h", onnx.dims = ["w"]}) -> (tensor<?xf32> {onnx.name = "present.h"}) {
  %0 = onnx.node "Tanh"(%h) version 13 : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
