//===- TypeCheck.cpp - operand types against an operator's schema -----------------------------------------------===//
#include "TypeCheck.h"
#include "moe/Schema/Convert.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "onnx/defs/data_type_utils.h"

using namespace mlir;
using ::onnx::OpSchema;

namespace moe {
namespace {

/// ONNX's text for a type, "tensor(float)"; null where it is not known. An unranked tensor of float32 may be one that nobody has inferred.
const std::string *textOf(Type type) {
  auto tensor = dyn_cast<TensorType>(type);
  if (!tensor || (!tensor.hasRank() && tensor.getElementType().isF32()))
    return nullptr;
  ::onnx::TypeProto proto = schema::typeProto(tensor);
  return proto.tensor_type().elem_type() ? ::onnx::Utils::DataTypeUtils::ToType(proto) : nullptr;
}

/// "float" for "tensor(float)".
std::string shortText(StringRef text) {
  return text.consume_front("tensor(") ? text.drop_back().str() : text.str();
}

const OpSchema::FormalParameter *parameter(const OpSchema &schema, size_t index) {
  const auto &all = schema.inputs();
  if (all.empty())
    return nullptr;
  if (index < all.size())
    return &all[index];
  return all.back().GetOption() == OpSchema::Variadic ? &all.back() : nullptr;
}

/// "Add-14"
std::string versioned(const OpSchema &schema) { return schema.Name() + "-" + std::to_string(schema.since_version()); }

std::string operandText(const ::onnx::NodeProto &node, size_t index) {
  return "input " + std::to_string(index) + " ('" + node.input(index) + "')";
}

bool newestAllows(const OpSchema &schema, size_t index, const std::string *type) {
  const OpSchema *newest = ::onnx::OpSchemaRegistry::Schema(schema.Name(), schema.domain());
  const auto *formal = newest ? parameter(*newest, index) : nullptr;
  return formal && formal->GetTypes().count(type);
}

} // namespace

std::string typeError(const OpSchema &schema, const ::onnx::NodeProto &node, ValueRange operands) {
  llvm::StringMap<std::pair<size_t, const std::string *>> bound; // a type variable -> the first operand that has it, and its type
  for (auto [index, operand] : llvm::enumerate(operands)) {
    const auto *formal = parameter(schema, index);
    const std::string *type = textOf(operand.getType());
    if (!formal || !type)
      continue;
    std::string name = operandText(node, index), variable = formal->GetTypeStr();
    if (!formal->GetTypes().count(type) && !newestAllows(schema, index, type)) {
      std::vector<std::string> allowed;
      for (const std::string *one : formal->GetTypes())
        allowed.push_back(shortText(*one));
      llvm::sort(allowed);
      return name + " has the type " + shortText(*type) + ", " + versioned(schema) + " allows " + llvm::join(allowed, ", ") + " for " +
             formal->GetName() + "; cast it";
    }
    if (!formal->GetIsHomogeneous())
      continue;
    auto [first, isNew] = bound.try_emplace(variable, index, type);
    if (!isNew && first->second.second != type)
      return operandText(node, first->second.first) + " and " + name + " have the types " + shortText(*first->second.second) + " and " +
             shortText(*type) + ", which " + versioned(schema) + " wants to be one type " + variable + "; cast one of them";
  }
  return {};
}

} // namespace moe
