// RUN: moe-opt %s --moe-make-stateful | FileCheck %s

// A cache grows in place, whatever it is called; what else reads it or its length reads the state.
// CHECK: moe.state @cache_in : tensor<?x2x?x4xf32> axis 2
// CHECK: moe.state @state1 : tensor<?x2x?x4xf32> axis 2
// CHECK: moe.state @h_in.0 : tensor<?x8xf32>
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:[a-z0-9]*]]: tensor<?x2x?x4xf32> {onnx.dims = ["b", "", "s", ""]}, %[[ZEROS:[a-z0-9]*]]: {{.*}}) -> tensor<1xi64> {
func.func @main(%cache: tensor<?x2x?x4xf32> {onnx.name = "cache_in", onnx.dims = ["b", "", "p", ""]},
                %room: tensor<?x2x?x4xf32> {onnx.dims = ["b", "", "q", ""]},
                %h: tensor<?x8xf32> {onnx.name = "h_in.0", onnx.dims = ["b", ""]},
                %x: tensor<?x2x?x4xf32> {onnx.dims = ["b", "", "s", ""]},
                %zeros: tensor<?x2x?x4xf32> {onnx.dims = ["b", "", "z", ""]})
    -> (tensor<1xi64>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>, tensor<?x8xf32> {onnx.name = "h_out.0"}) {
  // CHECK: %[[PAST:.*]] = moe.get_state @cache_in(%{{.*}}) : tensor<?x2x?x4xf32> {onnx.dims = ["b", "", "p", ""]}
  // CHECK: onnx.node "Shape"(%[[PAST]])
  %length = onnx.node "Shape"(%cache) {end = 3 : i64, start = 2 : i64} version 21 : (tensor<?x2x?x4xf32>) -> tensor<1xi64>
  // CHECK: moe.append_state @cache_in, %[[X]] : {{.*}} {onnx.dims = ["b", "", "p + s", ""]}
  %grown = onnx.node "Concat"(%cache, %x) {axis = 2 : i64} version 21 : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  // A cache that is made longer where there is no room, and then written to at a position.
  // CHECK: moe.append_state @state1, %[[ZEROS]]
  // CHECK: moe.write_state @state1(%{{.*}}), %[[X]] at %{{.*}} axis 2
  %same = onnx.node "Identity"(%room) version 21 : (tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %longer = onnx.node "Concat"(%same, %zeros) {axis = 2 : i64} version 21 : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %at = onnx.constant dense<0> : tensor<1xi64>
  %written = onnx.node "TensorScatter"(%longer, %x, %at) {axis = 2 : i64} version 24 : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>, tensor<1xi64>) -> tensor<?x2x?x4xf32>
  // A recurrence: the names say that both are one.
  // CHECK: %[[NEXT:.*]] = onnx.node "Tanh"
  // CHECK: moe.set_state @h_in.0, %[[NEXT]]
  %next = onnx.node "Tanh"(%h) version 13 : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %length, %grown, %written, %next : tensor<1xi64>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>, tensor<?x8xf32>
}
