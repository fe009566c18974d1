//===- NodeInference.h - runs ONNX's own inference function on one onnx.node --------------------------*- C++ -*-===//
#pragma once

#include "moe/Analysis/Shapes.h"
#include "onnx/defs/schema.h"
#include "onnx/defs/shape_inference.h"
#include <deque>

namespace moe {

/// The view of an `onnx.node` that ONNX's inference functions take. Nested graphs are analysed when they ask.
class NodeInference : public ::onnx::InferenceContext {
public:
  NodeInference(onnx::NodeOp node, ShapeAnalysis &analysis);

  /// Runs the schema's function and returns the type of each result; throws onnx::InferenceError.
  std::vector<::onnx::TypeProto> run(const ::onnx::OpSchema &schema);

  const ::onnx::AttributeProto *getAttribute(const std::string &name) const override;
  size_t getNumInputs() const override { return inputs.size(); }
  const ::onnx::TypeProto *getInputType(size_t index) const override;
  const ::onnx::TensorProto *getInputData(size_t index) const override;
  size_t getNumOutputs() const override { return outputs.size(); }
  ::onnx::TypeProto *getOutputType(size_t index) override { return &outputs.at(index); }
  ::onnx::GraphInferencer *getGraphAttributeInferencer(const std::string &name) override;
  const ::onnx::SparseTensorProto *getInputSparseData(size_t) const override { return nullptr; }
  const ::onnx::TensorShapeProto *getSymbolicInput(size_t index) const override;

private:
  mutable onnx::NodeOp node; ///< ops are handles; asking one changes nothing
  ShapeAnalysis &analysis;
  std::vector<::onnx::TypeProto> inputs, outputs;
  std::map<std::string, ::onnx::AttributeProto> attributes;
  mutable std::deque<::onnx::TensorProto> data;
  mutable std::deque<::onnx::TensorShapeProto> symbolic;
  std::deque<std::unique_ptr<::onnx::GraphInferencer>> graphs;
};

} // namespace moe
