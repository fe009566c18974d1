//===- FunctionBody.cpp - an operator as the nodes of its ONNX function body ------------------------------------===//
#include "Importer.h"
#include "StandardBodies.h"
#include "moe/Import/Onnx.h"
#include "moe/Schema/Convert.h"
#include "onnx/defs/function.h"
#include "onnx/defs/parser.h"
#include "onnx/defs/schema.h"

using namespace mlir;
using ::onnx::AttributeProto;
using ::onnx::FunctionProto;
using ::onnx::NodeProto;
using ::onnx::OpSchema;

namespace moe {
namespace {

const OpSchema *schemaOf(onnx::NodeOp node) {
  return ::onnx::OpSchemaRegistry::Schema(node.getOpType().str(), node.getVersion(), node.getDomain().str());
}

/// The node with its operands called in0, in1, ... and its results out0, out1, ...
NodeProto callOf(onnx::NodeOp node) {
  NodeProto call;
  call.set_op_type(node.getOpType().str());
  call.set_domain(node.getDomain().str());
  for (unsigned i = 0; i < node.getNumOperands(); ++i)
    call.add_input(node.input(i) ? "in" + std::to_string(i) : "");
  for (auto [index, result] : llvm::enumerate(node.getResults()))
    call.add_output(isa<onnx::NoneType>(result.getType()) ? "" : "out" + std::to_string(index));
  for (NamedAttribute attribute : node.getAttrs())
    *call.add_attribute() = schema::attributeProto(attribute.getName(), attribute.getValue());
  return call;
}

/// The body that ONNX leaves out; false where there is none.
bool parseStandardBody(onnx::NodeOp node, FunctionProto &body) {
  std::string text = standardBody(node);
  if (text.empty())
    return false;
  auto names = [](const char *prefix, unsigned count) {
    std::string result;
    for (unsigned i = 0; i < count; ++i)
      result += (i ? ", " : "") + (prefix + std::to_string(i));
    return result;
  };
  text = "<opset_import: [\"\" : 21], domain: \"moe\">\n" + node.getOpType().str() + " (" + names("in", node.getNumOperands()) + ") => (out0) {\n" + text + "\n}";
  ::onnx::OnnxParser parser(text.c_str());
  auto status = parser.Parse(body);
  if (!status.IsOK())
    llvm::report_fatal_error(llvm::Twine("function body of ") + node.getOpType() + ": " + status.ErrorMessage());
  return true;
}

/// The body for the node's types and version; false where there is none.
bool build(onnx::NodeOp node, const OpSchema &schema, const NodeProto &call, const ShapeAnalysis &analysis, FunctionProto &body) {
  if (schema.HasContextDependentFunction()) {
    std::vector<::onnx::TypeProto> types;
    for (Value operand : node.getOperands())
      types.push_back(schema::typeProto(operand.getType(), analysis.dims(operand)));
    ::onnx::FunctionBodyBuildContextImpl context(call, types);
    if (schema.BuildContextDependentFunction(context, body, node.getVersion()))
      return true;
    body.Clear();
  }
  const FunctionProto *fixed = schema.GetFunction(node.getDomain().empty() ? node.getVersion() : OpSchema::kUninitializedSinceVersion);
  if (!fixed)
    return parseStandardBody(node, body);
  body = *fixed;
  return true;
}

/// Replaces what refers to an attribute of the call by that attribute, or its default; without either the attribute is left out.
void resolveAttributes(google::protobuf::RepeatedPtrField<NodeProto> &nodes, const NodeProto &call, const OpSchema &schema, StringRef prefix) {
  for (NodeProto &inner : nodes) {
    inner.set_name((prefix + "/" + (inner.output_size() ? inner.output(0) : inner.op_type())).str());
    google::protobuf::RepeatedPtrField<AttributeProto> resolved;
    for (AttributeProto &attribute : *inner.mutable_attribute()) {
      if (attribute.ref_attr_name().empty()) {
        if (attribute.has_g())
          resolveAttributes(*attribute.mutable_g()->mutable_node(), call, schema, prefix);
        *resolved.Add() = attribute;
        continue;
      }
      const AttributeProto *source = nullptr;
      for (const AttributeProto &given : call.attribute())
        if (given.name() == attribute.ref_attr_name())
          source = &given;
      if (auto known = schema.attributes().find(attribute.ref_attr_name());
          !source && known != schema.attributes().end() && known->second.default_value.type() != AttributeProto::UNDEFINED)
        source = &known->second.default_value;
      if (!source)
        continue;
      AttributeProto *copy = resolved.Add();
      *copy = *source;
      copy->set_name(attribute.name());
    }
    inner.mutable_attribute()->Swap(&resolved);
  }
}

} // namespace

bool hasFunctionBody(onnx::NodeOp node) {
  const OpSchema *schema = schemaOf(node);
  return schema && (schema->HasFunction() || schema->HasContextDependentFunction() || hasStandardBody(node));
}

LogicalResult expandFunctionBody(onnx::NodeOp node, ShapeAnalysis &analysis) {
  auto fail = [&](const Twine &message) { return node.emitError(node.qualifiedName()) << ": " << message; };
  const OpSchema *schema = schemaOf(node);
  FunctionProto body;
  NodeProto call = callOf(node);
  if (!schema || !build(node, *schema, call, analysis, body))
    return fail("this operator is not supported (opset " + Twine(node.getVersion()) + "): ONNX defines no function body for these types and attributes");
  std::string prefix = node.getOpType().str();
  if (auto name = dyn_cast<NameLoc>(node.getLoc()))
    prefix += " " + name.getName().str();
  resolveAttributes(*body.mutable_node(), call, *schema, prefix);

  FileFacts facts{node.getLoc(), {}, {}};
  for (const auto &import : body.opset_import())
    facts.opsets[import.domain() == "ai.onnx" ? "" : import.domain()] = import.version();
  facts.opsets.try_emplace(node.getDomain().str(), node.getVersion());
  OpBuilder builder(node);
  GraphImporter importer(builder, facts, analysis);
  for (int i = 0; i < body.input_size(); ++i) {
    Value value = node.input(i);
    if (!value) {
      value = onnx::NoneOp::create(builder, node.getLoc(), onnx::NoneType::get(node.getContext()));
    }
    if (!importer.define(body.input(i), value, node.getLoc()))
      return failure();
  }
  if (!importer.nodes(body.node()))
    return failure();
  for (auto [index, result] : llvm::enumerate(node.getResults())) {
    Value value = int(index) < body.output_size() ? importer.lookup(body.output(index)) : Value();
    if (!value && !result.use_empty())
      return fail("its function body gives no result " + Twine(index));
    if (value)
      result.replaceAllUsesWith(value);
  }
  node.erase();
  return success();
}

} // namespace moe
