// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s -mlir-print-op-generic | moe-opt | FileCheck %s

// CHECK-LABEL: func.func @attention_plain
// CHECK: moe.attention %{{.*}}, %{{.*}}, %{{.*}} {scale = 1.250000e-01 : f64} :
func.func @attention_plain(%q: tensor<?x8x?x64xf32>, %k: tensor<?x2x?x64xf32>, %v: tensor<?x2x?x32xf32>) {
  %0 = moe.attention %q, %k, %v {scale = 0.125 : f64} : (tensor<?x8x?x64xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x32xf32>) -> tensor<?x8x?x32xf32>
  return
}

// CHECK-LABEL: func.func @attention_all
// CHECK: moe.attention %{{.*}}, %{{.*}}, %{{.*}} mask %{{.*}} sinks %{{.*}} past %{{.*}} total %{{[a-z0-9]+}}
// CHECK-SAME: {causal, scale = 1.000000e+00 : f64, softcap = 5.000000e+01 : f64, window = 128 : i64}
func.func @attention_all(%q: tensor<2x8x1x64xf16>, %k: tensor<2x2x9x64xf16>, %mask: tensor<1x1x1x9xi1>, %sinks: tensor<8xf32>, %past: tensor<2xi32>) {
  %0 = moe.attention %q, %k, %k mask %mask sinks %sinks past %past total %past {scale = 1.0 : f64, causal, window = 128 : i64, softcap = 50.0 : f64}
     : (tensor<2x8x1x64xf16>, tensor<2x2x9x64xf16>, tensor<2x2x9x64xf16>, tensor<1x1x1x9xi1>, tensor<8xf32>, tensor<2xi32>, tensor<2xi32>)
       -> tensor<2x8x1x64xf16>
  return
}

// CHECK-LABEL: func.func @rotary
// CHECK: moe.rotary %{{.*}}, %{{.*}}, %{{.*}} {interleaved} : (tensor<?x8x?x64xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<?x8x?x64xf32>
func.func @rotary(%x: tensor<?x8x?x64xf32>, %angles: tensor<1x?x32xf32>) {
  %0 = moe.rotary %x, %angles, %angles {interleaved} : (tensor<?x8x?x64xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<?x8x?x64xf32>
  return
}

// CHECK-LABEL: func.func @norm
// CHECK: moe.norm %{{.*}} scale %{{.*}} bias %{{.*}} {epsilon = {{.*}} : f64, kind = #moe.norm_kind<layer>}
// CHECK: moe.norm %{{.*}} {epsilon = {{.*}} : f64} : (tensor<?x64xf32>) -> tensor<?x64xf32>
func.func @norm(%x: tensor<?x64xf32>, %s: tensor<64xf32>) {
  %0 = moe.norm %x scale %s bias %s {kind = #moe.norm_kind<layer>, epsilon = 1.0e-5 : f64} : (tensor<?x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  %1 = moe.norm %0 {epsilon = 1.0e-6 : f64} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return
}
