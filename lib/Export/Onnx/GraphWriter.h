//===- GraphWriter.h - a function of onnx.node ops as an ONNX graph -------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Moe.h"
#include "moe/Dialect/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"
#include "onnx/onnx_pb.h"

namespace moe {

class GraphWriter {
public:
  /// The main graph, but for the initialisers of weights. Fails with a diagnostic at an op that is no onnx.node, constant or weight.
  mlir::LogicalResult write(mlir::func::FuncOp function, ::onnx::GraphProto &graph);

  /// Symbol and name in the graph of each weight, in the order of their first use.
  const llvm::MapVector<mlir::StringAttr, std::string> &weights() const { return weightNames; }

private:
  mlir::LogicalResult operations(mlir::Block &block, ::onnx::GraphProto &graph);
  mlir::LogicalResult node(onnx::NodeOp op, ::onnx::GraphProto &graph);
  mlir::LogicalResult subgraph(mlir::Region &region, ::onnx::GraphProto &graph);
  void outputs(mlir::Operation *terminator, llvm::ArrayRef<std::string> wanted, ::onnx::GraphProto &graph);
  std::string fresh(llvm::StringRef wish) { return fresh(taken, wish); }
  static std::string fresh(llvm::StringSet<> &taken, llvm::StringRef wish);

  llvm::DenseMap<mlir::Value, std::string> names;
  llvm::StringSet<> taken, nodes; ///< names of values and of nodes
  llvm::MapVector<mlir::StringAttr, std::string> weightNames;
};

} // namespace moe
