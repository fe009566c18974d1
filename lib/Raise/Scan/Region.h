//===- Region.h - a part of the graph, executed ---------------------------------------------------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"
#include "moe/Reference/Tensor.h"

namespace moe::raise {

/// The ops between some inputs and some results.
class Region {
public:
  /// Everything that the results need, up to the inputs. What depends on lengths, constants and weights alone is part of it.
  Region(llvm::ArrayRef<mlir::Value> inputs, llvm::ArrayRef<mlir::Value> results);

  /// Values that the region reads besides its inputs and that depend on more than constants, weights and lengths.
  llvm::ArrayRef<mlir::Value> others() const { return free; }
  bool contains(mlir::Value value) const { return value.getDefiningOp() && ops.contains(value.getDefiningOp()); }

  /// The results for inputs of these values, computed by the interpreter. Lengths that the region computes with are those that `lengths`
  /// gives to their symbols. Nullopt where the region cannot be run on them.
  std::optional<std::vector<Tensor>> run(const ShapeAnalysis &shapes, llvm::ArrayRef<Tensor> values, const std::map<std::string, int64_t> &lengths) const;

private:
  llvm::SmallVector<mlir::Value> inputs, results, free;
  llvm::SetVector<mlir::Operation *> ops;
};

/// The expression with its symbols' values put in; nullopt where one has none.
std::optional<int64_t> valueOf(SymExpr expr, const std::map<std::string, int64_t> &lengths);

} // namespace moe::raise
