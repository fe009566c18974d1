//===- Graph.cpp - an ONNX graph under construction -------------------------------------------------------------===//
#include "Graph.h"
#include "Elements.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include <system_error>

namespace moe::gen {

constexpr uint64_t kInline = 1024;    ///< bytes up to which a tensor stays in the model
constexpr uint64_t kPage = 4096;      ///< weights start on a page, so that runtimes can map them

WeightFile::WeightFile(llvm::StringRef path) : path(path) {
  std::error_code error;
  stream = std::make_unique<llvm::raw_fd_ostream>(path, error);
  if (error)
    throw std::system_error(error, this->path);
}

void WeightFile::append(onnx::TensorProto &tensor, uint64_t bytes, llvm::function_ref<void(llvm::raw_ostream &)> fill) {
  uint64_t begin = llvm::alignTo(offset, kPage);
  stream->write_zeros(begin - offset);
  fill(*stream);
  offset = begin + bytes;
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  auto entry = [&](const char *key, const std::string &value) {
    auto *pair = tensor.add_external_data();
    pair->set_key(key);
    pair->set_value(value);
  };
  entry("location", llvm::sys::path::filename(path).str());
  entry("offset", std::to_string(begin));
  entry("length", std::to_string(bytes));
}

void WeightFile::close() {
  stream->close();
  if (stream->has_error())
    throw std::system_error(stream->error(), path);
  if (empty())
    llvm::sys::fs::remove(path);
}

Graph::Graph(onnx::GraphProto &proto, WeightFile &weights, Type type)
    : type(type), proto(proto), weights(weights), counter(std::make_shared<int64_t>(0)) {
  proto.set_name("moe-gen");
}

Graph::Graph(onnx::GraphProto &proto, Graph &outer) : type(outer.type), proto(proto), weights(outer.weights), counter(outer.counter) {
  proto.set_name("body");
}

static void describe(onnx::ValueInfoProto &info, const Name &name, Type type, llvm::ArrayRef<std::string> dims) {
  info.set_name(name);
  auto *tensor = info.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  auto *shape = tensor->mutable_shape();
  for (llvm::StringRef dim : dims) {
    int64_t length;
    if (dim.getAsInteger(10, length))
      shape->add_dim()->set_dim_param(dim.str());
    else
      shape->add_dim()->set_dim_value(length);
  }
}

Name Graph::input(const Name &name, Type type, llvm::ArrayRef<std::string> dims) {
  describe(*proto.add_input(), name, type, dims);
  return name;
}

void Graph::output(const Name &value, const Name &name, Type type, llvm::ArrayRef<std::string> dims) {
  auto *node = proto.add_node();
  node->set_op_type("Identity");
  node->add_input(value);
  node->add_output(name);
  describe(*proto.add_output(), name, type, dims);
}

static void set(onnx::AttributeProto &proto, const Attr &attr) {
  proto.set_name(attr.name);
  if (auto *value = std::get_if<int64_t>(&attr.value)) {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(*value);
  } else if (auto *value = std::get_if<double>(&attr.value)) {
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(float(*value));
  } else if (auto *value = std::get_if<std::string>(&attr.value)) {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(*value);
  } else if (auto *value = std::get_if<std::vector<int64_t>>(&attr.value)) {
    proto.set_type(onnx::AttributeProto::INTS);
    for (int64_t i : *value)
      proto.add_ints(i);
  } else {
    proto.set_type(onnx::AttributeProto::GRAPH);
    *proto.mutable_g() = *std::get<const onnx::GraphProto *>(attr.value);
  }
}

std::vector<Name> Graph::nodes(llvm::StringRef op, int64_t results, llvm::ArrayRef<Name> operands, llvm::ArrayRef<Attr> attrs,
                               llvm::StringRef domain) {
  auto *node = proto.add_node();
  node->set_op_type(op.str());
  node->set_domain(domain.str());
  for (const Name &operand : operands)
    node->add_input(operand);
  for (const Attr &attr : attrs)
    set(*node->add_attribute(), attr);
  std::vector<Name> names;
  for (int64_t i = 0; i < results; ++i) {
    names.push_back(op.lower() + "_" + std::to_string(++*counter));
    node->add_output(names.back());
  }
  node->set_name(names.front());
  return names;
}

Name Graph::node(llvm::StringRef op, llvm::ArrayRef<Name> operands, llvm::ArrayRef<Attr> attrs, llvm::StringRef domain) {
  return nodes(op, 1, operands, attrs, domain).front();
}

Name Graph::cast(const Name &value, Type to) { return node("Cast", {value}, {{"to", int64_t(to)}}); }

//===- constants and weights --------------------------------------------------------------------------------------===//

Name Graph::store(llvm::StringRef name, Type type, llvm::ArrayRef<int64_t> shape, uint64_t bytes, llvm::function_ref<void(llvm::raw_ostream &)> fill) {
  auto *tensor = proto.add_initializer();
  tensor->set_name(name.str());
  tensor->set_data_type(type);
  for (int64_t length : shape)
    tensor->add_dims(length);
  if (bytes > kInline) {
    weights.append(*tensor, bytes, fill);
  } else {
    llvm::raw_string_ostream stream(*tensor->mutable_raw_data());
    fill(stream);
  }
  return name.str();
}

Name Graph::constant(Type type, llvm::ArrayRef<int64_t> shape, const std::string &bytes) {
  return store("constant_" + std::to_string(++*counter), type, shape, bytes.size(), [&](llvm::raw_ostream &out) { out << bytes; });
}

Name Graph::ints(llvm::ArrayRef<int64_t> values) {
  return constant(onnx::TensorProto::INT64, {int64_t(values.size())},
                  std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(int64_t)));
}

Name Graph::integer(int64_t value) {
  return constant(onnx::TensorProto::INT64, {}, std::string(reinterpret_cast<const char *>(&value), sizeof value));
}

Name Graph::number(double value) { return number(value, type); }

Name Graph::number(double value, Type type) {
  std::string bytes;
  llvm::raw_string_ostream stream(bytes);
  writeElements(stream, type, float(value));
  return constant(type, {}, bytes);
}

static int64_t product(llvm::ArrayRef<int64_t> shape) {
  int64_t elements = 1;
  for (int64_t length : shape)
    elements *= length;
  return elements;
}

Name Graph::weight(llvm::StringRef name, Type type, llvm::ArrayRef<int64_t> shape, int64_t slices,
                   llvm::function_ref<void(int64_t, std::vector<float> &)> fill) {
  int64_t elements = product(shape);
  return store(name, type, shape, elements * widthOf(type), [&](llvm::raw_ostream &out) {
    std::vector<float> slice;
    for (int64_t i = 0; i < slices; ++i) {
      slice.clear();
      fill(i, slice);
      assert(int64_t(slice.size()) == elements / slices && "a slice has its share of the elements");
      writeElements(out, type, slice);
    }
  });
}

Name Graph::bytes(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, int64_t slices, llvm::function_ref<void(int64_t, std::vector<uint8_t> &)> fill) {
  return store(name, onnx::TensorProto::UINT8, shape, product(shape), [&](llvm::raw_ostream &out) {
    std::vector<uint8_t> slice;
    for (int64_t i = 0; i < slices; ++i) {
      slice.clear();
      fill(i, slice);
      out.write(reinterpret_cast<const char *>(slice.data()), slice.size());
    }
  });
}

} // namespace moe::gen
