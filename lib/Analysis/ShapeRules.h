//===- ShapeRules.h - per-operator rules of shape arithmetic ------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Analysis/Shapes.h"
#include <functional>

namespace moe {

/// What a rule reads of a node and says about its results.
struct ShapeFacts {
  ShapeFacts(onnx::NodeOp node, const ShapeAnalysis &analysis)
      : node(node), analysis(analysis), dims(node.getNumResults()), contents(node.getNumResults()) {}

  using Exprs = ShapeAnalysis::Exprs;
  const Exprs *shape(unsigned operand) const { return get(operand, &ShapeAnalysis::dims); }
  const Exprs *values(unsigned operand) const { return get(operand, &ShapeAnalysis::content); }
  std::optional<llvm::SmallVector<int64_t>> constants(unsigned operand) const {
    mlir::Value value = node.input(operand);
    return value ? analysis.constants(value) : std::nullopt;
  }

  mutable onnx::NodeOp node; ///< ops are handles; asking one changes nothing
  const ShapeAnalysis &analysis;
  std::vector<std::optional<Exprs>> dims, contents;  ///< per result, where the rule knows them
  std::vector<std::pair<SymExpr, SymExpr>> equal;    ///< lengths that the operator needs to be equal

private:
  const Exprs *get(unsigned operand, const Exprs *(ShapeAnalysis::*ask)(mlir::Value) const) const {
    mlir::Value value = node.input(operand);
    return value ? (analysis.*ask)(value) : nullptr;
  }
};

using ShapeRule = std::function<void(ShapeFacts &)>;

/// The rule of a node's operator, or null where ONNX's own inference says all there is.
ShapeRule shapeRule(onnx::NodeOp node);

/// The rank of a node's first results, where the operands' ranks give it although ONNX's inference needs a constant for it.
std::optional<int64_t> knownRank(onnx::NodeOp node);

} // namespace moe
