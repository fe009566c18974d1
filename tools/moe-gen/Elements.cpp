//===- Elements.cpp - floats as bytes of an element type --------------------------------------------------------===//
#include "Elements.h"
#include <bit>
#include <cstring>
#include <vector>

namespace moe::gen {

static uint16_t half(float value) { return std::bit_cast<uint16_t>(static_cast<_Float16>(value)); }

/// Finite values alone.
static uint16_t bfloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  return uint16_t((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

void writeElements(llvm::raw_ostream &out, onnx::TensorProto::DataType type, llvm::ArrayRef<float> values) {
  if (type == onnx::TensorProto::FLOAT) {
    out.write(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
    return;
  }
  std::vector<uint16_t> narrow;
  narrow.reserve(values.size());
  for (float value : values)
    narrow.push_back(type == onnx::TensorProto::FLOAT16 ? half(value) : bfloat(value));
  out.write(reinterpret_cast<const char *>(narrow.data()), narrow.size() * sizeof(uint16_t));
}

} // namespace moe::gen
