//===- Importer.h - from a validated ONNX graph to onnx.node ops --------------------------------------*- C++ -*-===//
#pragma once

#include "Reader.h"
#include "moe/Analysis/Shapes.h"
#include "moe/Dialect/HostOp.h"
#include "moe/Dialect/Onnx.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringMap.h"

namespace moe {

/// What the graphs of a file have in common.
struct FileFacts {
  mlir::Location location;
  std::map<std::string, int64_t> opsets; ///< domain -> the version that the file imports
  llvm::ArrayRef<HostOp> hostOps;
};

/// Builds the ops of one graph. Nested graphs see the names of the graphs around them.
class GraphImporter {
public:
  /// `analysis` gives result types as nodes are made.
  GraphImporter(mlir::OpBuilder builder, const FileFacts &file, ShapeAnalysis &analysis, const GraphImporter *outer = nullptr)
      : builder(builder), file(file), analysis(analysis), outer(outer) {}

  /// Reads the types that the graph states for its values; nodes that the host computes have no others.
  void readTypes(const ::onnx::GraphProto &graph);

  /// Makes the value known under a name; false with a diagnostic where the name is taken.
  bool define(const std::string &name, mlir::Value value, mlir::Location loc);
  /// The value of a name here or further out; null where there is none.
  mlir::Value lookup(const std::string &name) const;

  /// The nodes, in an order in which each comes after what it reads; false with a diagnostic.
  bool nodes(const google::protobuf::RepeatedPtrField<::onnx::NodeProto> &nodes);

private:
  bool order(const google::protobuf::RepeatedPtrField<::onnx::NodeProto> &nodes, std::vector<int> &result);
  bool node(const ::onnx::NodeProto &proto);
  bool operands(const ::onnx::NodeProto &proto, llvm::SmallVectorImpl<mlir::Value> &values);
  bool attributes(const ::onnx::NodeProto &proto, llvm::SmallVectorImpl<mlir::NamedAttribute> &result,
                  llvm::SmallVectorImpl<const ::onnx::AttributeProto *> &graphs);
  bool hostNode(const ::onnx::NodeProto &proto, const HostOp &op, int64_t version);
  /// Makes the node's results known under their names.
  bool defineResults(const ::onnx::NodeProto &proto, mlir::Operation *op);
  /// Says what is wrong with a node; false.
  bool fail(const ::onnx::NodeProto &proto, const llvm::Twine &message) const;
  bool subgraph(const ::onnx::GraphProto &graph, mlir::Region &region, mlir::Location loc);
  mlir::Location locate(const ::onnx::NodeProto &proto) const;

  mlir::OpBuilder builder;
  const FileFacts &file;
  ShapeAnalysis &analysis;
  const GraphImporter *outer;
  llvm::StringMap<mlir::Value> values;
  llvm::StringMap<const ::onnx::TypeProto *> stated; ///< value -> what the graph says of it
};

} // namespace moe
