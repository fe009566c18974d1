//===- Opset.cpp - one version of the standard's operators for a whole file -------------------------------------===//
#include "Opset.h"
#include "onnx/defs/schema.h"

using namespace mlir;

namespace moe {

static int64_t sinceVersion(onnx::NodeOp node, int64_t opset) {
  const auto *schema = ::onnx::OpSchemaRegistry::Schema(node.getOpType().str(), opset, node.getDomain().str());
  return schema ? schema->since_version() : 0;
}

int64_t commonOpset(func::FuncOp function, int64_t own) {
  int64_t opset = own;
  function.walk([&](onnx::NodeOp node) {
    if (node.getDomain().empty())
      opset = std::max(opset, sinceVersion(node, node.getVersion()));
  });
  return opset;
}

static void setAttributes(onnx::NodeOp node, function_ref<void(NamedAttrList &)> change) {
  NamedAttrList attributes(node.getAttrs());
  change(attributes);
  node.setAttrsAttr(attributes.getDictionary(node.getContext()));
}

/// Opset 18 turned the axes of reductions from an attribute into an input.
static void axesAsInput(onnx::NodeOp node) {
  auto axes = node.intsAttribute("axes");
  if (!axes)
    return;
  OpBuilder builder(node);
  auto type = RankedTensorType::get({int64_t(axes->size())}, builder.getI64Type());
  Value constant = onnx::ConstantOp::create(builder, node.getLoc(), DenseElementsAttr::get(type, ArrayRef<int64_t>(*axes)));
  node.getOperandsMutable().append(constant);
  setAttributes(node, [](NamedAttrList &attributes) { attributes.erase("axes"); });
}

LogicalResult lift(onnx::NodeOp node, int64_t opset) {
  if (!node.getDomain().empty())
    return success();
  int64_t from = sinceVersion(node, node.getVersion()), to = sinceVersion(node, opset);
  // What newer versions changed but the types that they allow and options with a default that keeps the meaning.
  struct Change {
    StringLiteral op;
    int64_t version;
  };
  static constexpr Change kMeanings[] = {{"BatchNormalization", 15}, {"GroupNormalization", 21}, {"GridSample", 20}, {"DFT", 20}, {"Resize", 19}};
  for (const Change &change : kMeanings)
    if (node.getOpType() == change.op && from < change.version && to >= change.version)
      return node.emitError(node.qualifiedName()) << " of opset " << from << " means something else in opset " << to << ", which the rest of the file needs; export the model with opset "
                                                  << change.version << " or newer";
  if (from < 18 && to >= 18 && node.getOpType().starts_with("Reduce") && node.getOpType() != "ReduceSum")
    axesAsInput(node);
  if (from < 18 && to >= 18 && node.getOpType() == "Split" && !node.input(1))
    setAttributes(node, [&](NamedAttrList &attributes) { attributes.set("num_outputs", OpBuilder(node).getI64IntegerAttr(node.getNumResults())); });
  if (to)
    node.setVersion(opset);
  return success();
}

} // namespace moe
