// RUN: moe-opt %s --moe-make-stateful -split-input-file -verify-diagnostics | FileCheck %s

// An output that does not depend on the input of its name, or has another name, is no state.
// CHECK-LABEL: func.func @unrelated
// CHECK-NOT: moe.set_state
// expected-warning @below {{--stateful: no input comes back as an output; the model keeps no state}}
module {
  func.func @unrelated(%h: tensor<4xf32> {onnx.name = "past.0"}, %x: tensor<4xf32> {onnx.name = "x"})
      -> (tensor<4xf32> {onnx.name = "present.0"}, tensor<4xf32> {onnx.name = "y"}) {
    %0 = onnx.node "Tanh"(%x) version 13 : (tensor<4xf32>) -> tensor<4xf32>
    %1 = onnx.node "Add"(%h, %x) version 14 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    return %0, %1 : tensor<4xf32>, tensor<4xf32>
  }
}

// -----

// A cache whose old value is read beside what is overwritten is not overwritten in place.
// CHECK-LABEL: func.func @read_before
// CHECK: %[[WRITTEN:.*]] = onnx.node "TensorScatter"
// CHECK: moe.set_state @past.k, %[[WRITTEN]]
func.func @read_before(%cache: tensor<2x?x4xf32> {onnx.name = "past.k", onnx.dims = ["", "s", ""]}, %x: tensor<2x1x4xf32>, %like: tensor<?xf32> {onnx.dims = ["s"]})
    -> (tensor<2x?x4xf32>, tensor<2x?x4xf32> {onnx.name = "present.k"}) {
  %0 = onnx.node "Neg"(%cache) version 13 : (tensor<2x?x4xf32>) -> tensor<2x?x4xf32>
  %1 = onnx.node "TensorScatter"(%cache, %x) {axis = 1 : i64} version 24 : (tensor<2x?x4xf32>, tensor<2x1x4xf32>) -> tensor<2x?x4xf32>
  return %0, %1 : tensor<2x?x4xf32>, tensor<2x?x4xf32>
}

// -----

// expected-error @below {{--stateful: input 'past.h' becomes a state, but the length of its axis 0 (w) does not follow from the other inputs; give it with --length w=N}}
func.func @unknown_length(%h: tensor<?xf32> {onnx.name = "past.h", onnx.dims = ["w"]}) -> (tensor<?xf32> {onnx.name = "present.h"}) {
  %0 = onnx.node "Tanh"(%h) version 13 : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
