//===- Layers.h - finding projections, norms and rotary embeddings ------------------------------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"

namespace moe::raise {

/// True for what is computed from weights and constants alone.
class WeightSet {
public:
  bool contains(mlir::Value value);

private:
  llvm::DenseMap<mlir::Value, bool> known;
};

/// MatMul and Gemm by a weight, with the bias that is added, become moe.linear.
bool raiseLinear(View &view, WeightSet &weights, onnx::NodeOp node);
/// A node that ends a normalisation of the last axis becomes moe.norm: x / sqrt(mean(x^2) + e) with or without a weight, and the standard's
/// own operators.
bool raiseNorm(View &view, WeightSet &weights, onnx::NodeOp node);
/// x * cos + rotate(x) * sin becomes moe.rotary, however it is written.
bool raiseRotary(View &view, onnx::NodeOp node);
/// So does the standard's RotaryEmbedding.
bool raiseRotaryEmbedding(View &view, onnx::NodeOp node);

} // namespace moe::raise
