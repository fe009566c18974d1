//===- Signature.cpp - schemas of ONNX Runtime's operators, written as text -------------------------------------===//
#include "Signature.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/ErrorHandling.h"

using ::onnx::AttributeProto;
using ::onnx::OpSchema;
using llvm::StringRef;

namespace moe::schema {
namespace {

llvm::SmallVector<StringRef> items(StringRef text, char separator) {
  llvm::SmallVector<StringRef> parts;
  text.split(parts, separator, -1, /*KeepEmpty=*/false);
  for (StringRef &part : parts)
    part = part.trim();
  return parts;
}

/// "float" and "tensor(float)" for an element type; a type variable stands for itself.
std::string typeString(StringRef type) { return isupper(type.front()) ? type.str() : "tensor(" + type.str() + ")"; }

template <typename Add> void addParameters(StringRef list, Add add) {
  int number = 0;
  for (StringRef item : items(list, ',')) {
    auto [type, name] = item.split(' ');
    auto option = type.consume_back("?") ? OpSchema::Optional : OpSchema::Single;
    add(number++, name.trim().str(), typeString(type), option);
  }
}

AttributeProto::AttributeType kindNamed(StringRef kind) {
  if (kind == "int")
    return AttributeProto::INT;
  if (kind == "float")
    return AttributeProto::FLOAT;
  if (kind == "string")
    return AttributeProto::STRING;
  if (kind == "ints")
    return AttributeProto::INTS;
  if (kind == "floats")
    return AttributeProto::FLOATS;
  llvm_unreachable("a kind of attribute");
}

void addAttribute(OpSchema &schema, StringRef item) {
  if (auto [name, kind] = item.split(':'); !item.contains('=')) {
    bool required = kind.consume_back("!");
    schema.Attr(name.str(), "", kindNamed(kind), required);
    return;
  }
  auto [name, value] = item.split('=');
  int64_t integer;
  double real;
  if (value.consume_front("'"))
    schema.Attr(name.str(), "", AttributeProto::STRING, value.drop_back().str());
  else if (!value.getAsInteger(10, integer))
    schema.Attr(name.str(), "", AttributeProto::INT, integer);
  else if (!value.getAsDouble(real))
    schema.Attr(name.str(), "", AttributeProto::FLOAT, float(real));
  else
    llvm_unreachable("a default of an attribute");
}

} // namespace

void define(const Signature &signature) {
  OpSchema schema(signature.name, __FILE__, __LINE__);
  schema.SetDomain(signature.domain).SinceVersion(1);
  addParameters(signature.inputs, [&](int number, std::string name, std::string type, OpSchema::FormalParameterOption option) {
    schema.Input(number, name, "", type, option);
  });
  addParameters(signature.outputs, [&](int number, std::string name, std::string type, OpSchema::FormalParameterOption option) {
    schema.Output(number, name, "", type, option);
  });
  for (StringRef item : items(signature.attributes, ','))
    addAttribute(schema, item);
  for (StringRef item : items(signature.types, ';')) {
    auto [variable, elements] = item.split(':');
    std::vector<std::string> allowed;
    for (StringRef element : items(elements, ' '))
      allowed.push_back(typeString(element));
    schema.TypeConstraint(variable.str(), allowed, "");
  }
  schema.TypeAndShapeInferenceFunction(signature.infer);
  ::onnx::RegisterSchema(std::move(schema), 0, /*fail_duplicate_schema=*/false, /*fail_with_exception=*/false);
}

//===- shapes ---------------------------------------------------------------------------------------------------===//

int ShapeContext::rank(size_t input) const {
  if (!has(input) || !::onnx::hasInputShape(context, input))
    return -1;
  return context.getInputType(input)->tensor_type().shape().dim_size();
}

ShapeContext::Dim ShapeContext::dim(size_t input, int axis) const {
  int axes = rank(input);
  axis = axis < 0 ? axis + axes : axis;
  return axis < 0 || axis >= axes ? Dim() : context.getInputType(input)->tensor_type().shape().dim(axis);
}

ShapeContext::Dims ShapeContext::dims(size_t input) const {
  Dims result;
  for (int axis = 0; axis < rank(input); ++axis)
    result.push_back(dim(input, axis));
  return result;
}

std::optional<int64_t> ShapeContext::length(size_t input, int axis) const {
  Dim found = dim(input, axis);
  return found.has_dim_value() ? std::optional(found.dim_value()) : std::nullopt;
}

void ShapeContext::setTyped(size_t output, int32_t element, const Dims &dims) const {
  if (output >= context.getNumOutputs())
    return;
  ::onnx::updateOutputElemType(context, output, element);
  auto *shape = ::onnx::getOutputShape(context, output);
  shape->clear_dim();
  for (const Dim &dim : dims)
    *shape->add_dim() = dim;
}

void ShapeContext::set(size_t output, size_t typeOf, const Dims &dims) const {
  if (has(typeOf))
    setTyped(output, context.getInputType(typeOf)->tensor_type().elem_type(), dims);
}

void ShapeContext::same(size_t output, size_t input) const {
  if (rank(input) >= 0)
    set(output, input, dims(input));
}

ShapeContext::Dim ShapeContext::fixed(int64_t length) {
  Dim dim;
  dim.set_dim_value(length);
  return dim;
}

void likeFirstInput(::onnx::InferenceContext &context) { ShapeContext(context).same(0, 0); }

} // namespace moe::schema
