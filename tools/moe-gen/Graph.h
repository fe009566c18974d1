//===- Graph.h - an ONNX graph under construction -----------------------------------------------------*- C++ -*-===//
#pragma once

#include "onnx/onnx_pb.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace moe::gen {

using Name = std::string;
using Type = onnx::TensorProto::DataType;

struct Attr {
  std::string name;
  std::variant<int64_t, double, std::string, std::vector<int64_t>, const onnx::GraphProto *> value;
};

/// The file beside the model that holds its larger weights; they are written as they are made.
class WeightFile {
public:
  /// Throws std::system_error where the file cannot be written.
  explicit WeightFile(llvm::StringRef path);
  /// Appends the tensor's bytes, which `fill` makes slice by slice, and refers to them from `tensor`.
  void append(onnx::TensorProto &tensor, uint64_t bytes, llvm::function_ref<void(llvm::raw_ostream &)> fill);
  void close();
  bool empty() const { return offset == 0; }

private:
  std::string path;
  std::unique_ptr<llvm::raw_fd_ostream> stream;
  uint64_t offset = 0;
};

class Graph {
public:
  /// `type` is the element type of weights and activations.
  Graph(onnx::GraphProto &proto, WeightFile &weights, Type type);
  /// The body of a node of `outer`: its names differ from all others.
  Graph(onnx::GraphProto &proto, Graph &outer);

  const Type type;

  /// `dims`: digits are fixed lengths, anything else is the name of a length.
  Name input(const Name &name, Type type, llvm::ArrayRef<std::string> dims);
  void output(const Name &value, const Name &name, Type type, llvm::ArrayRef<std::string> dims);

  Name node(llvm::StringRef op, llvm::ArrayRef<Name> operands, llvm::ArrayRef<Attr> attrs = {}, llvm::StringRef domain = "");
  std::vector<Name> nodes(llvm::StringRef op, int64_t results, llvm::ArrayRef<Name> operands, llvm::ArrayRef<Attr> attrs = {},
                          llvm::StringRef domain = "");

  Name ints(llvm::ArrayRef<int64_t> values);   ///< a constant of rank 1
  Name integer(int64_t value);                 ///< a constant of rank 0
  Name number(double value);                   ///< the same of the graph's element type
  Name number(double value, Type type);
  Name cast(const Name &value, Type to);

  /// A weight of the graph's type, made in slices of neighbouring elements in order.
  Name weight(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, int64_t slices, llvm::function_ref<void(int64_t, std::vector<float> &)> fill) {
    return weight(name, type, shape, slices, fill);
  }
  Name weight(llvm::StringRef name, Type type, llvm::ArrayRef<int64_t> shape, int64_t slices,
              llvm::function_ref<void(int64_t, std::vector<float> &)> fill);
  /// The same of bytes.
  Name bytes(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, int64_t slices, llvm::function_ref<void(int64_t, std::vector<uint8_t> &)> fill);

private:
  Name constant(Type type, llvm::ArrayRef<int64_t> shape, const std::string &bytes);
  Name store(llvm::StringRef name, Type type, llvm::ArrayRef<int64_t> shape, uint64_t bytes, llvm::function_ref<void(llvm::raw_ostream &)> fill);

  onnx::GraphProto &proto;
  WeightFile &weights;
  std::shared_ptr<int64_t> counter;
};

} // namespace moe::gen
