// RUN: moe-opt %s --pass-pipeline='builtin.module(moe-device-checks)' | FileCheck %s

// The number of the check goes to the word that the last argument points to; equal texts are one check.
// CHECK: module attributes {gpu.container_module, rt.messages = ["out of range", "negative"]}
module attributes {gpu.container_module} {
  gpu.module @device {
    // CHECK: llvm.func @k(%[[OK:.*]]: i1, %[[WORD:.*]]: !llvm.ptr)
    llvm.func @k(%ok: i1) attributes {gpu.kernel} {
      // CHECK: llvm.cond_br %[[OK]], ^[[NEXT:.*]], ^[[FAIL:.*]]
      rt.check %ok, "out of range"
      rt.check %ok, "negative"
      rt.check %ok, "out of range"
      llvm.return
      // CHECK: ^[[FAIL]]:
      // CHECK: %[[NUMBER:.*]] = llvm.mlir.constant(1 : i32)
      // CHECK: llvm.store %[[NUMBER]], %[[WORD]]
      // CHECK: llvm.mlir.constant(2 : i32)
      // CHECK: llvm.mlir.constant(1 : i32)
    }
  }
}
