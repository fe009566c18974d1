// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s -mlir-print-op-generic | moe-opt | FileCheck %s

// CHECK-LABEL: func.func @expect
// CHECK: check.expect_eq %{{.*}}, %{{.*}} : tensor<?xi64>, tensor<2xi64>
// CHECK: check.expect_close %{{.*}}, %{{.*}} {tolerance = 2.500000e-01 : f64} : tensor<2xf32>, tensor<2xf64>
// CHECK: check.expect_close %{{.*}}, %{{.*}} : tensor<2xf32>, tensor<2xf32>
func.func @expect(%a: tensor<?xi64>, %b: tensor<2xi64>, %c: tensor<2xf32>, %d: tensor<2xf64>) {
  check.expect_eq %a, %b : tensor<?xi64>, tensor<2xi64>
  check.expect_close %c, %d {tolerance = 0.25 : f64} : tensor<2xf32>, tensor<2xf64>
  check.expect_close %c, %c : tensor<2xf32>, tensor<2xf32>
  return
}
