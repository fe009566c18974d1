// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-round-products))' | FileCheck %s

// CHECK-LABEL: func.func @linear
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>, %[[W:.*]]: tensor<32x64xf32>
func.func @linear(%x: tensor<?x64xf32>, %w: tensor<32x64xf32>) -> tensor<?x32xf32> {
  // CHECK: %[[A:.*]] = arith.truncf %[[X]] : tensor<?x64xf32> to tensor<?x64xbf16>
  // CHECK: %[[B:.*]] = arith.truncf %[[W]] : tensor<32x64xf32> to tensor<32x64xbf16>
  // CHECK: moe.linear %[[A]], %[[B]] : (tensor<?x64xbf16>, tensor<32x64xbf16>) -> tensor<?x32xf32>
  %y = moe.linear %x, %w : (tensor<?x64xf32>, tensor<32x64xf32>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// Tokens and all weights of experts, not the routing weights.
// CHECK-LABEL: func.func @experts
func.func @experts(%x: tensor<?x8xf32>, %ids: tensor<?x2xi32>, %w: tensor<?x2xf32>, %up: tensor<4x6x8xf32>, %down: tensor<4x8x6xf32>) -> tensor<?x8xf32> {
  // CHECK-COUNT-3: arith.truncf
  // CHECK: (tensor<?x8xbf16>, tensor<?x2xi32>, tensor<?x2xf32>, tensor<4x6x8xbf16>, tensor<4x8x6xbf16>) -> tensor<?x8xf32>
  %y = moe.experts %x, %ids, %w up %up down %down {activation = #moe.activation<relu>}
     : (tensor<?x8xf32>, tensor<?x2xi32>, tensor<?x2xf32>, tensor<4x6x8xf32>, tensor<4x8x6xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
