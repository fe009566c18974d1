//===- Element.cpp - how the elements of a tensor lie in memory, and what they mean -----------------------------===//
#include "Element.h"
#include "llvm/ADT/APFloat.h"
#include <cmath>
#include <cstring>
#include <memory>

using namespace mlir;
using llvm::APFloat;

namespace moe::reference {
namespace {

template <typename T> T read(const char *data) {
  T value;
  std::memcpy(&value, data, sizeof(T));
  return value;
}
template <typename T> void write(char *data, T value) { std::memcpy(data, &value, sizeof(T)); }

/// Rounds to a binary float of `precision` bits with gradual underflow below 2^lowest and infinity above 2^highest.
double roundBinary(double value, int precision, int lowest, int highest) {
  if (value == 0 || !std::isfinite(value))
    return value;
  double quantum = std::ldexp(1.0, std::max(std::ilogb(value), lowest) - (precision - 1));
  double rounded = std::nearbyint(value / quantum) * quantum;
  return std::fabs(rounded) < std::ldexp(1.0, highest + 1) ? rounded : std::copysign(INFINITY, value);
}

/// The bits of a value that has at most 16 bits in the format.
uint16_t encodeHalf(double exact) {
  uint16_t sign = std::signbit(exact) ? 0x8000 : 0;
  if (std::isnan(exact))
    return sign | 0x7e00;
  if (std::isinf(exact))
    return sign | 0x7c00;
  // Scaled by 2^(15 - 127), float32's exponent field holds that of float16, and its subnormals are float16's.
  return sign | uint16_t(llvm::bit_cast<uint32_t>(float(std::fabs(exact)) * 0x1p-112f) >> 13);
}

uint16_t encodeBFloat(double exact) {
  return std::isnan(exact) ? 0x7fc0 : uint16_t(llvm::bit_cast<uint32_t>(float(exact)) >> 16);
}

uint8_t encodeSmall(double value, const llvm::fltSemantics &semantics) {
  APFloat number(value);
  bool inexact;
  number.convert(semantics, APFloat::rmNearestTiesToEven, &inexact);
  return uint8_t(number.bitcastToAPInt().getZExtValue());
}

/// The value of each bit pattern.
const double *valuesOf(const llvm::fltSemantics &semantics, unsigned bits) {
  auto *values = new double[size_t(1) << bits];
  for (unsigned pattern = 0; pattern < 1u << bits; ++pattern) {
    APFloat number(semantics, llvm::APInt(bits, pattern));
    bool inexact;
    number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &inexact);
    values[pattern] = number.convertToDouble();
  }
  return values;
}

ElementFormat floatFormat(ElementFormat::Kind kind, const llvm::fltSemantics &semantics) {
  unsigned bits = APFloat::semanticsSizeInBits(semantics);
  return {kind, bits, (bits + 7) / 8, bits <= 16 ? valuesOf(semantics, bits) : nullptr, &semantics};
}

} // namespace

const ElementFormat *ElementFormat::get(Type type) {
  if (auto real = dyn_cast<FloatType>(type)) {
    const llvm::fltSemantics &semantics = real.getFloatSemantics();
    static const ElementFormat wide[] = {
        floatFormat(Float64, APFloat::IEEEdouble()), floatFormat(Float32, APFloat::IEEEsingle()),
        floatFormat(Float16, APFloat::IEEEhalf()), floatFormat(BFloat16, APFloat::BFloat()),
        floatFormat(SmallFloat, APFloat::Float8E5M2()), floatFormat(SmallFloat, APFloat::Float8E5M2FNUZ()),
        floatFormat(SmallFloat, APFloat::Float8E4M3()), floatFormat(SmallFloat, APFloat::Float8E4M3FN()),
        floatFormat(SmallFloat, APFloat::Float8E4M3FNUZ()), floatFormat(SmallFloat, APFloat::Float8E4M3B11FNUZ()),
        floatFormat(SmallFloat, APFloat::Float8E3M4()), floatFormat(SmallFloat, APFloat::Float8E8M0FNU()),
        floatFormat(SmallFloat, APFloat::Float6E3M2FN()), floatFormat(SmallFloat, APFloat::Float6E2M3FN()),
        floatFormat(SmallFloat, APFloat::Float4E2M1FN())};
    for (const ElementFormat &format : wide)
      if (format.semantics == &semantics)
        return &format;
    return nullptr;
  }
  static const auto *integers = [] {
    auto *formats = new std::array<std::array<ElementFormat, 65>, 2>;
    for (unsigned bits = 0; bits <= 64; ++bits) {
      unsigned bytes = bits <= 8 ? 1 : bits / 8;
      (*formats)[0][bits] = {bits == 1 ? Boolean : Signed, bits, bytes};
      (*formats)[1][bits] = {Unsigned, bits, bytes};
    }
    return formats;
  }();
  if (isa<IndexType>(type))
    return &(*integers)[0][64];
  auto integer = dyn_cast<IntegerType>(type);
  unsigned bits = integer ? integer.getWidth() : 0;
  if (bits == 0 || bits > 64 || (bits > 8 && !llvm::isPowerOf2_32(bits)))
    return nullptr;
  return &(*integers)[integer.isUnsigned()][bits];
}

double ElementFormat::real(const char *data) const {
  switch (kind) {
  case Float64:
    return read<double>(data);
  case Float32:
    return read<float>(data);
  case Float16:
  case BFloat16:
    return values[read<uint16_t>(data)];
  case SmallFloat:
    return values[uint8_t(*data) & ((1u << bits) - 1)];
  case Unsigned:
    return double(uint64_t(integer(data)));
  default:
    return double(integer(data));
  }
}

int64_t ElementFormat::integer(const char *data) const {
  if (isFloat())
    return int64_t(real(data));
  uint64_t pattern = bytes == 1 ? uint8_t(*data) : bytes == 2 ? read<uint16_t>(data) : bytes == 4 ? read<uint32_t>(data) : read<uint64_t>(data);
  return kind == Boolean ? int64_t(pattern & 1) : wrap(int64_t(pattern));
}

void ElementFormat::setReal(char *data, double value) const {
  switch (kind) {
  case Float64:
    return write(data, value);
  case Float32:
    return write(data, float(value));
  case Float16:
    return write(data, encodeHalf(round(value)));
  case BFloat16:
    return write(data, encodeBFloat(round(value)));
  case SmallFloat:
    *data = char(encodeSmall(value, *semantics));
    return;
  default:
    return setInteger(data, int64_t(value));
  }
}

void ElementFormat::setInteger(char *data, int64_t value) const {
  if (isFloat())
    return setReal(data, double(value));
  switch (bytes) {
  case 1:
    *data = char(uint8_t(value) & uint8_t((1u << bits) - 1));
    return;
  case 2:
    return write(data, uint16_t(value));
  case 4:
    return write(data, uint32_t(value));
  default:
    return write(data, value);
  }
}

double ElementFormat::round(double value) const {
  switch (kind) {
  case Float32:
    return float(value);
  case Float16:
    return roundBinary(value, 11, -14, 15);
  case BFloat16:
    return roundBinary(value, 8, -126, 127);
  case SmallFloat:
    return values[encodeSmall(value, *semantics)];
  default:
    return value;
  }
}

} // namespace moe::reference
