//===- Floats.cpp - numbers with a fraction of any width ----------------------------------------------------------===//
#include "Floats.h"
#include <cmath>
#include <cstring>

namespace moerun {

static float fromBfloat16(uint16_t half) {
  uint32_t bits = uint32_t(half) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

static uint16_t toBfloat16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  if (std::isnan(value))
    return uint16_t(bits >> 16 | 0x40); // stays no number where only low bits said so
  return uint16_t((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

bool isFloat(moert_type type) { return type == MOERT_FLOAT16 || type == MOERT_BFLOAT16 || type == MOERT_FLOAT32 || type == MOERT_FLOAT64; }

double floatAt(moert_type type, const void *data, int64_t index) {
  switch (type) {
  case MOERT_FLOAT16:
    return double(static_cast<const _Float16 *>(data)[index]);
  case MOERT_BFLOAT16:
    return fromBfloat16(static_cast<const uint16_t *>(data)[index]);
  case MOERT_FLOAT32:
    return static_cast<const float *>(data)[index];
  default:
    return static_cast<const double *>(data)[index];
  }
}

void setFloat(moert_type type, void *data, int64_t index, double value) {
  switch (type) {
  case MOERT_FLOAT16:
    static_cast<_Float16 *>(data)[index] = _Float16(value);
    break;
  case MOERT_BFLOAT16:
    static_cast<uint16_t *>(data)[index] = toBfloat16(float(value));
    break;
  case MOERT_FLOAT32:
    static_cast<float *>(data)[index] = float(value);
    break;
  default:
    static_cast<double *>(data)[index] = value;
  }
}

Array convertFloats(const Array &array, moert_type type) {
  Array result(type, array.dims);
  for (int64_t i = 0; i < array.count(); ++i)
    setFloat(type, result.data(), i, floatAt(array.type, array.data(), i));
  return result;
}

} // namespace moerun
