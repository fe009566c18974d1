// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s -mlir-print-op-generic | moe-opt | FileCheck %s

// CHECK: moe.state @keys : tensor<?x2x?x16xf32> axis 2
// CHECK: moe.state @sum : tensor<4xf32>
moe.state @keys : tensor<?x2x?x16xf32> axis 2
moe.state @sum : tensor<4xf32>

// CHECK-LABEL: func.func @main
// CHECK: moe.get_state @keys(%{{.*}}) : tensor<?x2x?x16xf32>
// CHECK: moe.get_state @sum : tensor<4xf32>
// CHECK: moe.append_state @keys, %{{.*}} : (tensor<?x2x?x16xf32>) -> tensor<?x2x?x16xf32>
// CHECK: moe.write_state @keys(%{{.*}}), %{{.*}} at %{{.*}} axis 2 circular : (tensor<?x2x?x16xf32>, tensor<1xi64>) -> tensor<?x2x?x16xf32>
// CHECK: moe.set_state @sum, %{{.*}} : tensor<4xf32>
func.func @main(%batch: index, %new: tensor<?x2x?x16xf32>, %at: tensor<1xi64>) {
  %0 = moe.get_state @keys(%batch) : tensor<?x2x?x16xf32>
  %1 = moe.get_state @sum : tensor<4xf32>
  %2 = moe.append_state @keys, %new : (tensor<?x2x?x16xf32>) -> tensor<?x2x?x16xf32>
  %3 = moe.write_state @keys(%batch), %new at %at axis 2 circular : (tensor<?x2x?x16xf32>, tensor<1xi64>) -> tensor<?x2x?x16xf32>
  moe.set_state @sum, %1 : tensor<4xf32>
  return
}
