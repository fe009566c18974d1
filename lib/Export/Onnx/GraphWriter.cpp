//===- GraphWriter.cpp - a function of onnx.node ops as an ONNX graph -------------------------------------------===//
#include "GraphWriter.h"
#include "moe/Dialect/HostOp.h"
#include "moe/Schema/Convert.h"

using namespace mlir;

namespace moe {

/// `wish`, or with a number behind it where the name is taken.
std::string GraphWriter::fresh(llvm::StringSet<> &taken, StringRef wish) {
  std::string name = wish.str();
  for (unsigned number = 1; !taken.insert(name).second; ++number)
    name = (wish + "_" + Twine(number)).str();
  return name;
}

/// What exporters and the importer call an op; else the operator's name.
static StringRef wishOf(Operation *op, StringRef otherwise) {
  auto named = dyn_cast<NameLoc>(op->getLoc());
  return named && !named.getName().getValue().empty() ? named.getName().getValue() : otherwise;
}

static void describe(::onnx::ValueInfoProto &info, StringRef name, Type type, ArrayAttr dims) {
  info.set_name(name.str());
  *info.mutable_type() = schema::typeProto(type);
  if (!dims || !info.type().tensor_type().has_shape())
    return;
  auto *shape = info.mutable_type()->mutable_tensor_type()->mutable_shape();
  for (int axis = 0; axis < shape->dim_size() && axis < int(dims.size()); ++axis)
    if (StringRef text = cast<StringAttr>(dims[axis]).getValue(); !shape->dim(axis).has_dim_value() && !text.empty())
      shape->mutable_dim(axis)->set_dim_param(text.str());
}

LogicalResult GraphWriter::write(func::FuncOp function, ::onnx::GraphProto &graph) {
  graph.set_name(function.getSymName().str());
  auto nameOf = [&](DictionaryAttr attrs, StringRef prefix, unsigned index) {
    auto given = attrs ? attrs.getAs<StringAttr>(onnx::kNameAttr) : StringAttr();
    return fresh(given ? given.getValue().str() : (prefix + Twine(index)).str());
  };
  auto dimsOf = [](DictionaryAttr attrs) { return attrs ? attrs.getAs<ArrayAttr>(onnx::kDimsAttr) : ArrayAttr(); };
  Block &body = function.getBody().front();
  for (BlockArgument argument : body.getArguments()) {
    DictionaryAttr attrs = function.getArgAttrDict(argument.getArgNumber());
    names[argument] = nameOf(attrs, "input", argument.getArgNumber());
    describe(*graph.add_input(), names[argument], argument.getType(), dimsOf(attrs));
  }
  std::vector<std::string> wanted;
  for (auto [index, value] : llvm::enumerate(body.getTerminator()->getOperands())) {
    DictionaryAttr attrs = function.getResultAttrDict(index);
    wanted.push_back(nameOf(attrs, "output", index));
    describe(*graph.add_output(), wanted.back(), value.getType(), dimsOf(attrs));
    if (value.getDefiningOp<onnx::NodeOp>())
      names.try_emplace(value, wanted.back());
  }
  if (failed(operations(body, graph)))
    return failure();
  outputs(body.getTerminator(), wanted, graph);
  return success();
}

/// A value that has another name, or none of a node of this graph, is copied to the output's.
void GraphWriter::outputs(Operation *terminator, ArrayRef<std::string> wanted, ::onnx::GraphProto &graph) {
  for (auto [value, name] : llvm::zip_equal(terminator->getOperands(), wanted)) {
    if (names[value] == name)
      continue;
    auto *copy = graph.add_node();
    copy->set_op_type("Identity");
    copy->add_input(names[value]);
    copy->add_output(name);
  }
}

LogicalResult GraphWriter::operations(Block &block, ::onnx::GraphProto &graph) {
  for (Operation &op : block.without_terminator()) {
    if (auto constant = dyn_cast<onnx::ConstantOp>(op)) {
      names[constant] = fresh(wishOf(&op, "constant"));
      *graph.add_initializer() = schema::tensorProto(constant.getValue(), names[constant]);
    } else if (auto param = dyn_cast<GetParamOp>(op)) {
      std::string &name = weightNames[param.getParamAttr().getAttr()];
      if (name.empty())
        name = fresh(param.getParam());
      names[param] = name;
    } else if (auto none = dyn_cast<onnx::NoneOp>(op)) {
      names[none] = "";
    } else if (auto other = dyn_cast<onnx::NodeOp>(op)) {
      if (failed(node(other, graph)))
        return failure();
    } else {
      return op.emitError() << op.getName() << " has no form in ONNX";
    }
  }
  return success();
}

LogicalResult GraphWriter::node(onnx::NodeOp op, ::onnx::GraphProto &graph) {
  auto *proto = graph.add_node();
  proto->set_op_type(op.getOpType().str());
  proto->set_domain(op.getDomain().str());
  StringRef wish = wishOf(op, op.getOpType());
  proto->set_name(fresh(nodes, wish));
  for (Value operand : op.getOperands())
    proto->add_input(names[operand]);
  while (proto->input_size() && proto->input(proto->input_size() - 1).empty())
    proto->mutable_input()->RemoveLast();
  for (OpResult result : op.getResults()) {
    if (!isa<onnx::NoneType>(result.getType()) && names[result].empty())
      names[result] = fresh(op.getNumResults() == 1 ? wish.str() : (wish + "." + Twine(result.getResultNumber())).str());
    proto->add_output(names[result]);
  }
  if (auto dims = op->getAttrOfType<ArrayAttr>(onnx::kHostAttr)) // nobody can infer what such a node gives
    for (auto [result, own] : llvm::zip_equal(op.getResults(), dims.getAsRange<ArrayAttr>()))
      describe(*graph.add_value_info(), names[result], result.getType(), own);
  for (NamedAttribute attribute : op.getAttrs())
    *proto->add_attribute() = schema::attributeProto(attribute.getName(), attribute.getValue());
  for (auto [name, region] : llvm::zip_equal(op.getSubgraphs().getAsRange<StringAttr>(), op.getBodies())) {
    auto *attribute = proto->add_attribute();
    attribute->set_name(name.str());
    attribute->set_type(::onnx::AttributeProto::GRAPH);
    attribute->mutable_g()->set_name(name.str());
    if (failed(subgraph(region, *attribute->mutable_g())))
      return failure();
  }
  return success();
}

LogicalResult GraphWriter::subgraph(Region &region, ::onnx::GraphProto &graph) {
  Block &body = region.front();
  auto owner = cast<onnx::NodeOp>(region.getParentOp());
  for (BlockArgument argument : body.getArguments()) {
    names[argument] = fresh("element");
    Type type = argument.getType();
    if (owner.is("Loop") && argument.getArgNumber() < 2) // its counter and condition: the standard allows two shapes, runtimes want to know
      type = RankedTensorType::get({}, getElementTypeOrSelf(type));
    describe(*graph.add_input(), names[argument], type, {});
  }
  std::vector<std::string> wanted;
  for (Value value : body.getTerminator()->getOperands()) {
    wanted.push_back(fresh("result"));
    describe(*graph.add_output(), wanted.back(), value.getType(), {});
    if (Operation *producer = value.getDefiningOp(); isa_and_nonnull<onnx::NodeOp>(producer) && producer->getBlock() == &body)
      names.try_emplace(value, wanted.back());
  }
  if (failed(operations(body, graph)))
    return failure();
  outputs(body.getTerminator(), wanted, graph);
  return success();
}

} // namespace moe
