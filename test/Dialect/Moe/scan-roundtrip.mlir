// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s -mlir-print-op-generic | moe-opt | FileCheck %s

// CHECK-LABEL: func.func @scan_plain
// CHECK: moe.scan %{{.*}} key %{{.*}} query %{{.*}} : (tensor<?x?x4x8xf32>
func.func @scan_plain(%v: tensor<?x?x4x8xf32>, %k: tensor<?x?x2x16xf32>) {
  %y, %s = moe.scan %v key %k query %k : (tensor<?x?x4x8xf32>, tensor<?x?x2x16xf32>, tensor<?x?x2x16xf32>) -> (tensor<?x?x4x8xf32>, tensor<?x4x16x8xf32>)
  return
}

// CHECK-LABEL: func.func @scan_delta_product
// CHECK: moe.scan %{{.*}} key %{{.*}} query %{{.*}} decay %{{.*}} rate %{{.*}} low_rank %{{.*}}, %{{.*}} states %{{.*}} {chunk = 64 : i64, scale = 5.000000e-01 : f64, updates = 2 : i64}
func.func @scan_delta_product(%v: tensor<2x6x4x8xbf16>, %k: tensor<2x6x4x16xbf16>, %q: tensor<2x3x8x16xbf16>, %g: tensor<2x6x4x1x1xf32>, %r: tensor<4x1x1xf32>, %s: tensor<2x4x16x8xf32>) {
  %y, %f = moe.scan %v key %k query %q decay %g rate %r low_rank %k, %k states %s {scale = 0.5 : f64, updates = 2 : i64, chunk = 64 : i64}
     : (tensor<2x6x4x8xbf16>, tensor<2x6x4x16xbf16>, tensor<2x3x8x16xbf16>, tensor<2x6x4x1x1xf32>, tensor<4x1x1xf32>, tensor<2x6x4x16xbf16>, tensor<2x6x4x16xbf16>,
        tensor<2x4x16x8xf32>) -> (tensor<2x3x8x8xbf16>, tensor<2x4x16x8xf32>)
  return
}

// CHECK-LABEL: func.func @scan_normalized
// CHECK: moe.scan %{{.*}} decay %{{.*}} gate %{{.*}} bonus %{{.*}} states %{{.*}}, %{{.*}}, %{{.*}} {epsilon = {{.*}} : f64, exclusive, floor = 1.000000e+00 : f64, normalized}
func.func @scan_normalized(%v: tensor<2x3x1x1x8xf32>, %g: tensor<1x1x1x1x8xf32>, %u: tensor<1x1x8xf32>, %s: tensor<2x1x1x8xf32>) {
  %y:4 = moe.scan %v decay %g gate %v bonus %u states %s, %s, %s {normalized, exclusive, floor = 1.0 : f64, epsilon = 1.0e-6 : f64}
     : (tensor<2x3x1x1x8xf32>, tensor<1x1x1x1x8xf32>, tensor<2x3x1x1x8xf32>, tensor<1x1x8xf32>, tensor<2x1x1x8xf32>, tensor<2x1x1x8xf32>, tensor<2x1x1x8xf32>)
       -> (tensor<2x3x1x1x8xf32>, tensor<2x1x1x8xf32>, tensor<2x1x1x8xf32>, tensor<2x1x1x8xf32>)
  return
}

// CHECK-LABEL: func.func @causal_conv
// CHECK: moe.causal_conv %{{.*}}, %{{.*}} bias %{{.*}} state %{{.*}} {activation = #moe.activation<silu>, dilation = 2 : i64}
// CHECK: moe.causal_conv %{{.*}}, %{{.*}} : (tensor<?x?x64xf32>, tensor<64x4xf32>)
func.func @causal_conv(%x: tensor<?x?x64xf32>, %w: tensor<64x4xf32>, %b: tensor<64xf32>, %s: tensor<?x64x6xf32>) {
  %y:2 = moe.causal_conv %x, %w bias %b state %s {activation = #moe.activation<silu>, dilation = 2 : i64}
     : (tensor<?x?x64xf32>, tensor<64x4xf32>, tensor<64xf32>, tensor<?x64x6xf32>) -> (tensor<?x?x64xf32>, tensor<?x64x6xf32>)
  %z:2 = moe.causal_conv %x, %w : (tensor<?x?x64xf32>, tensor<64x4xf32>) -> (tensor<?x?x64xf32>, tensor<?x64x3xf32>)
  return
}
