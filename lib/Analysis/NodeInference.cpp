//===- NodeInference.cpp - runs ONNX's own inference function on one onnx.node ----------------------------------===//
#include "NodeInference.h"
#include "moe/Dialect/Moe.h"
#include "moe/Schema/Convert.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace moe {
namespace {

/// Analyses a subgraph for the types of its outputs, given those of its inputs.
class RegionInference : public ::onnx::GraphInferencer {
public:
  RegionInference(Region &region, ShapeAnalysis &analysis) : region(region), analysis(analysis) {}

  std::vector<const ::onnx::TypeProto *> doInferencing(const std::vector<const ::onnx::TypeProto *> &types,
                                                       const std::vector<const ::onnx::TensorProto *> &) override {
    Block &body = region.front();
    for (auto [argument, type] : llvm::zip(body.getArguments(), types)) {
      std::vector<SymExpr> dims;
      Type inferred = type ? schema::tensorType(argument.getContext(), *type, &dims) : Type();
      if (!inferred)
        continue;
      argument.setType(inferred);
      if (isa<RankedTensorType>(inferred))
        analysis.define(argument, dims);
    }
    for (Operation &op : body.without_terminator())
      if (failed(analysis.visit(&op)))
        throw ::onnx::InferenceError("a node of the subgraph is invalid");
    std::vector<const ::onnx::TypeProto *> results;
    for (Value value : body.getTerminator()->getOperands()) {
      protos.push_back(schema::typeProto(value.getType(), analysis.dims(value)));
      results.push_back(&protos.back());
    }
    return results;
  }

private:
  Region &region;
  ShapeAnalysis &analysis;
  std::deque<::onnx::TypeProto> protos;
};

} // namespace

NodeInference::NodeInference(onnx::NodeOp node, ShapeAnalysis &analysis) : node(node), analysis(analysis) {
  for (Value operand : node.getOperands())
    inputs.push_back(schema::typeProto(operand.getType(), analysis.dims(operand)));
  outputs.resize(node.getNumResults());
  for (NamedAttribute attr : node.getAttrs())
    attributes[attr.getName().str()] = schema::attributeProto(attr.getName(), attr.getValue());
  for (auto [name, body] : llvm::zip(node.getSubgraphs(), node.getBodies())) {
    ::onnx::AttributeProto &proto = attributes[cast<StringAttr>(name).str()];
    proto.set_name(cast<StringAttr>(name).str());
    proto.set_type(::onnx::AttributeProto::GRAPH);
    for (BlockArgument argument : body.front().getArguments())
      *proto.mutable_g()->add_input()->mutable_type() = schema::typeProto(argument.getType());
    for (Value value : body.front().getTerminator()->getOperands())
      *proto.mutable_g()->add_output()->mutable_type() = schema::typeProto(value.getType());
  }
}

std::vector<::onnx::TypeProto> NodeInference::run(const ::onnx::OpSchema &schema) {
  schema.GetTypeAndShapeInferenceFunction()(*this);
  return outputs;
}

const ::onnx::AttributeProto *NodeInference::getAttribute(const std::string &name) const {
  auto found = attributes.find(name);
  return found == attributes.end() ? nullptr : &found->second;
}

const ::onnx::TypeProto *NodeInference::getInputType(size_t index) const {
  return index < inputs.size() && inputs[index].has_tensor_type() ? &inputs[index] : nullptr;
}

const ::onnx::TensorProto *NodeInference::getInputData(size_t index) const {
  if (index >= inputs.size())
    return nullptr;
  Value operand = node.getOperand(index);
  if (ElementsAttr value; matchPattern(operand, m_Constant(&value))) {
    data.push_back(schema::tensorProto(value));
    return &data.back();
  }
  // Shape arithmetic that came out constant.
  auto values = analysis.constants(operand);
  auto type = dyn_cast<RankedTensorType>(operand.getType());
  if (!values || !type || !type.hasStaticShape())
    return nullptr;
  ::onnx::TensorProto tensor;
  tensor.set_data_type(schema::elementCode(type.getElementType()));
  for (int64_t length : type.getShape())
    tensor.add_dims(length);
  for (int64_t value : *values)
    if (tensor.data_type() == ::onnx::TensorProto::INT64)
      tensor.add_int64_data(value);
    else
      tensor.add_int32_data(value);
  data.push_back(std::move(tensor));
  return &data.back();
}

const ::onnx::TensorShapeProto *NodeInference::getSymbolicInput(size_t index) const {
  const ShapeAnalysis::Exprs *values = index < inputs.size() ? analysis.content(node.getOperand(index)) : nullptr;
  if (!values)
    return nullptr;
  ::onnx::TensorShapeProto shape;
  for (const SymExpr &value : *values) {
    auto *dim = shape.add_dim();
    if (auto constant = value.constant())
      dim->set_dim_value(*constant);
    else
      dim->set_dim_param(value.str());
  }
  symbolic.push_back(std::move(shape));
  return &symbolic.back();
}

::onnx::GraphInferencer *NodeInference::getGraphAttributeInferencer(const std::string &name) {
  Region *region = node.subgraph(name);
  if (!region)
    return nullptr;
  graphs.push_back(std::make_unique<RegionInference>(*region, analysis));
  return graphs.back().get();
}

} // namespace moe
