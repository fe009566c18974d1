//===- Experts.h - what ONNX Runtime's expert layers have in common -----------------------------------*- C++ -*-===//
#pragma once

#include "Expansion.h"

namespace moe::raise {

/// The unit that the attributes of MoE and QMoE describe.
struct ExpertUnit {
  Activation activation = Activation::relu;
  bool fused = false;       ///< gate and up lie in one tensor
  bool interleaved = false; ///< row by row; else one after the other
  bool gated = false;       ///< fused, or fc3 is the up projection
  double alpha = 1, beta = 0;
  std::optional<double> limit;
};

/// The unit of the node; `hasThird` says that fc3 is given.
mlir::FailureOr<ExpertUnit> expertUnit(Expansion &e, bool hasThird);

/// The banks of a layer: `first` is fc1, with up in it where the unit is fused; `third` is fc3. Biases may be null.
struct ExpertBanks {
  mlir::Value gate, up, down, gateBias, upBias, downBias;
};

/// Parts of a tensor [E, 2I, ...] that holds gate and up; the value itself is the gate where the unit is not fused.
std::pair<mlir::Value, mlir::Value> splitFused(Expansion &e, const ExpertUnit &unit, mlir::Value fused);

/// The ids and weights of the experts of each token. Scores are softmaxes of `logits` [T, E]; `weightsOf`, where given, has the weights of all
/// experts [T, E].
mlir::FailureOr<std::pair<mlir::Value, mlir::Value>> routeTokens(Expansion &e, mlir::Value logits, mlir::Value weightsOf);

/// The layer on the node's first operand, with its shape.
mlir::Value runExperts(Expansion &e, const ExpertUnit &unit, mlir::Value ids, mlir::Value weights, const ExpertBanks &banks);

} // namespace moe::raise
