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
    if (auto node = cast<onnx::NodeOp>(region.getParentOp()); node.is("Loop"))
      return inferLoop(node);
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
    return visitBody();
  }

private:
  std::vector<const ::onnx::TypeProto *> visitBody() {
    Block &body = region.front();
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

  /// ONNX's inference forgets the lengths of what a loop carries, since they may change. Here they are kept where the body gives back the
  /// lengths that it takes; for the others it is analysed again.
  std::vector<const ::onnx::TypeProto *> inferLoop(onnx::NodeOp loop) {
    Block &body = region.front();
    unsigned carried = body.getNumArguments() - 2;
    auto give = [&](BlockArgument argument, Type type, const ShapeAnalysis::Exprs *dims) {
      argument.setType(type);
      analysis.forget(argument);
      if (isa<RankedTensorType>(type))
        analysis.define(argument, dims ? *dims : ShapeAnalysis::Exprs());
    };
    for (unsigned i : {0, 1})
      give(body.getArgument(i), RankedTensorType::get({}, cast<TensorType>(body.getArgument(i).getType()).getElementType()), nullptr);
    SmallVector<bool> keeps(carried, true);
    while (true) {
      for (unsigned i = 0; i < carried; ++i) {
        Value initial = loop.getOperand(2 + i);
        auto type = dyn_cast<RankedTensorType>(initial.getType());
        keeps[i] = keeps[i] && type && analysis.dims(initial);
        give(body.getArgument(2 + i), keeps[i] ? Type(type) : UnrankedTensorType::get(cast<TensorType>(initial.getType()).getElementType()),
             analysis.dims(initial));
      }
      auto results = visitBody();
      bool stable = true;
      for (unsigned i = 0; i < carried; ++i) {
        Value next = body.getTerminator()->getOperand(1 + i), initial = loop.getOperand(2 + i);
        const auto *before = analysis.dims(initial), *after = analysis.dims(next);
        if (keeps[i] && !(before && after && *before == *after))
          keeps[i] = stable = false;
      }
      if (stable)
        return results;
      for (Operation &op : body.without_terminator())
        for (OpResult result : op.getResults())
          if (auto type = dyn_cast<TensorType>(result.getType())) {
            analysis.forget(result);
            if (isa<onnx::NodeOp>(op))
              result.setType(UnrankedTensorType::get(type.getElementType()));
          }
    }
  }

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
