//===- Tensor.cpp - a tensor that the reference interpreter works on --------------------------------------------===//
#include "moe/Reference/Tensor.h"
#include "Element.h"
#include "moe/Support/Bytes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include <cstring>

using namespace mlir;

namespace moe {

using reference::ElementFormat;

static int64_t productOf(ArrayRef<int64_t> shape) {
  int64_t product = 1;
  for (int64_t length : shape)
    product *= length;
  return product;
}

static std::shared_ptr<char> allocate(int64_t bytes) { return std::shared_ptr<char>(new char[std::max<int64_t>(bytes, 1)], std::default_delete<char[]>()); }

bool Tensor::supports(Type element) { return ElementFormat::get(element); }

std::optional<int64_t> Tensor::sizeInBytes(Type element, ArrayRef<int64_t> shape) {
  return checkedBytes(shape, ElementFormat::get(element)->bytes * 8);
}

Tensor::Tensor(Type element, ArrayRef<int64_t> shape)
    : element(element), elementFormat(ElementFormat::get(element)), lengths(shape), elementCount(productOf(shape)), writable(true) {
  std::shared_ptr<char> bytes = allocate(elementCount * elementFormat->bytes);
  std::memset(bytes.get(), 0xff, elementCount * elementFormat->bytes);
  storage = bytes;
}

Tensor Tensor::scalar(Type element, double value) {
  Tensor result(element, {});
  result.setReal(0, value);
  return result;
}

Tensor Tensor::scalar(Type element, int64_t value) {
  Tensor result(element, {});
  result.setInteger(0, value);
  return result;
}

Tensor Tensor::view(Type element, ArrayRef<int64_t> shape, const char *data, std::shared_ptr<const void> owner) {
  Tensor result;
  result.element = element;
  result.elementFormat = ElementFormat::get(element);
  result.lengths.assign(shape.begin(), shape.end());
  result.elementCount = productOf(shape);
  result.storage = std::shared_ptr<const char>(std::move(owner), data);
  return result;
}

double Tensor::real(int64_t place) const { return elementFormat->real(data() + place * elementFormat->bytes); }
int64_t Tensor::integer(int64_t place) const { return elementFormat->integer(data() + place * elementFormat->bytes); }
void Tensor::setReal(int64_t place, double value) { elementFormat->setReal(mutableData() + place * elementFormat->bytes, value); }
void Tensor::setInteger(int64_t place, int64_t value) { elementFormat->setInteger(mutableData() + place * elementFormat->bytes, value); }

char *Tensor::mutableData() {
  if (!writable || storage.use_count() > 1) {
    std::shared_ptr<char> copy = allocate(elementCount * elementFormat->bytes);
    std::memcpy(copy.get(), data(), elementCount * elementFormat->bytes);
    storage = copy;
    writable = true;
  }
  return const_cast<char *>(storage.get());
}

Tensor Tensor::reshaped(ArrayRef<int64_t> shape) const {
  Tensor result = *this;
  result.lengths.assign(shape.begin(), shape.end());
  return result;
}

Tensor Tensor::as(Type other) const {
  Tensor result = *this;
  result.element = other;
  result.elementFormat = ElementFormat::get(other);
  return result;
}

//===- constants ------------------------------------------------------------------------------------------------===//

/// Elements whose width is not a whole number of bytes are packed in an attribute in ways of its own.
static bool inWholeBytes(const ElementFormat &format) { return format.bits == format.bytes * 8; }

static std::optional<Tensor> fromDense(DenseElementsAttr dense) {
  Tensor result(dense.getElementType(), dense.getType().getShape());
  const ElementFormat &format = result.format();
  char *to = result.mutableData();
  if (inWholeBytes(format)) {
    ArrayRef<char> raw = dense.getRawData();
    for (int64_t i = 0; i < (dense.isSplat() ? result.count() : 1); ++i)
      std::memcpy(to + i * format.bytes, raw.data(), raw.size());
    return result;
  }
  auto put = [&](int64_t place, const APInt &pattern) { to[place] = char(pattern.getZExtValue()); };
  if (format.isFloat())
    for (auto [place, value] : llvm::enumerate(dense.getValues<APFloat>()))
      put(place, value.bitcastToAPInt());
  else
    for (auto [place, value] : llvm::enumerate(dense.getValues<APInt>()))
      put(place, value);
  return result;
}

std::optional<Tensor> Tensor::get(ElementsAttr elements) {
  Type element = elements.getElementType();
  ArrayRef<int64_t> shape = elements.getShapedType().getShape();
  if (!supports(element) || !sizeInBytes(element, shape))
    return std::nullopt;
  if (auto dense = dyn_cast<DenseElementsAttr>(elements))
    return dense.getNumElements() == 0 ? Tensor(element, shape) : fromDense(dense);
  auto resource = dyn_cast<DenseResourceElementsAttr>(elements);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob || int64_t(blob->getData().size()) != *sizeInBytes(element, shape))
    return std::nullopt;
  Tensor result(element, shape);
  std::memcpy(result.mutableData(), blob->getData().data(), blob->getData().size());
  return result;
}

DenseElementsAttr Tensor::elements() const {
  auto type = RankedTensorType::get(lengths, element);
  if (inWholeBytes(*elementFormat))
    return DenseElementsAttr::getFromRawBuffer(type, ArrayRef(data(), elementCount * elementFormat->bytes));
  SmallVector<APInt> patterns;
  unsigned mask = (1u << elementFormat->bits) - 1;
  for (int64_t place = 0; place < elementCount; ++place)
    patterns.emplace_back(elementFormat->bits, uint8_t(data()[place]) & mask);
  if (!elementFormat->isFloat())
    return DenseElementsAttr::get(type, patterns);
  return DenseElementsAttr::get(type, llvm::map_to_vector(patterns, [&](const APInt &pattern) { return APFloat(*elementFormat->semantics, pattern); }));
}

} // namespace moe
