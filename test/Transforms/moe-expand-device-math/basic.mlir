// RUN: moe-opt %s --pass-pipeline='builtin.module(gpu.module(moe-expand-device-math))' | FileCheck %s

gpu.module @device {
  // CHECK-LABEL: gpu.func @functions
  // CHECK-NOT: math.
  // CHECK: arith.constant 0.63661977
  gpu.func @functions(%x: f32, %out: memref<f32>) kernel {
    %0 = math.exp %x : f32
    %1 = math.sin %0 : f32
    %2 = math.powf %1, %x : f32
    memref.store %2, %out[] : memref<f32>
    gpu.return
  }
  // CHECK-LABEL: gpu.func @instructions
  // CHECK: llvm.call_intrinsic "llvm.sqrt"
  // CHECK: llvm.call_intrinsic "llvm.floor"
  gpu.func @instructions(%x: f32, %out: memref<f32>) kernel {
    %0 = math.sqrt %x : f32
    %1 = math.floor %0 : f32
    memref.store %1, %out[] : memref<f32>
    gpu.return
  }
}
