// RUN: moe-opt %s --moe-quantize-weights | FileCheck %s

moe.param @angles : tensor<64x8xf32> file = <"w", 0, 2048, "">
moe.param @query : tensor<64x64xf32> file = <"w", 0, 16384, "">
moe.param @first : tensor<32x64xf32> file = <"w", 0, 8192, "">
moe.param @second : tensor<64x32xf32> file = <"w", 0, 8192, "">
moe.param @gate : tensor<1x64xf32> file = <"w", 0, 256, "">
moe.param @bank : tensor<4x64x64xf32> file = <"w", 0, 65536, "">

// CHECK: moe.param @angles : tensor<64x8xf32> file = <"w", 0, 2048, "">{{$}}
// CHECK: moe.param @query {{.*}} role "attention" format "f32"
// CHECK: moe.param @first {{.*}} role "shared"
// CHECK: moe.param @second {{.*}} role "shared"
// CHECK: moe.param @gate {{.*}} role "router"
// CHECK: moe.param @bank {{.*}} role "gate_up+down"

// The network beside the experts reads what they read: it is shared. What goes through attention does not end in the head.
func.func @main(%x: tensor<?x64xf32>, %i: tensor<?x2xi32>, %w: tensor<?x2xf32>, %at: tensor<?xi64>) -> (tensor<?x64xf32>, tensor<?x1xf32>, tensor<1x4x?x8xf32>) {
  %angles = moe.get_param @angles : tensor<64x8xf32>
  %query = moe.get_param @query : tensor<64x64xf32>
  %first = moe.get_param @first : tensor<32x64xf32>
  %second = moe.get_param @second : tensor<64x32xf32>
  %gate = moe.get_param @gate : tensor<1x64xf32>
  %bank = moe.get_param @bank : tensor<4x64x64xf32>
  %y = moe.experts %x, %i, %w up %bank down %bank
     : (tensor<?x64xf32>, tensor<?x2xi32>, tensor<?x2xf32>, tensor<4x64x64xf32>, tensor<4x64x64xf32>) -> tensor<?x64xf32>
  %a = moe.linear %x, %first : (tensor<?x64xf32>, tensor<32x64xf32>) -> tensor<?x32xf32>
  %b = onnx.node "Relu"(%a) version 14 : (tensor<?x32xf32>) -> tensor<?x32xf32>
  %c = moe.linear %b, %second : (tensor<?x32xf32>, tensor<64x32xf32>) -> tensor<?x64xf32>
  %d = moe.linear %x, %gate : (tensor<?x64xf32>, tensor<1x64xf32>) -> tensor<?x1xf32>
  %q = moe.linear %x, %query : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  %shape = onnx.constant dense<[1, 8, -1, 8]> : tensor<4xi64>
  %heads = onnx.node "Reshape"(%q, %shape) version 14 : (tensor<?x64xf32>, tensor<4xi64>) -> tensor<1x8x?x8xf32>
  %cos = onnx.node "Gather"(%angles, %at) {axis = 0 : i64} version 13 : (tensor<64x8xf32>, tensor<?xi64>) -> tensor<?x8xf32>
  %turned = onnx.node "Mul"(%heads, %cos) version 14 : (tensor<1x8x?x8xf32>, tensor<?x8xf32>) -> tensor<1x8x?x8xf32>
  %r = moe.attention %turned, %heads, %heads {scale = 1.0 : f64, causal} : (tensor<1x8x?x8xf32>, tensor<1x8x?x8xf32>, tensor<1x8x?x8xf32>) -> tensor<1x8x?x8xf32>
  %sum = onnx.node "Add"(%y, %c) version 14 : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %s = tensor.cast %r : tensor<1x8x?x8xf32> to tensor<?x?x?x8xf32>
  %t = tensor.cast %s : tensor<?x?x?x8xf32> to tensor<1x4x?x8xf32>
  return %sum, %d, %t : tensor<?x64xf32>, tensor<?x1xf32>, tensor<1x4x?x8xf32>
}
