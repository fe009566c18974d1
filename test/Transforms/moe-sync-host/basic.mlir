// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-sync-host))' | FileCheck %s

module attributes {gpu.container_module} {
  gpu.module @device {
    gpu.func @count(%n: memref<index>) kernel {
      gpu.return
    }
  }

  // One wait is enough until something else is launched.
  // CHECK-LABEL: func.func @read
  // CHECK: gpu.launch_func
  // CHECK-NEXT: rt.sync
  // CHECK-NEXT: memref.load
  // CHECK-NEXT: memref.load
  // CHECK-NEXT: return
  func.func @read(%n: memref<index>) -> (index, index) {
    %c1 = arith.constant 1 : index
    gpu.launch_func @device::@count blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%n : memref<index>)
    %0 = memref.load %n[] : memref<index>
    %1 = memref.load %n[] : memref<index>
    return %0, %1 : index, index
  }

  // In a loop a launch may come before what stands above it; a write waits as a read does.
  // CHECK-LABEL: func.func @loop
  // CHECK: scf.for
  // CHECK-NEXT: rt.sync
  // CHECK-NEXT: memref.store
  func.func @loop(%n: memref<index>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %c1 step %c1 {
      memref.store %i, %n[] : memref<index>
      gpu.launch_func @device::@count blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%n : memref<index>)
    }
    return
  }
}
