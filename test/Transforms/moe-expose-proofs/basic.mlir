// RUN: moe-opt %s --moe-expose-proofs | FileCheck %s

// What a raise replaced and what it put there become results.
// CHECK-LABEL: func.func @main
// CHECK-SAME: -> (tensor<4xf32>, tensor<4xf32> {onnx.name = "proof 0 moe.norm raised"}, tensor<4xf32> {onnx.name = "proof 0 moe.norm original"})
// CHECK-NOT: check.expect_close
// CHECK: return %[[NORM:.*]], %[[NORM]], %arg0
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {check.proofs} {
  %norm = moe.norm %x {epsilon = 1.0e-6 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  check.expect_close %norm, %x {tolerance = 1.0e-4 : f64} : tensor<4xf32>, tensor<4xf32>
  return %norm : tensor<4xf32>
}
