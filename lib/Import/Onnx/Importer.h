//===- Importer.h - from a validated ONNX graph to onnx.node ops --------------------------------------*- C++ -*-===//
#pragma once

#include "Reader.h"
#include "moe/Analysis/Shapes.h"
#include "moe/Dialect/Onnx.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringMap.h"

namespace moe {

/// Builds the ops of one graph. Nested graphs see the names of the graphs around them.
class GraphImporter {
public:
  /// `opsets` maps a domain to the version that the file imports. `analysis` gives result types as nodes are made.
  GraphImporter(mlir::OpBuilder builder, mlir::Location file, const std::map<std::string, int64_t> &opsets,
                ShapeAnalysis &analysis, const GraphImporter *outer = nullptr)
      : builder(builder), file(file), opsets(opsets), analysis(analysis), outer(outer) {}

  /// Makes the value known under a name; false with a diagnostic where the name is taken.
  bool define(const std::string &name, mlir::Value value, mlir::Location loc);
  /// The value of a name here or further out; null where there is none.
  mlir::Value lookup(const std::string &name) const;

  /// The nodes, in an order in which each comes after what it reads; false with a diagnostic.
  bool nodes(const google::protobuf::RepeatedPtrField<::onnx::NodeProto> &nodes);

private:
  bool order(const google::protobuf::RepeatedPtrField<::onnx::NodeProto> &nodes, std::vector<int> &result);
  bool node(const ::onnx::NodeProto &proto);
  bool subgraph(const ::onnx::GraphProto &graph, mlir::Region &region, mlir::Location loc);
  mlir::Location locate(const ::onnx::NodeProto &proto) const;

  mlir::OpBuilder builder;
  mlir::Location file;
  const std::map<std::string, int64_t> &opsets;
  ShapeAnalysis &analysis;
  const GraphImporter *outer;
  llvm::StringMap<mlir::Value> values;
};

} // namespace moe
