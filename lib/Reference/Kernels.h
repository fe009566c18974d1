//===- Kernels.h - rules of ops from scalars to a scalar --------------------------------------------------*- C++ -*-===//
#pragma once

#include "Compiler.h"
#include "Lanes.h"

namespace moe::reference {

/// Computes `count` results; element i of operand k is operands[k][i]. Returns null, or why it cannot.
using Kernel = std::function<const char *(Scalar *results, const Scalar *const *operands, int count)>;
/// Makes the kernel of an op; null where the op asks for something that is not supported.
using MakeKernel = std::function<Kernel(mlir::Operation *)>;

/// The rule of an op that works on scalars, and elementwise on tensors of equal shape.
Rule elementwise(MakeKernel make);

inline const ElementFormat &formatOf(mlir::Value value) { return *ElementFormat::get(mlir::getElementTypeOrSelf(value.getType())); }

/// results = f(operands as floats), rounded to the result's type.
template <typename Function> MakeKernel reals(Function f) {
  return [f](mlir::Operation *op) -> Kernel {
    const ElementFormat &format = formatOf(op->getResult(0));
    return [f, &format](Scalar *results, const Scalar *const *in, int count) -> const char * {
      for (int i = 0; i < count; ++i) {
        if constexpr (std::is_invocable_v<Function, double, double, double>)
          results[i].real = f(in[0][i].real, in[1][i].real, in[2][i].real);
        else if constexpr (std::is_invocable_v<Function, double, double>)
          results[i].real = f(in[0][i].real, in[1][i].real);
        else
          results[i].real = f(in[0][i].real);
      }
      narrow(format, results, count);
      return nullptr;
    };
  };
}

/// results = f(operands as signed integers), wrapped. `f` may work on uint64_t, where overflow is defined.
template <typename Function> MakeKernel integers(Function f) {
  return [f](mlir::Operation *op) -> Kernel {
    const ElementFormat &format = formatOf(op->getResult(0));
    return [f, &format](Scalar *results, const Scalar *const *in, int count) -> const char * {
      for (int i = 0; i < count; ++i)
        if constexpr (std::is_invocable_v<Function, int64_t, int64_t>)
          results[i].integer = int64_t(f(in[0][i].integer, in[1][i].integer));
        else
          results[i].integer = int64_t(f(in[0][i].integer));
      narrow(format, results, count);
      return nullptr;
    };
  };
}

/// results = f(operands as natural numbers, bits), wrapped.
template <typename Function> MakeKernel naturals(Function f) {
  return [f](mlir::Operation *op) -> Kernel {
    const ElementFormat &format = formatOf(op->getResult(0)), &from = formatOf(op->getOperand(0));
    return [f, &format, &from](Scalar *results, const Scalar *const *in, int count) -> const char * {
      for (int i = 0; i < count; ++i)
        if constexpr (std::is_invocable_v<Function, uint64_t, uint64_t, unsigned>)
          results[i].integer = int64_t(f(natural(from, in[0][i].integer), natural(from, in[1][i].integer), from.bits));
        else
          results[i].integer = int64_t(f(natural(from, in[0][i].integer), from.bits));
      narrow(format, results, count);
      return nullptr;
    };
  };
}

/// A division: as `integers` or `naturals`, but a divisor of 0 and an overflow end the run.
template <typename Function> MakeKernel division(bool isSigned, Function f) {
  return [f, isSigned](mlir::Operation *op) -> Kernel {
    const ElementFormat &format = formatOf(op->getResult(0));
    return [f, &format, isSigned](Scalar *results, const Scalar *const *in, int count) -> const char * {
      int64_t lowest = format.wrap(int64_t(1) << (format.bits - 1));
      for (int i = 0; i < count; ++i) {
        int64_t x = in[0][i].integer, y = in[1][i].integer;
        if (y == 0)
          return "division by zero";
        if (isSigned && y == -1 && x == lowest)
          return "the quotient overflows";
        if constexpr (std::is_invocable_v<Function, uint64_t, uint64_t, unsigned>)
          results[i].integer = f(natural(format, x), natural(format, y), format.bits);
        else
          results[i].integer = f(x, y);
      }
      narrow(format, results, count);
      return nullptr;
    };
  };
}

} // namespace moe::reference
