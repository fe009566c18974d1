// RUN: moe-opt %s --pass-pipeline='builtin.module(moe-linalg-to-gpu,canonicalize)' | FileCheck %s

// A thread computes an element; the reduction runs in the thread.
// CHECK: gpu.module @device
// CHECK: gpu.func @reduce_0(%[[X:.*]]: memref<?x8xf32>, %[[Y:.*]]: memref<?xf32>, %{{.*}}: index{{.*}}) kernel attributes {known_block_size = array<i32: 128, 1, 1>}
// CHECK: gpu.block_id x
// CHECK: scf.if
// CHECK: scf.for
// CHECK: arith.addf
// CHECK-LABEL: func.func @main
// CHECK-NOT: linalg
// CHECK: gpu.launch_func @device::@reduce_0 blocks in
func.func @main(%x: memref<?x8xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
    ins(%x : memref<?x8xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}
