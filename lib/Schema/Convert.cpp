//===- Convert.cpp - between ONNX's protobuf messages and MLIR attributes and types -----------------------------===//
#include "moe/Schema/Convert.h"
#include "moe/Dialect/Onnx.h"
#include "moe/Support/Bytes.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using ::onnx::TensorProto;

namespace moe::schema {

//===- types ----------------------------------------------------------------------------------------------------===//

Type elementType(MLIRContext *context, int32_t code) {
  auto integer = [&](unsigned width, IntegerType::SignednessSemantics sign) -> Type {
    return IntegerType::get(context, width, sign);
  };
  switch (code) {
  case TensorProto::FLOAT: return Float32Type::get(context);
  case TensorProto::DOUBLE: return Float64Type::get(context);
  case TensorProto::FLOAT16: return Float16Type::get(context);
  case TensorProto::BFLOAT16: return BFloat16Type::get(context);
  case TensorProto::FLOAT8E4M3FN: return Float8E4M3FNType::get(context);
  case TensorProto::FLOAT8E4M3FNUZ: return Float8E4M3FNUZType::get(context);
  case TensorProto::FLOAT8E5M2: return Float8E5M2Type::get(context);
  case TensorProto::FLOAT8E5M2FNUZ: return Float8E5M2FNUZType::get(context);
  case TensorProto::FLOAT8E8M0: return Float8E8M0FNUType::get(context);
  case TensorProto::FLOAT4E2M1: return Float4E2M1FNType::get(context);
  case TensorProto::BOOL: return integer(1, IntegerType::Signless);
  case TensorProto::INT2: return integer(2, IntegerType::Signless);
  case TensorProto::INT4: return integer(4, IntegerType::Signless);
  case TensorProto::INT8: return integer(8, IntegerType::Signless);
  case TensorProto::INT16: return integer(16, IntegerType::Signless);
  case TensorProto::INT32: return integer(32, IntegerType::Signless);
  case TensorProto::INT64: return integer(64, IntegerType::Signless);
  case TensorProto::UINT2: return integer(2, IntegerType::Unsigned);
  case TensorProto::UINT4: return integer(4, IntegerType::Unsigned);
  case TensorProto::UINT8: return integer(8, IntegerType::Unsigned);
  case TensorProto::UINT16: return integer(16, IntegerType::Unsigned);
  case TensorProto::UINT32: return integer(32, IntegerType::Unsigned);
  case TensorProto::UINT64: return integer(64, IntegerType::Unsigned);
  default: return {};
  }
}

int32_t elementCode(Type element) {
  for (int32_t code = 1; code <= TensorProto::DataType_MAX; ++code)
    if (Type type = elementType(element.getContext(), code); type && type == element)
      return code;
  return TensorProto::UNDEFINED;
}

Type tensorType(MLIRContext *context, const ::onnx::TypeProto &type, std::vector<SymExpr> *dims) {
  if (!type.has_tensor_type())
    return {};
  Type element = elementType(context, type.tensor_type().elem_type());
  if (!element)
    return {};
  if (!type.tensor_type().has_shape())
    return UnrankedTensorType::get(element);
  SmallVector<int64_t> shape;
  for (auto &dim : type.tensor_type().shape().dim()) {
    int64_t length = ShapedType::kDynamic;
    if (dim.has_dim_value() && dim.dim_value() >= 0)
      length = dim.dim_value();
    SymExpr expr = length >= 0 ? SymExpr(length) : SymExpr::parse(dim.dim_param());
    if (auto constant = expr.constant(); constant && !dim.dim_param().empty())
      length = *constant;
    shape.push_back(length);
    if (dims)
      dims->push_back(expr);
  }
  return RankedTensorType::get(shape, element);
}

::onnx::TypeProto typeProto(Type type, const std::vector<SymExpr> *dims) {
  ::onnx::TypeProto proto;
  auto tensor = dyn_cast<TensorType>(type);
  if (!tensor)
    return proto;
  proto.mutable_tensor_type()->set_elem_type(elementCode(tensor.getElementType()));
  if (!tensor.hasRank())
    return proto;
  auto *shape = proto.mutable_tensor_type()->mutable_shape();
  for (auto [axis, length] : llvm::enumerate(tensor.getShape())) {
    auto *dim = shape->add_dim();
    if (!ShapedType::isDynamic(length))
      dim->set_dim_value(length);
    else if (dims && !(*dims)[axis].str().empty())
      dim->set_dim_param((*dims)[axis].str());
  }
  return proto;
}

//===- tensors --------------------------------------------------------------------------------------------------===//

/// The elements of `raw`, which holds elements of `bits` < 8 bits, first element in the lowest bits; one byte each.
static std::vector<char> unpack(StringRef raw, int64_t count, unsigned bits) {
  std::vector<char> bytes(count);
  for (int64_t i = 0; i < count; ++i) {
    unsigned at = i * bits % 8;
    bytes[i] = (uint8_t(raw[i * bits / 8]) >> at) & ((1 << bits) - 1);
  }
  return bytes;
}

template <typename T, typename Field>
static std::vector<char> bytesOf(const Field &field) {
  std::vector<char> bytes(field.size() * sizeof(T));
  for (int i = 0; i < field.size(); ++i) {
    T value = static_cast<T>(field[i]);
    memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
  return bytes;
}

/// The data of a tensor that does not use raw_data, in the layout of raw_data.
static std::vector<char> typedData(const TensorProto &tensor) {
  switch (tensor.data_type()) {
  case TensorProto::FLOAT: return bytesOf<float>(tensor.float_data());
  case TensorProto::DOUBLE: return bytesOf<double>(tensor.double_data());
  case TensorProto::INT64: return bytesOf<int64_t>(tensor.int64_data());
  case TensorProto::UINT64: return bytesOf<uint64_t>(tensor.uint64_data());
  case TensorProto::UINT32: return bytesOf<uint32_t>(tensor.uint64_data());
  case TensorProto::INT32: return bytesOf<int32_t>(tensor.int32_data());
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16: return bytesOf<uint16_t>(tensor.int32_data());
  default: return bytesOf<uint8_t>(tensor.int32_data());
  }
}

ElementsAttr elements(MLIRContext *context, const TensorProto &tensor, std::string &error) {
  Type element = elementType(context, tensor.data_type());
  if (!element) {
    error = "element type " + TensorProto::DataType_Name(tensor.data_type()) + " is not supported";
    return {};
  }
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  unsigned bits = element.getIntOrFloatBitWidth() == 1 ? 8 : element.getIntOrFloatBitWidth();
  auto size = checkedBytes(shape, bits);
  auto count = checkedBytes(shape, 8);
  if (!size || !count) {
    error = "the shape has a negative or overflowing size";
    return {};
  }
  std::vector<char> typed;
  StringRef raw = tensor.raw_data();
  if (!tensor.has_raw_data()) {
    typed = typedData(tensor);
    raw = StringRef(typed.data(), typed.size());
  }
  if (int64_t(raw.size()) != *size) {
    error = "has " + std::to_string(raw.size()) + " bytes of data for a shape of " + std::to_string(*size);
    return {};
  }
  auto type = RankedTensorType::get(shape, element);
  if (element.isInteger(1)) {
    SmallVector<bool> values(raw.begin(), raw.end());
    return DenseElementsAttr::get(type, values);
  }
  if (bits < 8) {
    std::vector<char> bytes = unpack(raw, *count, bits);
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  }
  return DenseElementsAttr::getFromRawBuffer(type, ArrayRef<char>(raw.data(), raw.size()));
}

TensorProto tensorProto(ElementsAttr attr, StringRef name) {
  TensorProto tensor;
  auto type = attr.getShapedType();
  tensor.set_name(name.str());
  tensor.set_data_type(elementCode(type.getElementType()));
  for (int64_t length : type.getShape())
    tensor.add_dims(length);
  std::string *raw = tensor.mutable_raw_data();
  Type element = type.getElementType();
  unsigned bits = element.getIntOrFloatBitWidth();
  auto append = [&](APInt value, int64_t index) {
    if (bits == 1) {
      raw->push_back(value.getBoolValue());
    } else if (bits < 8) {
      if (index * bits % 8 == 0)
        raw->push_back(0);
      raw->back() |= value.getZExtValue() << (index * bits % 8);
    } else {
      uint64_t word = llvm::support::endian::byte_swap<uint64_t>(value.getZExtValue(), llvm::endianness::little);
      raw->append(reinterpret_cast<const char *>(&word), bits / 8);
    }
  };
  int64_t index = 0;
  if (isa<FloatType>(element))
    for (APFloat value : attr.getValues<APFloat>())
      append(value.bitcastToAPInt(), index++);
  else
    for (APInt value : attr.getValues<APInt>())
      append(value, index++);
  return tensor;
}

//===- attributes -----------------------------------------------------------------------------------------------===//

Attribute attribute(MLIRContext *context, const ::onnx::AttributeProto &proto, std::string &error) {
  using Kind = ::onnx::AttributeProto;
  Builder builder(context);
  switch (proto.type()) {
  case Kind::INT: return builder.getI64IntegerAttr(proto.i());
  case Kind::FLOAT: return builder.getF32FloatAttr(proto.f());
  case Kind::STRING: return builder.getStringAttr(proto.s());
  case Kind::INTS: return builder.getDenseI64ArrayAttr(SmallVector<int64_t>(proto.ints().begin(), proto.ints().end()));
  case Kind::FLOATS: return builder.getDenseF32ArrayAttr(SmallVector<float>(proto.floats().begin(), proto.floats().end()));
  case Kind::STRINGS: {
    SmallVector<Attribute> strings;
    for (const std::string &text : proto.strings())
      strings.push_back(builder.getStringAttr(text));
    return builder.getArrayAttr(strings);
  }
  case Kind::TENSOR: return elements(context, proto.t(), error);
  case Kind::TYPE_PROTO:
    if (Type type = tensorType(context, proto.tp()))
      return TypeAttr::get(type);
    error = "holds a type that is no tensor";
    return {};
  default:
    error = "has an attribute of kind " + Kind::AttributeType_Name(proto.type());
    return {};
  }
}

::onnx::AttributeProto attributeProto(StringRef name, Attribute attr) {
  using Kind = ::onnx::AttributeProto;
  ::onnx::AttributeProto proto;
  proto.set_name(name.str());
  if (auto value = dyn_cast<IntegerAttr>(attr)) {
    proto.set_type(Kind::INT);
    proto.set_i(value.getInt());
  } else if (auto value = dyn_cast<FloatAttr>(attr)) {
    proto.set_type(Kind::FLOAT);
    proto.set_f(value.getValueAsDouble());
  } else if (auto value = dyn_cast<StringAttr>(attr)) {
    proto.set_type(Kind::STRING);
    proto.set_s(value.str());
  } else if (auto values = dyn_cast<DenseI64ArrayAttr>(attr)) {
    proto.set_type(Kind::INTS);
    for (int64_t value : values.asArrayRef())
      proto.add_ints(value);
  } else if (auto values = dyn_cast<DenseF32ArrayAttr>(attr)) {
    proto.set_type(Kind::FLOATS);
    for (float value : values.asArrayRef())
      proto.add_floats(value);
  } else if (auto values = dyn_cast<ArrayAttr>(attr)) {
    proto.set_type(Kind::STRINGS);
    for (Attribute value : values)
      proto.add_strings(cast<StringAttr>(value).str());
  } else if (auto value = dyn_cast<ElementsAttr>(attr)) {
    proto.set_type(Kind::TENSOR);
    *proto.mutable_t() = tensorProto(value);
  } else if (auto value = dyn_cast<TypeAttr>(attr)) {
    proto.set_type(Kind::TYPE_PROTO);
    *proto.mutable_tp() = typeProto(value.getValue());
  }
  return proto;
}

} // namespace moe::schema
