// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s -mlir-print-op-generic | moe-opt | FileCheck %s

// CHECK-LABEL: func.func @node
// CHECK: onnx.node "Gather"(%{{.*}}, %{{.*}}) {axis = 1 : i64} version 13 : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x2xf32>
func.func @node(%x: tensor<2x3xf32>, %i: tensor<2xi64>) {
  %0 = onnx.node "Gather"(%x, %i) {axis = 1 : i64} version 13 : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x2xf32>
  return
}

// Another domain, an operand that is left out, several results of unknown rank.
// CHECK-LABEL: func.func @node_domain
// CHECK: %[[NONE:.*]] = onnx.none
// CHECK: onnx.node "GroupQueryAttention"(%{{.*}}, %[[NONE]]) domain "com.microsoft" version 1 : (tensor<?xf16>, !onnx.none) -> (tensor<*xf16>, tensor<*xf16>)
func.func @node_domain(%x: tensor<?xf16>) {
  %none = onnx.none
  %0:2 = onnx.node "GroupQueryAttention"(%x, %none) domain "com.microsoft" version 1 : (tensor<?xf16>, !onnx.none) -> (tensor<*xf16>, tensor<*xf16>)
  return
}

// CHECK-LABEL: func.func @node_subgraphs
// CHECK: onnx.node "If"(%{{.*}}) version 21 : (tensor<i1>) -> tensor<4xf32> subgraphs ["then_branch", "else_branch"] {
// CHECK: onnx.yield %{{.*}} : tensor<4xf32>
// CHECK: }, {
// CHECK: onnx.yield %{{.*}} : tensor<4xf32>
func.func @node_subgraphs(%c: tensor<i1>, %x: tensor<4xf32>) {
  %0 = onnx.node "If"(%c) version 21 : (tensor<i1>) -> tensor<4xf32> subgraphs ["then_branch", "else_branch"] {
    onnx.yield %x : tensor<4xf32>
  }, {
    %1 = onnx.node "Neg"(%x) version 13 : (tensor<4xf32>) -> tensor<4xf32>
    onnx.yield %1 : tensor<4xf32>
  }
  return
}

// CHECK-LABEL: func.func @constant
// CHECK: onnx.constant dense<[1, 255]> : tensor<2xui8>
func.func @constant() {
  %0 = onnx.constant dense<[1, 255]> : tensor<2xui8>
  return
}
