// RUN: moe-opt %s --pass-pipeline='builtin.module(moe-launches-to-gpu,canonicalize)' | FileCheck %s

// A thread takes a task; memory on the stack is taken when the kernel begins.
// CHECK: gpu.func @fill_0(%[[OUT:.*]]: memref<?xf32>, %[[VALUE:.*]]: f32, %[[TASKS:.*]]: index) kernel
// CHECK: %[[STACK:.*]] = memref.alloca() : memref<1xf32>
// CHECK: arith.cmpi ult, %[[TASK:.*]], %[[TASKS]]
// CHECK: scf.if
// CHECK: memref.store %{{.*}}, %[[OUT]]
// CHECK-LABEL: func.func @main
// CHECK: gpu.launch_func @device::@fill_0
// CHECK-NOT: rt.kernel
func.func @main(%out: memref<?xf32>, %n: index, %value: f32) {
  rt.launch @fill_0 tasks(%n) cost(%n) args(%out, %value : memref<?xf32>, f32)
  return
}
func.func private @fill_0(%begin: index, %end: index, %out: memref<?xf32>, %value: f32) attributes {rt.kernel} {
  %c1 = arith.constant 1 : index
  %c0 = arith.constant 0 : index
  %stack = memref.alloca() : memref<1xf32>
  scf.for %i = %begin to %end step %c1 {
    memref.store %value, %stack[%c0] : memref<1xf32>
    %0 = memref.load %stack[%c0] : memref<1xf32>
    memref.store %0, %out[%i] : memref<?xf32>
  }
  return
}
