//===- WireScan.cpp - a first look at the bytes of an ONNX file -------------------------------------------------===//
#include "WireScan.h"

using llvm::StringRef;

namespace moe {
namespace {

// Field numbers of onnx.proto.
enum : uint32_t { kModelGraph = 7, kModelFunctions = 25, kGraphNode = 1, kGraphInitializer = 5, kFunctionNode = 7,
                  kNodeAttribute = 5, kAttributeGraph = 6, kAttributeGraphs = 11, kTensorRawData = 9 };

constexpr unsigned kMaxDepth = 32; ///< of graphs inside graphs

/// One field of a message.
struct Field {
  uint32_t number;
  uint32_t wireType;
  ByteRange bytes; ///< of a length-delimited field
};

class Cursor {
public:
  Cursor(StringRef file, ByteRange range) : file(file), at(range.offset), end(range.offset + range.length) {}
  bool done() const { return at == end; }

  /// Reads the next field; false where the encoding is broken.
  bool next(Field &field) {
    uint64_t key;
    if (!varint(key) || key >> 3 == 0 || key >> 3 > 0x1fffffff)
      return false;
    field = {uint32_t(key >> 3), uint32_t(key & 7), {}};
    uint64_t length;
    switch (field.wireType) {
    case 0: return varint(length);
    case 1: return skip(8);
    case 5: return skip(4);
    case 2:
      if (!varint(length) || length > end - at)
        return false;
      field.bytes = {at, length};
      return skip(length);
    default: return false; // groups are not used by ONNX
    }
  }

private:
  bool varint(uint64_t &value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && at < end; shift += 7) {
      uint8_t byte = file[at++];
      value |= uint64_t(byte & 0x7f) << shift;
      if (!(byte & 0x80))
        return true;
    }
    return false;
  }
  bool skip(uint64_t count) {
    if (count > end - at)
      return false;
    at += count;
    return true;
  }

  StringRef file;
  uint64_t at, end;
};

class Scanner {
public:
  Scanner(StringRef file, WireScan &result) : file(file), result(result) {}

  std::string model() {
    bool seen = false;
    walk({0, file.size()}, [&](const Field &field) {
      if (field.number == kModelGraph && field.wireType == 2) {
        if (seen)
          error = "holds more than one graph";
        seen = true;
        graph(field.bytes, 0, /*main=*/true);
      } else if (field.number == kModelFunctions && field.wireType == 2) {
        nodes(field.bytes, kFunctionNode, 0);
      }
    });
    if (error.empty() && !seen)
      error = "holds no graph";
    return error;
  }

private:
  template <typename Visit> void walk(ByteRange range, Visit visit) {
    Cursor cursor(file, range);
    Field field;
    while (error.empty() && !cursor.done()) {
      if (!cursor.next(field))
        error = "is not a complete ONNX file (broken field near byte " + std::to_string(range.offset) + ")";
      else
        visit(field);
    }
  }

  void graph(ByteRange range, unsigned depth, bool main = false) {
    if (depth > kMaxDepth) {
      error = "nests graphs more than " + std::to_string(kMaxDepth) + " deep";
      return;
    }
    if (main)
      walk(range, [&](const Field &field) {
        if (field.number == kGraphInitializer && field.wireType == 2)
          initializer(field.bytes);
      });
    nodes(range, kGraphNode, depth);
  }

  void nodes(ByteRange range, uint32_t nodeField, unsigned depth) {
    walk(range, [&](const Field &field) {
      if (field.number != nodeField || field.wireType != 2)
        return;
      walk(field.bytes, [&](const Field &attribute) {
        if (attribute.number != kNodeAttribute || attribute.wireType != 2)
          return;
        walk(attribute.bytes, [&](const Field &value) {
          if ((value.number == kAttributeGraph || value.number == kAttributeGraphs) && value.wireType == 2)
            graph(value.bytes, depth + 1);
        });
      });
    });
  }

  void initializer(ByteRange range) {
    result.initializers.emplace_back();
    walk(range, [&](const Field &field) {
      if (field.number == kTensorRawData && field.wireType == 2)
        result.initializers.back() = field.bytes;
    });
  }

  StringRef file;
  WireScan &result;
  std::string error;
};

} // namespace

std::string WireScan::run(StringRef file) { return Scanner(file, *this).model(); }

} // namespace moe
