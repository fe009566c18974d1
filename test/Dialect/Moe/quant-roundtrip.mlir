// RUN: moe-opt %s | moe-opt | FileCheck %s

// CHECK-LABEL: func.func @dequantize
func.func @dequantize(%d: tensor<2x3x4xui8>, %s: tensor<2x3x1xf8E4M3FN>, %g: tensor<2xf32>, %z: tensor<2x3x1xui8>, %t: tensor<2x3x1xf32>) {
  // CHECK: moe.dequantize %{{.*}} scales %{{.*}} global %{{.*}} {block = 16 : i64, format = #moe.format<f4e2m1>}
  %0 = moe.dequantize %d scales %s global %g {format = #moe.format<f4e2m1>, block = 16 : i64}
     : (tensor<2x3x4xui8>, tensor<2x3x1xf8E4M3FN>, tensor<2xf32>) -> tensor<2x3x8xf32>
  // CHECK: moe.dequantize %{{.*}} scales %{{.*}} zero_points %{{.*}} {format = #moe.format<u4>}
  %1 = moe.dequantize %d scales %t zero_points %z {format = #moe.format<u4>} : (tensor<2x3x4xui8>, tensor<2x3x1xf32>, tensor<2x3x1xui8>) -> tensor<2x3x8xf32>
  return
}

// CHECK-LABEL: func.func @quantize
func.func @quantize(%w: tensor<2x3x8xf32>, %h: tensor<2x8x8xf32>) {
  // CHECK: moe.quantize %{{.*}} {format = #moe.format<i8>} : (tensor<2x3x8xf32>) -> (tensor<2x3x8xui8>, tensor<2x3x1xf32>)
  %0:2 = moe.quantize %w {format = #moe.format<i8>} : (tensor<2x3x8xf32>) -> (tensor<2x3x8xui8>, tensor<2x3x1xf32>)
  // CHECK: moe.quantize %{{.*}} hessian %{{.*}} {block = 16 : i64, format = #moe.format<u4>}
  %1:3 = moe.quantize %w hessian %h {format = #moe.format<u4>, block = 16 : i64}
       : (tensor<2x3x8xf32>, tensor<2x8x8xf32>) -> (tensor<2x3x4xui8>, tensor<2x3x1xbf16>, tensor<2x3x1xui8>)
  // CHECK: moe.quantize %{{.*}} {block = 16 : i64, format = #moe.format<f4e2m1>}
  %2:3 = moe.quantize %w {format = #moe.format<f4e2m1>, block = 16 : i64} : (tensor<2x3x8xf32>) -> (tensor<2x3x4xui8>, tensor<2x3x1xf8E4M3FN>, tensor<2xf32>)
  return
}
