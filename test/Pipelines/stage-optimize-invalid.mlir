// RUN: not moe-opt %s --from=raise --to=optimize -o - 2>&1 | FileCheck %s

// A dump of a later stage is not accepted for an earlier one.
func.func @main(%x: memref<4xf32>) -> f32 {
  %i = arith.constant 0 : index
  // CHECK: [[@LINE+1]]:8{{.*}}: error: stage optimize: values are tensors and scalars, but found memref.load
  %0 = memref.load %x[%i] : memref<4xf32>
  return %0 : f32
}
