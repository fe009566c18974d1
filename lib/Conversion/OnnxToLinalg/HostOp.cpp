//===- HostOp.cpp - nodes that the host program computes --------------------------------------------------------===//
#include "HostOp.h"
#include "moe/Dialect/HostOp.h"
#include "moe/Dialect/Rt.h"
#include "llvm/Support/JSON.h"

using namespace mlir;

namespace moe {
namespace {

llvm::json::Value jsonOf(Attribute attr) {
  if (auto integer = dyn_cast<IntegerAttr>(attr))
    return integer.getValue().getSExtValue();
  if (auto real = dyn_cast<FloatAttr>(attr))
    return real.getValueAsDouble();
  if (auto text = dyn_cast<StringAttr>(attr))
    return llvm::json::fixUTF8(text.getValue());
  if (auto integers = dyn_cast<DenseI64ArrayAttr>(attr))
    return llvm::json::Array(integers.asArrayRef());
  if (auto reals = dyn_cast<DenseF32ArrayAttr>(attr))
    return llvm::json::Array(reals.asArrayRef());
  return llvm::json::Array(llvm::map_range(cast<ArrayAttr>(attr), jsonOf));
}

std::string jsonOf(DictionaryAttr attrs) {
  llvm::json::Object object;
  for (const NamedAttribute &attr : attrs)
    object[attr.getName().strref()] = jsonOf(attr.getValue());
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(object));
  return text;
}

/// Ends the run where the host gave other lengths than the model states. A name that nothing before has said gets its value here.
void checkLengths(NodeLowering &n, Value result, unsigned index) {
  const auto *stated = n.shapes.dims(n.node.getResult(index));
  if (!stated)
    return;
  for (auto [axis, expr] : llvm::enumerate(*stated)) {
    Value length = tensor::DimOp::create(n.b, result, axis);
    if (Value wanted = n.materialize(expr))
      n.check(arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, length, wanted),
              "the host's result " + Twine(index) + " does not have the length " + expr.str() + " along axis " + Twine(axis));
    else
      n.scope.axes.try_emplace(expr.str(), result, axis);
  }
}

} // namespace

LogicalResult lowerHostOp(NodeLowering &n) {
  SmallVector<Value> inputs;
  SmallVector<Type> types, elements;
  for (unsigned i = 0; i < n.node.getNumOperands(); ++i) {
    inputs.push_back(n.in(i));
    elements.push_back(n.element(i));
  }
  for (unsigned i = 0; i < n.node.getNumResults(); ++i) {
    RankedTensorType type = n.type(i);
    types.push_back(RankedTensorType::get(SmallVector<int64_t>(type.getRank(), ShapedType::kDynamic), type.getElementType()));
    elements.push_back(n.onnxElement(i));
  }
  auto made = rt::HostOp::create(n.b, types, n.node.qualifiedName(), jsonOf(n.node.getAttrs()), n.b.getTypeArrayAttr(elements), inputs);
  for (auto [index, result] : llvm::enumerate(made.getResults()))
    checkLengths(n, result, index);
  return n.done(made.getResults());
}

} // namespace moe
