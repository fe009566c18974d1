// RUN: moe-opt %s --pass-pipeline='builtin.module(moe-rt-to-llvm)' | FileCheck %s

// The eighth entry of the table gets the address, the bytes of an id, tokens, slots, experts and an expert's bytes.
// CHECK-LABEL: llvm.func @main(%arg0: !llvm.ptr
func.func @main(%ids: memref<?x2xi64>) {
  // CHECK: %[[TABLE:.*]] = llvm.load %arg0 : !llvm.ptr -> !llvm.ptr
  // CHECK: %[[ENTRY:.*]] = llvm.getelementptr %[[TABLE]][56]
  // CHECK: %[[ROUTED:.*]] = llvm.load %[[ENTRY]]
  // CHECK: llvm.call %[[ROUTED]](%arg0, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : !llvm.ptr, (!llvm.ptr, !llvm.ptr, i32, i64, i64, i64, i64) -> ()
  rt.routed %ids experts(8) bytes(64) : memref<?x2xi64>
  return
}
