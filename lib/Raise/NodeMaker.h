//===- NodeMaker.h - new ONNX nodes with known shapes -------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Analysis/Shapes.h"
#include "moe/Dialect/Onnx.h"
#include "mlir/IR/Builders.h"

namespace moe::raise {

/// Makes nodes of the standard domain where the builder stands; the analysis learns their shapes.
class NodeMaker {
public:
  NodeMaker(mlir::OpBuilder builder, mlir::Location loc, ShapeAnalysis &shapes) : b(builder), loc(loc), shapes(shapes) {}

  mlir::OpBuilder b;
  mlir::Location loc;
  ShapeAnalysis &shapes;
  bool valid = true; ///< false after a node that ONNX's inference refuses, with a diagnostic

  mlir::Value node(llvm::StringRef op, mlir::ValueRange operands, llvm::ArrayRef<mlir::NamedAttribute> attrs = {}, int64_t version = 21);
  /// A node with several results.
  mlir::ValueRange nodes(llvm::StringRef op, unsigned results, mlir::ValueRange operands, llvm::ArrayRef<mlir::NamedAttribute> attrs,
                         int64_t version);
  mlir::Value ints(llvm::ArrayRef<int64_t> values);      ///< a constant of rank 1
  mlir::Value number(double value, mlir::Type element);  ///< a constant of rank 0
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  mlir::Value transpose(mlir::Value value, llvm::ArrayRef<int64_t> perm); ///< the value itself where nothing moves
  /// start, start + step, ... (count of them) along an axis; the value itself where that is all of it.
  mlir::Value slice(mlir::Value value, int64_t axis, int64_t start, int64_t step, int64_t count);
  mlir::NamedAttribute attr(llvm::StringRef name, int64_t value) { return b.getNamedAttr(name, b.getI64IntegerAttr(value)); }
  /// Tells the analysis of an op that was made in another way.
  template <typename Op> Op known(Op op) {
    valid &= mlir::succeeded(shapes.visit(op));
    return op;
  }
};

} // namespace moe::raise
