// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-sync-host))' | FileCheck %s

// A shape that the host writes for itself moves to the stack and waits for nobody.
module attributes {gpu.container_module} {
  gpu.module @device {
    gpu.func @use(%n: memref<?xf32>) kernel {
      gpu.return
    }
  }
  // CHECK-LABEL: func.func @shape
  // CHECK: memref.alloca() : memref<1xindex>
  // CHECK-NOT: rt.sync
  // CHECK-NOT: memref.dealloc
  func.func @shape(%x: memref<?xf32>, %n: index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    gpu.launch_func @device::@use blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : memref<?xf32>)
    %shape = memref.alloc() : memref<1xindex>
    memref.store %n, %shape[%c0] : memref<1xindex>
    %y = memref.reshape %x(%shape) : (memref<?xf32>, memref<1xindex>) -> memref<?xf32>
    memref.dealloc %shape : memref<1xindex>
    gpu.launch_func @device::@use blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%y : memref<?xf32>)
    return
  }
}
