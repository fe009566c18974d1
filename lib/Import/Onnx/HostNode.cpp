//===- HostNode.cpp - nodes that the host program computes ------------------------------------------------------===//
#include "Importer.h"
#include "moe/Schema/Convert.h"

using namespace mlir;
using ::onnx::AttributeProto;
using ::onnx::NodeProto;

namespace moe {

void GraphImporter::readTypes(const ::onnx::GraphProto &graph) {
  if (file.hostOps.empty())
    return;
  for (const auto *values : {&graph.value_info(), &graph.output()})
    for (const auto &value : *values)
      if (value.has_type())
        stated[value.name()] = &value.type();
}

bool GraphImporter::hostNode(const NodeProto &proto, const HostOp &op, int64_t version) {
  SmallVector<Value> inputs;
  SmallVector<NamedAttribute> attrs;
  SmallVector<const AttributeProto *> graphs;
  if (!operands(proto, inputs) || !attributes(proto, attrs, graphs))
    return false;
  auto isLeftOut = [](const std::string &name) { return name.empty(); };
  if (llvm::any_of(proto.input(), isLeftOut) || llvm::any_of(proto.output(), isLeftOut))
    return fail(proto, "the host supplies it, which needs all its inputs and outputs; name them");
  for (const NamedAttribute &attr : attrs)
    if (!isa<IntegerAttr, FloatAttr, StringAttr, DenseI64ArrayAttr, DenseF32ArrayAttr, ArrayAttr>(attr.getValue()))
      return fail(proto, "attribute '" + attr.getName().strref() + "' cannot go to the host; numbers, strings and lists of them can");
  if (!graphs.empty())
    return fail(proto, "attribute '" + graphs.front()->name() + "' cannot go to the host; numbers, strings and lists of them can");
  if (op.like && *op.like >= inputs.size())
    return fail(proto, "--host-op=" + op.name + ":" + Twine(*op.like) + ": the node has " + Twine(inputs.size()) + " inputs");

  SmallVector<Type> types;
  SmallVector<Attribute> names;
  for (const std::string &name : proto.output()) {
    std::vector<SymExpr> dims;
    Type type;
    if (op.like) {
      type = inputs[*op.like].getType();
      if (const auto *known = analysis.dims(inputs[*op.like]))
        dims = *known;
    } else if (const ::onnx::TypeProto *known = stated.lookup(name)) {
      type = schema::tensorType(builder.getContext(), *known, &dims);
    }
    auto ranked = dyn_cast_or_null<RankedTensorType>(type);
    if (!ranked)
      return fail(proto, "the host supplies it, but the type and rank of its result '" + name + "' are not known; state them as value_info, or say --host-op=" +
                             op.name + ":K where all results are as input K is");
    SmallVector<Attribute> own;
    for (int64_t axis = 0; axis < ranked.getRank(); ++axis)
      own.push_back(builder.getStringAttr(ranked.isDynamicDim(axis) && axis < int64_t(dims.size()) ? dims[axis].str() : ""));
    types.push_back(ranked);
    names.push_back(builder.getArrayAttr(own));
  }
  for (Type type : llvm::concat<const Type>(SmallVector<Type>(ValueRange(inputs).getTypes()), types))
    if (auto tensor = dyn_cast<RankedTensorType>(type); !tensor || (tensor.getElementTypeBitWidth() < 8 && !tensor.getElementType().isInteger(1)))
      return fail(proto, "the host supplies it, which needs tensors of known rank whose elements are whole bytes");
  auto node = onnx::NodeOp::create(builder, locate(proto), types, proto.op_type(), proto.domain(), version, builder.getDictionaryAttr(attrs),
                                   builder.getStrArrayAttr({}), inputs, 0);
  node->setAttr(onnx::kHostAttr, builder.getArrayAttr(names));
  return succeeded(analysis.visit(node)) && defineResults(proto, node);
}

} // namespace moe
