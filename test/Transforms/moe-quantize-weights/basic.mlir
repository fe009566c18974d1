// RUN: moe-opt %s --moe-quantize-weights=formats=int8,down=int4:16:zp,embedding=bf16 | FileCheck %s

moe.param @table : tensor<100x64xf32> file = <"w", 0, 25600, "">
moe.param @router : tensor<4x64xf32> file = <"w", 25600, 1024, "">
moe.param @up : tensor<4x32x64xf32> file = <"w", 26624, 32768, "">
moe.param @down : tensor<4x64x32xf32> file = <"w", 59392, 32768, "">
moe.param @head : tensor<100x64xf32> file = <"w", 92160, 25600, "">

// CHECK: moe.param @table : {{.*}} role "embedding" format "bf16"
// CHECK: moe.param @router : {{.*}} role "router" format "f32"
// CHECK: moe.param @up : {{.*}} role "gate_up" format "int8"
// CHECK: moe.param @down : {{.*}} role "down" format "int4:16:zp"
// CHECK: moe.param @head : {{.*}} role "head" format "int8"

// Rows of the table are gathered in their format; the router keeps its own; codes are dequantized where they are used.
// CHECK-LABEL: func.func @main
func.func @main(%ids: tensor<?xi64>) -> tensor<?x100xf32> {
  %table = moe.get_param @table : tensor<100x64xf32>
  %router = moe.get_param @router : tensor<4x64xf32>
  %up = moe.get_param @up : tensor<4x32x64xf32>
  %down = moe.get_param @down : tensor<4x64x32xf32>
  %head = moe.get_param @head : tensor<100x64xf32>
  // CHECK: %[[ROWS:.*]] = onnx.node "Gather"(%{{.*}}, %arg0) {{.*}} -> tensor<?x64xbf16>
  // CHECK: onnx.node "Cast"(%[[ROWS]]) {{.*}} -> tensor<?x64xf32>
  %x = onnx.node "Gather"(%table, %ids) {axis = 0 : i64} version 13 : (tensor<100x64xf32>, tensor<?xi64>) -> tensor<?x64xf32>
  // CHECK: moe.linear %{{.*}}, %[[ROUTER:.*]] : (tensor<?x64xf32>, tensor<4x64xf32>)
  %logits = moe.linear %x, %router : (tensor<?x64xf32>, tensor<4x64xf32>) -> tensor<?x4xf32>
  %i, %w = moe.route %logits {k = 2 : i64} : (tensor<?x4xf32>) -> (tensor<?x2xi32>, tensor<?x2xf32>)
  // CHECK: moe.experts {{.*}} up %{{.*}} down %{{.*}}
  %y = moe.experts %x, %i, %w up %up down %down
     : (tensor<?x64xf32>, tensor<?x2xi32>, tensor<?x2xf32>, tensor<4x32x64xf32>, tensor<4x64x32xf32>) -> tensor<?x64xf32>
  %z = moe.linear %y, %head : (tensor<?x64xf32>, tensor<100x64xf32>) -> tensor<?x100xf32>
  return %z : tensor<?x100xf32>
}
