//===- Bank.h - the weights of a layer's experts ------------------------------------------------------*- C++ -*-===//
#pragma once

#include "Graph.h"
#include "Options.h"
#include "Random.h"

namespace moe::gen {

enum class Layout {
  Rows,    ///< [out, in]
  Columns, ///< [in, out]
};

/// How gate and up lie in one tensor.
enum class Order { Halves, Interleaved };

/// The matrices of a layer's experts and the tensors that hold them.
struct Bank {
  Graph &g;
  const Options &o;
  std::string prefix;

  /// The matrix of a projection, "gate" and "up" [I, H], "down" [H, I].
  Matrix matrix(llvm::StringRef projection, int64_t expert) const;
  /// What exporters of this unit do.
  Order order() const { return o.unit == Unit::GptOss ? Order::Interleaved : Order::Halves; }
  int64_t firstRows() const { return o.gated() ? 2 * o.ffn : o.ffn; }
  /// The projection and its row that row `row` of gate and up in one tensor is.
  std::pair<llvm::StringRef, int64_t> firstRow(Order order, int64_t row) const;

  /// Gate and up of all experts [E, 2I, H] or [E, H, 2I]; up alone for plain experts.
  Name first(Layout layout, Order order) const;
  Name down(Layout layout) const;
  /// One expert's matrix as a tensor of its own.
  Name single(llvm::StringRef projection, int64_t expert, Layout layout) const;

  /// The bias of an element; 0 without biases.
  float bias(llvm::StringRef projection, int64_t expert, int64_t row) const;
  /// Biases as a tensor whose axes multiply to [E, rows].
  Name firstBias(Order order, llvm::ArrayRef<int64_t> shape) const;
  Name downBias(llvm::ArrayRef<int64_t> shape) const;
  Name singleBias(llvm::StringRef projection, int64_t expert) const;

  /// Gate and up out of a product with `first`; the product itself for plain experts.
  std::pair<Name, Name> split(const Name &product, Order order, int64_t axis) const;
  /// The unit's value.
  Name unit(const Name &gate, const Name &up) const;
};

} // namespace moe::gen
