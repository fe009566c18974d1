//===- Contraction.h - sums of products of floats in double ------------------------------------------------*- C++ -*-===//
#pragma once

#include "Loops.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace moe::reference {

/// True for an op whose body is out + a * b on floats, where a and b may be widened first.
bool isContraction(mlir::linalg::LinalgOp op);

/// Adds the products up in double and rounds each result once. `accesses` are those of a, b and out. Returns false, with nothing done,
/// where neither operand has neighbours along a loop that can be the innermost one.
bool contract(const Tensor &a, const Tensor &b, Tensor &out, llvm::ArrayRef<Access> accesses, llvm::ArrayRef<int64_t> sizes,
              llvm::ArrayRef<unsigned> parallel, llvm::ArrayRef<unsigned> reduction);

} // namespace moe::reference
