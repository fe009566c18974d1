// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-pack-weights))' | FileCheck %s

// CHECK-LABEL: func.func @floats
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>, %[[W:.*]]: tensor<100x64xf32>
func.func @floats(%x: tensor<?x64xf32>, %w: tensor<100x64xf32>) -> tensor<?x100xf32> {
  // CHECK: %[[PANELS:.*]] = moe.pack %[[W]] : tensor<100x64xf32> -> tensor<8x64x16xf32>
  // CHECK: %[[MATRIX:.*]] = moe.unpack %[[PANELS]]
  // CHECK: moe.linear %[[X]], %[[MATRIX]]
  %y = moe.linear %x, %w : (tensor<?x64xf32>, tensor<100x64xf32>) -> tensor<?x100xf32>
  return %y : tensor<?x100xf32>
}

// Two halves share a word.
// CHECK-LABEL: func.func @halves
func.func @halves(%x: tensor<?x5xbf16>, %w: tensor<100x5xbf16>) -> tensor<?x100xf32> {
  // CHECK: moe.pack %{{.*}} : tensor<100x5xbf16> -> tensor<8x3x32xbf16>
  %y = moe.linear %x, %w : (tensor<?x5xbf16>, tensor<100x5xbf16>) -> tensor<?x100xf32>
  return %y : tensor<?x100xf32>
}

// Of codes that kernels read, the codes are packed, not the numbers that they stand for.
// CHECK-LABEL: func.func @codes
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>, %[[CODES:.*]]: tensor<16x32xui8>, %[[SCALES:.*]]: tensor<16x2xf32>
func.func @codes(%x: tensor<?x64xf32>, %c: tensor<16x32xui8>, %s: tensor<16x2xf32>) -> tensor<?x16xf32> {
  // CHECK: %[[CODE_PANELS:.*]] = moe.pack %[[CODES]] : tensor<16x32xui8> -> tensor<4x8x64xui8>
  // CHECK: %[[C:.*]] = moe.unpack %[[CODE_PANELS]]
  // CHECK: %[[SCALE_PANELS:.*]] = moe.pack %[[SCALES]] : tensor<16x2xf32> -> tensor<4x2x16xf32>
  // CHECK: %[[S:.*]] = moe.unpack %[[SCALE_PANELS]]
  // CHECK: %[[W:.*]] = moe.dequantize %[[C]] scales %[[S]]
  // CHECK: moe.linear %[[X]], %[[W]]
  %w = moe.dequantize %c scales %s {format = #moe.format<u4>, block = 32 : i64, zero = 8 : i64} : (tensor<16x32xui8>, tensor<16x2xf32>) -> tensor<16x64xf32>
  %y = moe.linear %x, %w : (tensor<?x64xf32>, tensor<16x64xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}
