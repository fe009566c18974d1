//===- Reader.cpp - an ONNX file, validated before any IR is built ----------------------------------------------===//
#include "Reader.h"
#include "SafeFile.h"
#include "moe/Schema/Convert.h"
#include "moe/Support/Bytes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "onnx/inliner/inliner.h"
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

using llvm::StringRef;
using llvm::Twine;
using ::onnx::TensorProto;

namespace moe {
namespace {

constexpr uint64_t kMaxFile = uint64_t(1) << 31; ///< protobuf's own limit
constexpr int kMaxRank = 64;

/// The value of a decimal number without sign; nullopt for anything else.
std::optional<uint64_t> number(StringRef text) {
  uint64_t value;
  return text.getAsInteger(10, value) ? std::nullopt : std::optional(value);
}

class Validator {
public:
  Validator(OnnxFile &file, OnnxFile::Report report) : file(file), report(report) {}

  bool weights(const std::vector<ByteRange> &inlineData) {
    const auto &graph = file.model.graph();
    if (size_t(graph.initializer_size()) != inlineData.size())
      return fail("the file is not a complete ONNX file");
    for (auto [index, tensor] : llvm::enumerate(graph.initializer())) {
      WeightSource source;
      auto size = bytes(tensor);
      if (!size)
        return false;
      if (tensor.data_location() == TensorProto::EXTERNAL) {
        if (!external(tensor, *size, source))
          return false;
      } else if (inlineData[index].length) {
        if (inlineData[index].length != *size)
          return fail(name(tensor) + " has " + Twine(inlineData[index].length) + " bytes of raw data for a shape of " + Twine(*size));
        source = {file.path, inlineData[index]};
      }
      file.weights.push_back(std::move(source));
    }
    return true;
  }

private:
  bool fail(const Twine &message) {
    report(message);
    return false;
  }

  static std::string name(const TensorProto &tensor) { return "initialiser '" + tensor.name() + "'"; }

  std::optional<uint64_t> bytes(const TensorProto &tensor) {
    mlir::MLIRContext context;
    mlir::Type element = schema::elementType(&context, tensor.data_type());
    if (!element) {
      fail(name(tensor) + " has elements of type " + Twine(tensor.data_type()) + ", which is not supported (strings and complex numbers are not)");
      return std::nullopt;
    }
    if (tensor.dims_size() > kMaxRank) {
      fail(name(tensor) + " has rank " + Twine(tensor.dims_size()) + "; at most " + Twine(kMaxRank) + " is supported");
      return std::nullopt;
    }
    auto size = checkedBytes(llvm::SmallVector<int64_t>(tensor.dims().begin(), tensor.dims().end()), storageBits(element));
    if (!size)
      fail(name(tensor) + " has a shape whose size is negative or overflows");
    return size;
  }

  bool external(const TensorProto &tensor, uint64_t size, WeightSource &source) {
    StringRef location;
    uint64_t offset = 0, length = size, fileSize = 0;
    for (const auto &entry : tensor.external_data()) {
      auto value = number(entry.value());
      if (entry.key() == "location")
        location = entry.value();
      else if (entry.key() == "offset" && value)
        offset = *value;
      else if (entry.key() == "length" && value)
        length = *value;
      else if (entry.key() != "checksum")
        return fail(name(tensor) + ": external data has " + entry.key() + " = '" + entry.value() + "', which is no known key with a valid value");
    }
    std::string error = checkExternalFile(file.directory, location, fileSize);
    if (!error.empty())
      return fail(name(tensor) + ": external data '" + location + "': " + error);
    // Written so that no sum can wrap.
    if (length > fileSize || offset > fileSize - length)
      return fail(name(tensor) + ": external data '" + location + "' needs bytes " + Twine(offset) + " + " + Twine(length) +
                  ", but the file has " + Twine(fileSize));
    if (length != size)
      return fail(name(tensor) + ": external data has " + Twine(length) + " bytes for a shape of " + Twine(size));
    llvm::SmallString<256> path(file.directory);
    llvm::sys::path::append(path, location);
    source = {path.str().str(), {offset, length}};
    return true;
  }

  OnnxFile &file;
  OnnxFile::Report report;
};

bool parse(StringRef bytes, ::onnx::ModelProto &model) {
  google::protobuf::io::ArrayInputStream stream(bytes.data(), bytes.size());
  google::protobuf::io::CodedInputStream coded(&stream);
  coded.SetTotalBytesLimit(std::numeric_limits<int>::max());
  return model.ParseFromCodedStream(&coded) && coded.ConsumedEntireMessage();
}

} // namespace

bool OnnxFile::read(StringRef name, Report report) {
  auto fail = [&](const Twine &message) {
    report(message);
    return false;
  };
  llvm::SmallString<256> absolute(name);
  llvm::sys::fs::make_absolute(absolute);
  path = absolute.str();
  directory = llvm::sys::path::parent_path(absolute).str();

  llvm::sys::fs::file_status status;
  if (std::error_code error = llvm::sys::fs::status(path, status))
    return fail("cannot be read: " + error.message());
  if (status.type() != llvm::sys::fs::file_type::regular_file)
    return fail("is not a regular file");
  if (status.getSize() >= kMaxFile)
    return fail("has " + Twine(status.getSize()) + " bytes; ONNX files end at 2 GiB, larger weights go into external data");
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail("cannot be read: " + buffer.getError().message());

  WireScan scan;
  if (std::string error = scan.run((*buffer)->getBuffer()); !error.empty())
    return fail(error);
  if (!parse((*buffer)->getBuffer(), model))
    return fail("is not a complete ONNX file");
  if (model.graph().sparse_initializer_size())
    return fail("has sparse initialisers, which are not supported; export them dense");
  if (!Validator(*this, report).weights(scan.initializers))
    return false;
  try {
    if (model.functions_size())
      ::onnx::inliner::InlineLocalFunctions(model);
  } catch (const std::exception &error) {
    return fail(Twine("its functions cannot be inlined: ") + error.what());
  }
  return true;
}

} // namespace moe
