// RUN: moe-opt %s --from=raise --to=optimize -o - | FileCheck %s

// What was computed twice is computed once, also by moe ops.
// CHECK-LABEL: @main
// CHECK-COUNT-1: onnx.node "Transpose"
// CHECK-COUNT-1: moe.linear
// CHECK-NOT: moe.linear
func.func @main(%x: tensor<?x8xf32>, %w: tensor<8x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %a = onnx.node "Transpose"(%w) {perm = array<i64: 1, 0>} version 21 : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %0 = moe.linear %x, %a : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  %b = onnx.node "Transpose"(%w) {perm = array<i64: 1, 0>} version 21 : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %1 = moe.linear %x, %b : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<?x4xf32>
}
