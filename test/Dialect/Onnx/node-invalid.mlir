// RUN: moe-opt %s -split-input-file -verify-diagnostics -o /dev/null

func.func @node_c1(%x: tensor<f32>) {
  // expected-error @below {{needs the name of an operator}}
  %0 = onnx.node ""(%x) version 13 : (tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @node_c2_count(%x: tensor<f32>) {
  // expected-error @below {{has 1 regions for 2 subgraph names}}
  %0 = onnx.node "If"(%x) version 13 : (tensor<f32>) -> tensor<f32> subgraphs ["then_branch", "else_branch"] {
    onnx.yield %x : tensor<f32>
  }
  return
}

// -----

func.func @node_c2_yield(%x: tensor<f32>) {
  // expected-error @below {{needs one block that ends in onnx.yield in each region}}
  %0 = onnx.node "If"(%x) version 13 : (tensor<f32>) -> tensor<f32> subgraphs ["then_branch"] {
    %1 = onnx.node "Neg"(%x) version 13 : (tensor<f32>) -> tensor<f32>
    moe.yield
  }
  return
}

// -----

func.func @node_c3(%x: tensor<f32>) {
  // expected-error @below {{needs an opset version of at least 1}}
  %0 = onnx.node "Neg"(%x) version 0 : (tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @constant_c1() {
  // expected-error @below {{failed to verify that all of {value, result} have same type}}
  %0 = "onnx.constant"() {value = dense<1> : tensor<2xi64>} : () -> tensor<2xi32>
  return
}
