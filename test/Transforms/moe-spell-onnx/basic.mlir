// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-spell-onnx,canonicalize))' | FileCheck %s

// ONNX Runtime's operator has the router in it; the rows of gate and up take turns.
// CHECK-LABEL: func.func @experts
// CHECK-SAME: (%[[X:.*]]: tensor<?x8xf32>, %[[LOGITS:.*]]: tensor<?x4xf32>,
// CHECK: %[[NONE:.*]] = onnx.none
// CHECK: %[[FC1:.*]] = onnx.node "Reshape"
// CHECK: onnx.node "MoE"(%[[X]], %[[LOGITS]], %[[FC1]], %[[NONE]], %{{.*}}) {activation_alpha = 1.000000e+00 : f32, activation_beta = 0.000000e+00 : f32, activation_type = "swiglu", k = 2 : i64, normalize_routing_weights = 1 : i64, swiglu_fusion = 1 : i64} domain "com.microsoft"
// CHECK-NOT: TopK
func.func @experts(%x: tensor<?x8xf32>, %logits: tensor<?x4xf32>, %g: tensor<4x6x8xf32>, %u: tensor<4x6x8xf32>, %d: tensor<4x8x6xf32>) -> tensor<?x8xf32> {
  %ids, %w = moe.route %logits {k = 2 : i64, renorm = #moe.renorm<sum>} : (tensor<?x4xf32>) -> (tensor<?x2xi32>, tensor<?x2xf32>)
  %y = moe.experts %x, %ids, %w gate %g up %u down %d
     : (tensor<?x8xf32>, tensor<?x2xi32>, tensor<?x2xf32>, tensor<4x6x8xf32>, tensor<4x6x8xf32>, tensor<4x8x6xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// A cache that attention reads is put together by it.
// CHECK-LABEL: func.func @cache
// CHECK: %[[R:.*]]:3 = onnx.node "Attention"(%{{.*}}, %arg1, %arg2, %{{.*}}, %arg3, %arg4) {is_causal = 1 : i64
// CHECK: return %[[R]]#0, %[[R]]#1, %[[R]]#2
func.func @cache(%q: tensor<?x4x?x8xf32> {onnx.dims = ["b", "", "s", ""]}, %k: tensor<?x2x?x8xf32> {onnx.dims = ["b", "", "s", ""]},
                 %v: tensor<?x2x?x8xf32> {onnx.dims = ["b", "", "s", ""]}, %pk: tensor<?x2x?x8xf32> {onnx.dims = ["b", "", "p", ""]},
                 %pv: tensor<?x2x?x8xf32> {onnx.dims = ["b", "", "p", ""]}) -> (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) {
  %ks = onnx.node "Concat"(%pk, %k) {axis = 2 : i64} version 20 : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  %vs = onnx.node "Concat"(%pv, %v) {axis = -2 : i64} version 20 : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  %y = moe.attention %q, %ks, %vs {causal, scale = 0.5 : f64} : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x4x?x8xf32>
  return %y, %ks, %vs : tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>
}
