//===- Product.h - products and their logarithms ------------------------------------------------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"

namespace moe::raise {

/// The factors of an expression. A factor that `whole` accepts is not taken apart.
std::vector<E> factorsOf(View &view, E expr, llvm::function_ref<bool(E)> whole);
/// The product of factors; 1 without any.
E productOf(View &view, llvm::ArrayRef<E> factors);

/// The logarithm of an expression that cannot be negative; null where it could be.
E logarithmOf(View &view, E expr);

} // namespace moe::raise
