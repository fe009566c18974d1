//===- Importer.cpp - from a validated ONNX graph to onnx.node ops ----------------------------------------------===//
#include "Importer.h"
#include "TypeCheck.h"
#include "moe/Schema/Convert.h"
#include "mlir/IR/Diagnostics.h"
#include "onnx/checker.h"
#include "onnx/defs/schema.h"

using namespace mlir;
using ::onnx::AttributeProto;
using ::onnx::NodeProto;

namespace moe {

using Nodes = google::protobuf::RepeatedPtrField<NodeProto>;

Location GraphImporter::locate(const NodeProto &proto) const {
  std::string name = proto.name();
  if (name.empty() && proto.output_size())
    name = proto.output(0);
  return NameLoc::get(StringAttr::get(builder.getContext(), name), file.location);
}

bool GraphImporter::define(const std::string &name, Value value, Location loc) {
  if (!values.try_emplace(name, value).second) {
    emitError(loc) << "two values are called '" << name << "'; each name may be given once";
    return false;
  }
  return true;
}

Value GraphImporter::lookup(const std::string &name) const {
  if (Value value = values.lookup(name))
    return value;
  return outer ? outer->lookup(name) : Value();
}

/// All names that a node reads from outside itself, those of its subgraphs included.
static void readNames(const NodeProto &node, std::vector<std::string> &names) {
  names.insert(names.end(), node.input().begin(), node.input().end());
  for (const AttributeProto &attribute : node.attribute())
    if (attribute.has_g()) {
      for (const NodeProto &inner : attribute.g().node())
        readNames(inner, names);
      for (const auto &output : attribute.g().output())
        names.push_back(output.name());
    }
}

bool GraphImporter::order(const Nodes &nodes, std::vector<int> &result) {
  llvm::StringMap<int> producer;
  for (auto [index, node] : llvm::enumerate(nodes))
    for (const std::string &name : node.output())
      if (!name.empty() && !producer.try_emplace(name, index).second) {
        emitError(locate(node)) << node.op_type() << ": two nodes give the value '" << name << "'; each name may be given once";
        return false;
      }
  enum State : char { unseen, open, done };
  std::vector<State> state(nodes.size(), unseen);
  // Depth first without recursion: graphs are as deep as they are long.
  for (int root = 0; root < nodes.size(); ++root) {
    std::vector<int> stack = {root};
    while (!stack.empty()) {
      int at = stack.back();
      if (state[at] == done) {
        stack.pop_back();
        continue;
      }
      if (state[at] == open) {
        state[at] = done;
        result.push_back(at);
        stack.pop_back();
        continue;
      }
      state[at] = open;
      std::vector<std::string> names;
      readNames(nodes[at], names);
      for (auto name = names.rbegin(); name != names.rend(); ++name) {
        auto found = producer.find(*name);
        if (found == producer.end() || state[found->second] == done)
          continue;
        if (state[found->second] == open) {
          emitError(locate(nodes[at])) << nodes[at].op_type() << ": the graph has a cycle through '" << *name << "'";
          return false;
        }
        stack.push_back(found->second);
      }
    }
  }
  return true;
}

bool GraphImporter::nodes(const Nodes &protos) {
  std::vector<int> sorted;
  return order(protos, sorted) && llvm::all_of(sorted, [&](int index) { return node(protos[index]); });
}

/// The tensor that a Constant node's one attribute stands for; null where it is none.
static ElementsAttr constantValue(ArrayRef<NamedAttribute> attributes) {
  if (attributes.size() != 1)
    return {};
  Attribute value = attributes.front().getValue();
  MLIRContext *context = value.getContext();
  auto vector = [&](int64_t length, Type element) { return RankedTensorType::get({length}, element); };
  Type i64 = IntegerType::get(context, 64), f32 = Float32Type::get(context);
  if (auto tensor = dyn_cast<ElementsAttr>(value))
    return tensor;
  if (auto integer = dyn_cast<IntegerAttr>(value))
    return DenseElementsAttr::get(RankedTensorType::get({}, i64), integer.getInt());
  if (auto real = dyn_cast<FloatAttr>(value))
    return DenseElementsAttr::get(RankedTensorType::get({}, f32), float(real.getValueAsDouble()));
  if (auto integers = dyn_cast<DenseI64ArrayAttr>(value))
    return DenseElementsAttr::get(vector(integers.size(), i64), integers.asArrayRef());
  if (auto reals = dyn_cast<DenseF32ArrayAttr>(value))
    return DenseElementsAttr::get(vector(reals.size(), f32), reals.asArrayRef());
  return {};
}

static std::string domainOf(const NodeProto &proto) { return proto.domain() == "ai.onnx" ? "" : proto.domain(); }

static std::string shownName(const NodeProto &proto) {
  std::string domain = domainOf(proto);
  return domain.empty() ? proto.op_type() : domain + "." + proto.op_type();
}

bool GraphImporter::fail(const NodeProto &proto, const Twine &message) const {
  emitError(locate(proto)) << shownName(proto) << ": " << message;
  return false;
}

bool GraphImporter::operands(const NodeProto &proto, SmallVectorImpl<Value> &values) {
  for (const std::string &name : proto.input()) {
    values.push_back(name.empty() ? onnx::NoneOp::create(builder, locate(proto), onnx::NoneType::get(builder.getContext())).getResult() : lookup(name));
    if (!values.back())
      return fail(proto, "reads '" + Twine(name) + "', which nothing gives");
  }
  return true;
}

bool GraphImporter::attributes(const NodeProto &proto, SmallVectorImpl<NamedAttribute> &result, SmallVectorImpl<const AttributeProto *> &graphs) {
  for (const AttributeProto &attribute : proto.attribute()) {
    if (attribute.type() == AttributeProto::GRAPH) {
      graphs.push_back(&attribute);
      continue;
    }
    std::string error;
    Attribute value = schema::attribute(builder.getContext(), attribute, error);
    if (!value)
      return fail(proto, "attribute '" + Twine(attribute.name()) + "': " + error);
    result.push_back(builder.getNamedAttr(attribute.name(), value));
  }
  return true;
}

bool GraphImporter::defineResults(const NodeProto &proto, Operation *op) {
  for (auto [name, result] : llvm::zip(proto.output(), op->getResults()))
    if (!name.empty() && !define(name, result, op->getLoc()))
      return false;
  return true;
}

bool GraphImporter::node(const NodeProto &proto) {
  Location loc = locate(proto);
  std::string domain = domainOf(proto), shown = shownName(proto);
  auto opset = file.opsets.find(domain);
  if (opset == file.opsets.end())
    return fail(proto, "the file imports no opset of the domain '" + domain + "'");
  if (const auto *host = llvm::find_if(file.hostOps, [&](const HostOp &op) { return op.name == shown; }); host != file.hostOps.end())
    return hostNode(proto, *host, opset->second);
  const auto *schema = ::onnx::OpSchemaRegistry::Schema(proto.op_type(), opset->second, domain);
  if (!schema)
    return fail(proto, "unknown operator (opset " + Twine(opset->second) + "); let the host supply it (--host-op=" + shown + "), or export without it");
  try {
    schema->Verify(proto);
  } catch (const std::exception &error) {
    return fail(proto, StringRef(error.what()).trim());
  }

  SmallVector<Value> inputs;
  SmallVector<NamedAttribute> attrs;
  SmallVector<const AttributeProto *> graphs;
  if (!operands(proto, inputs) || !attributes(proto, attrs, graphs))
    return false;
  if (std::string error = typeError(*schema, proto, inputs); !error.empty())
    return fail(proto, error);
  if (proto.op_type() == "Constant" && domain.empty()) {
    ElementsAttr value = constantValue(attrs);
    if (!value)
      return fail(proto, "holds no tensor of a supported type");
    auto constant = onnx::ConstantOp::create(builder, loc, value);
    return succeeded(analysis.visit(constant)) && define(proto.output(0), constant, loc);
  }
  SmallVector<StringRef> graphNames = llvm::map_to_vector(graphs, [](auto *graph) { return StringRef(graph->name()); });
  // An unranked placeholder until the analysis has seen the node; left-out results have the type none.
  SmallVector<Type> types;
  for (const std::string &name : proto.output())
    types.push_back(name.empty() ? Type(onnx::NoneType::get(builder.getContext()))
                                 : Type(UnrankedTensorType::get(builder.getF32Type())));
  auto op = onnx::NodeOp::create(builder, loc, types, proto.op_type(), domain, opset->second,
                                 builder.getDictionaryAttr(attrs), builder.getStrArrayAttr(graphNames), inputs,
                                 graphs.size());
  for (auto [graph, region] : llvm::zip(graphs, op.getBodies()))
    if (!subgraph(graph->g(), region, loc))
      return false;
  return succeeded(analysis.visit(op)) && defineResults(proto, op);
}

bool GraphImporter::subgraph(const ::onnx::GraphProto &graph, Region &region, Location loc) {
  Block &body = region.emplaceBlock();
  GraphImporter inner(OpBuilder::atBlockEnd(&body), file, analysis, this);
  inner.readTypes(graph);
  for (const auto &input : graph.input()) {
    Type type = schema::tensorType(builder.getContext(), input.type());
    if (!type)
      type = UnrankedTensorType::get(builder.getF32Type());
    BlockArgument argument = body.addArgument(type, loc);
    if (!inner.define(input.name(), argument, loc))
      return false;
  }
  for (const auto &tensor : graph.initializer()) {
    std::string error;
    ElementsAttr value = schema::elements(builder.getContext(), tensor, error);
    if (!value) {
      emitError(loc) << "initialiser '" << tensor.name() << "' of a subgraph: " << error;
      return false;
    }
    if (!inner.define(tensor.name(), onnx::ConstantOp::create(inner.builder, loc, value), loc))
      return false;
  }
  if (!inner.nodes(graph.node()))
    return false;
  SmallVector<Value> outputs;
  for (const auto &output : graph.output()) {
    outputs.push_back(inner.lookup(output.name()));
    if (!outputs.back()) {
      emitError(loc) << "a subgraph gives '" << output.name() << "', which nothing computes";
      return false;
    }
  }
  onnx::YieldOp::create(inner.builder, loc, outputs);
  return true;
}

} // namespace moe
