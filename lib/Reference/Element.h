//===- Element.h - how the elements of a tensor lie in memory, and what they mean ------------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/BuiltinTypes.h"

namespace moe::reference {

/// One per element type. Every element takes whole bytes; of a narrower element only the low bits count.
struct ElementFormat {
  enum Kind { Boolean, Signed, Unsigned, Float64, Float32, Float16, BFloat16, SmallFloat } kind;
  unsigned bits, bytes;
  const double *values = nullptr;            ///< floats of at most 16 bits: the value of each bit pattern
  const llvm::fltSemantics *semantics = nullptr; ///< floats

  bool isFloat() const { return kind >= Float64; }

  /// The format of a type; null where the interpreter has none. Signless integers and indices are signed.
  static const ElementFormat *get(mlir::Type type);

  /// The value of the element at `data`.
  double real(const char *data) const;
  int64_t integer(const char *data) const;
  /// Writes an element: floats are rounded to nearest, ties to even, and overflow as their type does; integers wrap.
  void setReal(char *data, double value) const;
  void setInteger(char *data, int64_t value) const;

  /// What a float element becomes when it is written and read back.
  double round(double value) const;
  /// The same for an integer; true of a boolean is -1, as in two's complement of one bit.
  int64_t wrap(int64_t value) const {
    unsigned unused = 64 - bits;
    return kind == Unsigned ? int64_t(uint64_t(value) << unused >> unused) : int64_t(uint64_t(value) << unused) >> unused;
  }
};

} // namespace moe::reference
