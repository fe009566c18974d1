// RUN: moe-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(moe-globals-to-params)' | FileCheck %s

// CHECK: moe.param @c : tensor<4xf32> value = dense<1.000000e+00>
memref.global "private" constant @c : memref<4xf32> = dense<1.0>
func.func @main() -> (memref<4xf32>, memref<4xf32>) {
  // CHECK: rt.param "c" : memref<4xf32>
  // CHECK: rt.param "c" : memref<4xf32>
  %0 = memref.get_global @c : memref<4xf32>
  %1 = memref.get_global @c : memref<4xf32>
  return %0, %1 : memref<4xf32>, memref<4xf32>
}

// -----

// expected-error @below {{stage schedule: a constant of the host has no value}}
memref.global "private" @c : memref<4xf32> = uninitialized
func.func @main() -> memref<4xf32> {
  %0 = memref.get_global @c : memref<4xf32>
  return %0 : memref<4xf32>
}
