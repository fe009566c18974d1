// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-pack-weights))' | FileCheck %s

// No kernel reads codes of 3 bits: the numbers are packed.
// CHECK-LABEL: func.func @three_bits
func.func @three_bits(%x: tensor<?x64xf32>, %c: tensor<16x24xui8>, %s: tensor<16x2xf32>) -> tensor<?x16xf32> {
  // CHECK: %[[W:.*]] = moe.dequantize
  // CHECK: moe.pack %[[W]] : tensor<16x64xf32>
  %w = moe.dequantize %c scales %s {format = #moe.format<u3>, block = 32 : i64} : (tensor<16x24xui8>, tensor<16x2xf32>) -> tensor<16x64xf32>
  %y = moe.linear %x, %w : (tensor<?x64xf32>, tensor<16x64xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// Other ops take weights as they are.
// CHECK-LABEL: func.func @no_product
// CHECK-NOT: moe.pack
func.func @no_product(%x: tensor<?x64xf32>, %s: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = moe.norm %x scale %s {epsilon = 1.0e-6 : f64} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
