// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s -mlir-print-op-generic | moe-opt | FileCheck %s

// CHECK-LABEL: func.func private @fill
func.func private @fill(%begin: index, %end: index, %out: memref<?xf32>, %value: f32) attributes {rt.kernel} {
  return
}

// CHECK-LABEL: func.func @launch
// CHECK: rt.launch @fill tasks(%{{.*}}) cost(%{{.*}}) args(%{{.*}}, %{{.*}} : memref<?xf32>, f32)
func.func @launch(%out: memref<?xf32>, %n: index, %value: f32) {
  rt.launch @fill tasks(%n) cost(%n) args(%out, %value : memref<?xf32>, f32)
  return
}

// CHECK-LABEL: func.func @param
// CHECK: rt.param "w" : memref<4xf32>
func.func @param() {
  %0 = rt.param "w" : memref<4xf32>
  return
}

// CHECK-LABEL: func.func @check
// CHECK: rt.check %{{.*}}, "Gather: index out of range"
func.func @check(%ok: i1) {
  rt.check %ok, "Gather: index out of range"
  return
}

// CHECK-LABEL: func.func @routed
// CHECK: rt.routed %{{.*}} experts(8) bytes(64) : memref<?x2xi64>
func.func @routed(%ids: memref<?x2xi64>) {
  rt.routed %ids experts(8) bytes(64) : memref<?x2xi64>
  return
}

// CHECK-LABEL: func.func @state
// CHECK: rt.state "keys" lengths(%{{.*}}, %{{.*}}) axis 2 append : memref<?x2x?x16xf32, strided<[?, ?, 16, 1]>>
// CHECK: rt.set_state "sum", %{{.*}} : memref<?xf32>
func.func @state(%batch: index, %new: index, %sum: memref<?xf32>) {
  %0 = rt.state "keys" lengths(%batch, %new) axis 2 append : memref<?x2x?x16xf32, strided<[?, ?, 16, 1]>>
  rt.set_state "sum", %sum : memref<?xf32>
  return
}

// CHECK-LABEL: func.func @host_op
// CHECK: rt.host_op "rules.Score" attrs "{}" elements [ui64, f32](%{{.*}}) : (tensor<?xi64>) -> tensor<?x?xf32>
// CHECK: rt.host_op "rules.Tell" attrs "{\22n\22:1}" elements [i1](%{{.*}}) : (memref<4xi1>) -> ()
func.func @host_op(%x: tensor<?xi64>, %flags: memref<4xi1>) {
  %0 = rt.host_op "rules.Score" attrs "{}" elements [ui64, f32] (%x) : (tensor<?xi64>) -> tensor<?x?xf32>
  rt.host_op "rules.Tell" attrs "{\"n\":1}" elements [i1] (%flags) : (memref<4xi1>) -> ()
  return
}

// CHECK-LABEL: func.func @sync
// CHECK: rt.sync
func.func @sync() {
  rt.sync
  return
}
