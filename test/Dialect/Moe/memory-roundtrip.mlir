// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s -mlir-print-op-generic | moe-opt | FileCheck %s

// CHECK: moe.param @file : tensor<8x4xf32> file = <"model.onnx.data", 16, 128, "">
// CHECK: moe.param @nibbles : tensor<3xi4> file = <"a", 0, 2, "0123"> role "down"
// CHECK: moe.param @value : tensor<2xf32> value = dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK: moe.param @init : tensor<2xf32> init {
// CHECK: moe.yield %{{.*}} : tensor<2xf32>
moe.param @file : tensor<8x4xf32> file = <"model.onnx.data", 16, 128, "">
moe.param @nibbles : tensor<3xi4> file = <"a", 0, 2, "0123"> role "down"
moe.param @value : tensor<2xf32> value = dense<[1.0, 2.0]> : tensor<2xf32>
moe.param @init : tensor<2xf32> init {
  %v = moe.get_param @value : tensor<2xf32>
  moe.yield %v : tensor<2xf32>
}

// CHECK-LABEL: func.func @get_param
// CHECK: moe.get_param @file : tensor<8x4xf32>
func.func @get_param() {
  %0 = moe.get_param @file : tensor<8x4xf32>
  return
}

// CHECK-LABEL: func.func @pack
// CHECK: moe.pack %{{.*}} : tensor<2x100x8xf32> -> tensor<2x8x8x16xf32>
// CHECK: moe.unpack %{{.*}} : tensor<2x8x8x16xf32> -> tensor<2x100x8xf32>
func.func @pack(%w: tensor<2x100x8xf32>) {
  %0 = moe.pack %w : tensor<2x100x8xf32> -> tensor<2x8x8x16xf32>
  %1 = moe.unpack %0 : tensor<2x8x8x16xf32> -> tensor<2x100x8xf32>
  return
}
