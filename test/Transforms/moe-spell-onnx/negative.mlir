// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-spell-onnx))' -split-input-file -verify-diagnostics

// What ONNX has no form for is an error that says so.
func.func @capacity(%logits: tensor<?x4xf32>) -> tensor<?x2xf32> {
  // expected-error @below {{a router that selects by capacity has no form in ONNX; compile to an artefact (-o NAME.moe)}}
  %ids, %w = moe.route %logits {k = 2 : i64, select = #moe.select<capacity>, capacity = 3 : i64} : (tensor<?x4xf32>) -> (tensor<?x2xi32>, tensor<?x2xf32>)
  return %w : tensor<?x2xf32>
}

// -----

func.func @pack(%w: tensor<64x8xf32>) -> tensor<4x8x16xf32> {
  // expected-error @below {{moe.pack has no form in ONNX; compile to an artefact (-o NAME.moe)}}
  %0 = moe.pack %w : tensor<64x8xf32> -> tensor<4x8x16xf32>
  return %0 : tensor<4x8x16xf32>
}

// -----

func.func @heads(%q: tensor<2x?x3x8xf32>, %k: tensor<2x2x3x8xf32>, %s: tensor<?xf32>) -> tensor<2x?x3x8xf32> {
  // expected-error @below {{the number of heads is not known; ONNX has no form for it}}
  %0 = moe.attention %q, %k, %k sinks %s {scale = 1.0 : f64} : (tensor<2x?x3x8xf32>, tensor<2x2x3x8xf32>, tensor<2x2x3x8xf32>, tensor<?xf32>) -> tensor<2x?x3x8xf32>
  return %0 : tensor<2x?x3x8xf32>
}

// -----

func.func @rotary(%x: tensor<2x2x3x8xf32>, %c: tensor<2x3x?xf32>) -> tensor<2x2x3x8xf32> {
  // expected-error @below {{the width of a rotary embedding is not known}}
  %0 = moe.rotary %x, %c, %c : (tensor<2x2x3x8xf32>, tensor<2x3x?xf32>, tensor<2x3x?xf32>) -> tensor<2x2x3x8xf32>
  return %0 : tensor<2x2x3x8xf32>
}
