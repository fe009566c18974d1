//===- Shapes.h - the lengths of axes, and the values of shape arithmetic, as expressions -------------*- C++ -*-===//
//
// ONNX graphs compute with shapes: Shape > Gather > Concat > Reshape. This analysis follows that arithmetic with symbols, so that a
// later pass knows that an axis has the length s44*s70 or that two axes are equal. Types come from ONNX's own inference functions,
// called node by node; what they cannot say (sums, products, quotients of lengths) is added here.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "moe/Analysis/SymExpr.h"
#include "moe/Dialect/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace moe {

class ShapeAnalysis {
public:
  using Exprs = std::vector<SymExpr>;

  /// Analyses a whole function: its arguments' `onnx.dims`, then each op in order. Result types of `onnx.node` ops are refined in
  /// place. Fails with a diagnostic where ONNX's inference refuses a node.
  mlir::LogicalResult run(mlir::func::FuncOp function);
  /// The first half of run(): the arguments, and the equalities that are known of the function. The ops are visited by the caller.
  void begin(mlir::func::FuncOp function);

  /// The lengths of a value's axes; null where the rank is unknown or the value is no tensor.
  const Exprs *dims(mlir::Value value) const;
  /// The elements, in row-major order, of a small integer or boolean tensor; null where they are not known.
  const Exprs *content(mlir::Value value) const;
  /// The elements where all are constants.
  std::optional<llvm::SmallVector<int64_t>> constants(mlir::Value value) const;

  /// Pairs of lengths that the graph needs to be equal, in the order in which they were found. They hold in every answer above.
  const std::vector<std::pair<SymExpr, SymExpr>> &equalities() const { return required; }

  /// States the lengths of a value that no op computes.
  void define(mlir::Value value, Exprs lengths);
  /// Takes back what is known of a value, before it is analysed again.
  void forget(mlir::Value value) {
    lengths.erase(value);
    contents.erase(value);
  }
  /// Analyses one op whose operands are known.
  mlir::LogicalResult visit(mlir::Operation *op);
  /// The expression with all known equalities applied.
  SymExpr simplify(const SymExpr &expr) const;

private:
  friend class NodeInference;
  mlir::LogicalResult visitNode(onnx::NodeOp node);
  void visitOther(mlir::Operation *op);
  void fillUnknown(mlir::Value value);
  /// Lengths from `onnx.dims`; false where there are none that fit.
  bool defineNamed(mlir::Value value, mlir::ArrayAttr names);
  void require(const SymExpr &a, const SymExpr &b);

  llvm::DenseMap<mlir::Value, Exprs> lengths, contents;
  std::map<std::string, SymExpr> replaced; ///< symbol -> what it equals
  std::vector<std::pair<SymExpr, SymExpr>> required;
  unsigned fresh = 0;
};

} // namespace moe
