//===- Tensor.h - a tensor that the reference interpreter works on ---------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include <memory>
#include <optional>

namespace moe {
namespace reference {
struct ElementFormat;
}

/// Elements in row-major order, each in whole bytes: a boolean or a 4-bit integer takes one. Copies share their storage until one of
/// them is written. Elements are reached by their place in row-major order; no access checks its place.
class Tensor {
public:
  Tensor() = default;
  /// All bits are set: what nobody wrote reads as NaN, or as -1. The type must be supported and the size must fit (see sizeInBytes).
  Tensor(mlir::Type element, llvm::ArrayRef<int64_t> shape);
  /// A scalar.
  static Tensor scalar(mlir::Type element, double value);
  static Tensor scalar(mlir::Type element, int64_t value);
  /// Elements that lie elsewhere and stay there as long as `owner` lives; `data` is aligned to the element.
  static Tensor view(mlir::Type element, llvm::ArrayRef<int64_t> shape, const char *data, std::shared_ptr<const void> owner);
  /// The elements of a constant; nullopt where its storage or its element type is not supported.
  static std::optional<Tensor> get(mlir::ElementsAttr elements);

  /// True for the types that elements may have: integers of up to 64 bits, indices, floats of up to 64 bits.
  static bool supports(mlir::Type element);
  /// Bytes that the tensor takes; nullopt where a length is negative or the product does not fit.
  static std::optional<int64_t> sizeInBytes(mlir::Type element, llvm::ArrayRef<int64_t> shape);

  mlir::Type elementType() const { return element; }
  const reference::ElementFormat &format() const { return *elementFormat; }
  llvm::ArrayRef<int64_t> shape() const { return lengths; }
  int64_t rank() const { return lengths.size(); }
  int64_t size(int64_t axis) const { return lengths[axis]; }
  int64_t count() const { return elementCount; }

  /// The element as a number; integers of any sign are exact in `integer`.
  double real(int64_t place) const;
  int64_t integer(int64_t place) const;
  /// Rounds to the element type (ties to even); integers wrap.
  void setReal(int64_t place, double value);
  void setInteger(int64_t place, int64_t value);

  const char *data() const { return storage.get(); }
  /// The storage for writing; copied first where it is shared.
  char *mutableData();

  /// The same elements with other lengths; the counts are equal.
  Tensor reshaped(llvm::ArrayRef<int64_t> shape) const;
  /// The same bits as another type of the same width.
  Tensor as(mlir::Type other) const;
  /// The elements as an attribute.
  mlir::DenseElementsAttr elements() const;

private:
  mlir::Type element;
  const reference::ElementFormat *elementFormat = nullptr;
  llvm::SmallVector<int64_t, 4> lengths;
  int64_t elementCount = 0;
  bool writable = false; ///< the storage may be written where nobody shares it
  std::shared_ptr<const char> storage;
};

} // namespace moe
