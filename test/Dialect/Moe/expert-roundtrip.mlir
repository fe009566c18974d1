// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s -mlir-print-op-generic | moe-opt | FileCheck %s

// CHECK-LABEL: func.func @linear
// CHECK: moe.linear %{{.*}}, %{{.*}} bias %{{.*}} : (tensor<?x3x64xf16>, tensor<32x64xf16>, tensor<32xf32>) -> tensor<?x3x32xf16>
func.func @linear(%x: tensor<?x3x64xf16>, %w: tensor<32x64xf16>, %b: tensor<32xf32>) {
  %0 = moe.linear %x, %w bias %b : (tensor<?x3x64xf16>, tensor<32x64xf16>, tensor<32xf32>) -> tensor<?x3x32xf16>
  return
}

// CHECK-LABEL: func.func @experts_plain
// CHECK: moe.experts %{{.*}}, %{{.*}}, %{{.*}} up %{{.*}} down %{{.*}} {activation = #moe.activation<relu2>, scale_input}
func.func @experts_plain(%x: tensor<?x8xf32>, %ids: tensor<?x2xi64>, %w: tensor<?x2xf32>, %up: tensor<4x6x8xf32>, %down: tensor<4x8x6xf32>) {
  %0 = moe.experts %x, %ids, %w up %up down %down {activation = #moe.activation<relu2>, scale_input}
     : (tensor<?x8xf32>, tensor<?x2xi64>, tensor<?x2xf32>, tensor<4x6x8xf32>, tensor<4x8x6xf32>) -> tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @experts_gated
// CHECK: moe.experts %{{.*}}, %{{.*}}, %{{.*}} gate %{{.*}} up %{{.*}} down %{{.*}} gate_bias %{{.*}} up_bias %{{.*}} down_bias %{{[a-z0-9]+}}
// CHECK-SAME: {alpha = 1.750000e+00 : f64, beta = 1.000000e+00 : f64, limit = 7.000000e+00 : f64}
func.func @experts_gated(%x: tensor<?x8xf32>, %ids: tensor<?x2xi32>, %w: tensor<?x2xf32>, %up: tensor<4x6x8xbf16>, %down: tensor<4x5x6xbf16>,
                         %bias: tensor<4x6xf32>, %down_bias: tensor<4x5xf32>) {
  %0 = moe.experts %x, %ids, %w gate %up up %up down %down gate_bias %bias up_bias %bias down_bias %down_bias
       {alpha = 1.75 : f64, beta = 1.0 : f64, limit = 7.0 : f64}
     : (tensor<?x8xf32>, tensor<?x2xi32>, tensor<?x2xf32>, tensor<4x6x8xbf16>, tensor<4x6x8xbf16>, tensor<4x5x6xbf16>, tensor<4x6xf32>,
        tensor<4x6xf32>, tensor<4x5xf32>) -> tensor<?x5xf32>
  return
}
