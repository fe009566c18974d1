//===- Linear.h - how an expression depends on a state ------------------------------------------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"

namespace moe::raise {

/// weight * sum over `digit` of inner * S[.., digit, ..], the state read at another place of one axis.
struct Mixed {
  E weight, inner, digit;
  unsigned axis;
};

/// own * S[digits] + the mixed terms + rest; null stands for 0.
struct LinearForm {
  E own = nullptr, rest = nullptr;
  std::vector<Mixed> mixed;
};

/// An expression as a linear function of the elements of `state`, whose own element is at `digits`; nullopt where it is none.
std::optional<LinearForm> linearForm(View &view, E expr, mlir::Value state, llvm::ArrayRef<E> digits);

/// True where the expression mentions an element of the tensor.
bool mentionsTensor(E expr, mlir::Value tensor);

} // namespace moe::raise
