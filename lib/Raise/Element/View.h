//===- View.h - following the definitions of tensors, element by element ------------------------------*- C++ -*-===//
#pragma once

#include "Expr.h"
#include "moe/Analysis/Shapes.h"
#include "moe/Dialect/Onnx.h"

namespace moe::raise {

/// How far a definition is followed.
enum class Follow {
  Layout, ///< operators that only move elements: reshape, transpose, slice, concat, expand, tile, gather, cast between floats
  All,    ///< these, elementwise operators, products and reductions
};

class View {
public:
  View(ShapeAnalysis &shapes, ExprPool &pool) : shapes(shapes), pool(pool) {}

  ShapeAnalysis &shapes;
  ExprPool &pool;

  /// A tensor at new digits, one per axis; `digits` receives them.
  E at(mlir::Value tensor, std::vector<E> &digits);
  /// The extent of an axis; an unknown one is a symbol of its own.
  SymExpr extent(mlir::Value tensor, unsigned axis) const;

  /// What shape arithmetic says the element of a load is.
  std::optional<SymExpr> lengthAt(E load) const;

  /// A load with its tensor's definition put in once; null where the definition is not followed.
  E step(E load, Follow follow);
  /// Takes a load for another expression from now on: what is known of it from outside its definition.
  void assume(E load, E meaning) { steps[{load, int(Follow::Layout)}] = steps[{load, int(Follow::All)}] = meaning; }
  /// The expression with its head followed until it is no load that can be followed.
  E head(E expr, Follow follow = Follow::All);
  /// The expression with every load in it followed as far as it goes through layout operators.
  E layout(E expr);
  /// The same through elementwise operators as well, for expressions over small integers: what is computed is in plain sight.
  E open(E expr);
  /// The same for the loads of tensors that `follow` accepts, and no others.
  E openWhere(E expr, llvm::function_ref<bool(mlir::Value)> follow);

private:
  E stepLayout(onnx::NodeOp node, unsigned result, llvm::ArrayRef<E> indices);
  E stepConcat(onnx::NodeOp node, llvm::ArrayRef<E> indices);
  E stepReshape(mlir::Value from, mlir::Value to, llvm::ArrayRef<E> indices);
  E stepGrouped(onnx::NodeOp node, llvm::ArrayRef<E> indices);
  E stepCompute(onnx::NodeOp node, llvm::ArrayRef<E> indices);
  E stepElementwise(onnx::NodeOp node, llvm::ArrayRef<E> indices);
  E stepProduct(onnx::NodeOp node, llvm::ArrayRef<E> indices);
  E stepReduce(onnx::NodeOp node, llvm::ArrayRef<E> indices);
  E stepOneHot(onnx::NodeOp node, llvm::ArrayRef<E> indices);
  E stepTable(onnx::NodeOp node, llvm::ArrayRef<E> indices);
  /// The operand at the place of an elementwise result: axes of length 1 stay at 0.
  E broadcastLoad(mlir::Value operand, llvm::ArrayRef<E> indices);
  std::optional<llvm::SmallVector<int64_t>> axes(onnx::NodeOp node, unsigned operand, int64_t rank);
  E rewrite(E expr, llvm::function_ref<E(E)> leaf, std::map<E, E> &done);

  std::map<std::pair<E, int>, E> steps;
};

/// True for an operator of the standard domain that is elementwise, broadcasts its operands and has no attributes that matter.
bool isElementwise(llvm::StringRef op);

/// True where the result is a permutation of [0, n): the indices of a sort of a whole axis.
bool isPermutation(mlir::Value value, const ShapeAnalysis &shapes);

} // namespace moe::raise
