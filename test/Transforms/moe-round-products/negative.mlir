// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-round-products))' | FileCheck %s
// CHECK-NOT: arith.truncf

// A router's scores stay exact.
func.func @router(%x: tensor<?x64xf32>, %w: tensor<8x64xf32>) -> tensor<?x2xi32> {
  %logits = moe.linear %x, %w : (tensor<?x64xf32>, tensor<8x64xf32>) -> tensor<?x8xf32>
  %ids, %weights = moe.route %logits {k = 2 : i64} : (tensor<?x8xf32>) -> (tensor<?x2xi32>, tensor<?x2xf32>)
  return %ids : tensor<?x2xi32>
}

// Codes keep their format.
func.func @codes(%x: tensor<?x64xf32>, %c: tensor<16x64xui8>, %s: tensor<16x2xf32>) -> tensor<?x16xf32> {
  %w = moe.dequantize %c scales %s {format = #moe.format<u8>, block = 32 : i64} : (tensor<16x64xui8>, tensor<16x2xf32>) -> tensor<16x64xf32>
  %y = moe.linear %x, %w : (tensor<?x64xf32>, tensor<16x64xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}
