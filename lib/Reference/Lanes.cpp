//===- Lanes.cpp - elements of tensors in and out of scalar slots -----------------------------------------------===//
#include "Lanes.h"

namespace moe::reference {

/// Calls `body` with a function from a place to the float there.
template <typename Body> static auto withReals(const Tensor &tensor, Body body) {
  const ElementFormat &format = tensor.format();
  const char *data = tensor.data();
  switch (format.kind) {
  case ElementFormat::Float64:
    return body([values = reinterpret_cast<const double *>(data)](int64_t place) { return values[place]; });
  case ElementFormat::Float32:
    return body([values = reinterpret_cast<const float *>(data)](int64_t place) { return double(values[place]); });
  case ElementFormat::Float16:
  case ElementFormat::BFloat16:
    return body([values = format.values, bits = reinterpret_cast<const uint16_t *>(data)](int64_t place) { return values[bits[place]]; });
  default:
    return body([&format, data](int64_t place) { return format.real(data + place * format.bytes); });
  }
}

void load(const Tensor &tensor, const int64_t *places, Scalar *lanes, int count) {
  const ElementFormat &format = tensor.format();
  if (format.isFloat())
    return withReals(tensor, [&](auto at) {
      for (int i = 0; i < count; ++i)
        lanes[i].real = at(places[i]);
    });
  const char *data = tensor.data();
  if (format.bits == 64) {
    for (int i = 0; i < count; ++i)
      lanes[i].integer = reinterpret_cast<const int64_t *>(data)[places[i]];
    return;
  }
  int64_t sign = format.kind == ElementFormat::Boolean ? -1 : 1;
  for (int i = 0; i < count; ++i)
    lanes[i].integer = sign * format.integer(data + places[i] * format.bytes);
}

void store(const ElementFormat &format, char *data, const int64_t *places, const Scalar *lanes, int count) {
  switch (format.kind) {
  case ElementFormat::Float64:
    for (int i = 0; i < count; ++i)
      reinterpret_cast<double *>(data)[places[i]] = lanes[i].real;
    return;
  case ElementFormat::Float32:
    for (int i = 0; i < count; ++i)
      reinterpret_cast<float *>(data)[places[i]] = float(lanes[i].real);
    return;
  case ElementFormat::Float16:
  case ElementFormat::BFloat16:
  case ElementFormat::SmallFloat:
    for (int i = 0; i < count; ++i)
      format.setReal(data + places[i] * format.bytes, lanes[i].real);
    return;
  default:
    for (int i = 0; i < count; ++i)
      format.setInteger(data + places[i] * format.bytes, lanes[i].integer);
  }
}

Tensor toTensor(mlir::Type type, Scalar value) {
  Tensor result(type, {});
  int64_t place = 0;
  store(result.format(), result.mutableData(), &place, &value, 1);
  return result;
}

Scalar toScalar(const Tensor &tensor) {
  Scalar result;
  int64_t place = 0;
  load(tensor, &place, &result, 1);
  return result;
}

void narrow(const ElementFormat &format, Scalar *lanes, int count) {
  switch (format.kind) {
  case ElementFormat::Float64:
    return;
  case ElementFormat::Float32:
    for (int i = 0; i < count; ++i)
      lanes[i].real = float(lanes[i].real);
    return;
  case ElementFormat::Float16:
  case ElementFormat::BFloat16:
  case ElementFormat::SmallFloat:
    for (int i = 0; i < count; ++i)
      lanes[i].real = format.round(lanes[i].real);
    return;
  default:
    for (int i = 0; i < count; ++i)
      lanes[i].integer = format.wrap(lanes[i].integer);
  }
}

double dot(const Tensor &row, int64_t offset, llvm::ArrayRef<double> x) {
  return withReals(row, [&](auto at) {
    double sums[4] = {}; // independent chains: an addition takes several cycles
    int64_t count = x.size(), i = 0;
    for (; i + 4 <= count; i += 4)
      for (int k = 0; k < 4; ++k)
        sums[k] += at(offset + i + k) * x[i + k];
    for (; i < count; ++i)
      sums[0] += at(offset + i) * x[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
  });
}

void addScaled(llvm::MutableArrayRef<double> sums, double factor, const Tensor &row, int64_t offset) {
  withReals(row, [&](auto at) {
    for (size_t i = 0; i < sums.size(); ++i)
      sums[i] += factor * at(offset + i);
  });
}

std::vector<double> reals(const Tensor &tensor, int64_t offset, int64_t count) {
  std::vector<double> result(count);
  withReals(tensor, [&](auto at) {
    for (int64_t i = 0; i < count; ++i)
      result[i] = at(offset + i);
  });
  return result;
}

int64_t broadcastPlace(const Tensor &tensor, llvm::ArrayRef<int64_t> index) {
  int64_t place = 0;
  for (auto [axis, at] : llvm::enumerate(index))
    place = place * tensor.size(axis) + (tensor.size(axis) == 1 ? 0 : at);
  return place;
}

} // namespace moe::reference
