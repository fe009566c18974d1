// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s -mlir-print-op-generic | moe-opt | FileCheck %s

// Defaults are not printed.
// CHECK-LABEL: func.func @route_defaults
// CHECK: moe.route %{{.*}} {k = 2 : i64} : (tensor<?x8xf32>) -> (tensor<?x2xi32>, tensor<?x2xf32>)
func.func @route_defaults(%logits: tensor<?x8xf32>) {
  %ids, %w = moe.route %logits {k = 2 : i64, score = #moe.score<softmax>, scale = 1.0 : f64} : (tensor<?x8xf32>) -> (tensor<?x2xi32>, tensor<?x2xf32>)
  return
}

// CHECK-LABEL: func.func @route_parts
// CHECK: moe.route %{{.*}} bias %{{.*}} {epsilon = 7.812500e-03 : f64, group_score = #moe.group_score<top2_sum>, groups = 4 : i64, groups_kept = 2 : i64,
// CHECK-SAME: k = 2 : i64, renorm = #moe.renorm<sum>, scale = 2.500000e+00 : f64, score = #moe.score<sigmoid>}
func.func @route_parts(%logits: tensor<3x8xbf16>, %bias: tensor<8xf32>) {
  %ids, %w = moe.route %logits bias %bias {k = 2 : i64, score = #moe.score<sigmoid>, renorm = #moe.renorm<sum>, groups = 4 : i64,
      groups_kept = 2 : i64, group_score = #moe.group_score<top2_sum>, scale = 2.5 : f64, epsilon = 0.0078125 : f64}
      : (tensor<3x8xbf16>, tensor<8xf32>) -> (tensor<3x2xi64>, tensor<3x2xf32>)
  return
}

// CHECK-LABEL: func.func @route_hash
// CHECK: moe.route %{{.*}} tokens %{{.*}} table %{{.*}} {k = 1 : i64, select = #moe.select<hash>}
func.func @route_hash(%logits: tensor<?x8xf32>, %tokens: tensor<?xi64>, %table: tensor<100x1xi32>) {
  %ids, %w = moe.route %logits tokens %tokens table %table {k = 1 : i64, select = #moe.select<hash>}
      : (tensor<?x8xf32>, tensor<?xi64>, tensor<100x1xi32>) -> (tensor<?x1xi32>, tensor<?x1xf32>)
  return
}

// CHECK-LABEL: func.func @route_sequence
// CHECK: moe.route %{{.*}} sequence %{{.*}} {capacity = 4 : i64, k = 1 : i64, select = #moe.select<capacity>}
func.func @route_sequence(%logits: tensor<?x8xf32>, %length: tensor<i64>) {
  %ids, %w = moe.route %logits sequence %length {k = 1 : i64, select = #moe.select<capacity>, capacity = 4 : i64}
      : (tensor<?x8xf32>, tensor<i64>) -> (tensor<?x1xi32>, tensor<?x1xf32>)
  return
}

// CHECK-LABEL: func.func @top_k
// CHECK: moe.top_k %{{.*}}, %{{.*}} {largest = false} : tensor<?x8xf32> -> tensor<?x?xf32>, tensor<?x?xi64>
func.func @top_k(%x: tensor<?x8xf32>, %k: index) {
  %v, %i = moe.top_k %x, %k {largest = false} : tensor<?x8xf32> -> tensor<?x?xf32>, tensor<?x?xi64>
  return
}
