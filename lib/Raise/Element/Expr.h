//===- Expr.h - one element of a tensor as an expression over its indices -----------------------------*- C++ -*-===//
//
// The idea of raising: a tensor is a function from indices to numbers. Reshapes, transposes, slices, gathers, expansions only rewrite
// indices; what is left when they are followed is what the graph computes, whoever exported it and in whatever order. An expression
// is followed one definition at a time (View.h), so that a matcher looks exactly as deep as it needs to.
//
// Worked example. An exporter repeats each token k times, gathers, multiplies, reshapes to [T, k, H] and sums over axis 1:
//     out[t, h]  =  sum_j  y[(t,j), h] * w[(t,j)]      with (t,j) = t*k + j, the mixed-radix number Flat([t,j], [T,k])
//     y[(t,j),h] =  sum_i  a[(t,j), i] * Down[ids[(t,j)], i, h]
//     x[(t,j)/k] =  x[t]                                because Quot(Flat([t,j],[T,k]), k) simplifies to t
// Another one sorts the pairs (t,j) by expert first; then (t,j) is perm[Inverse(perm, (t,j))], which simplifies to (t,j), and the same
// expression comes out.
//
// Expressions are unique: equal ones are the same pointer. They are not an IR: nothing is built from them but the decision what the graph
// means; the op that is raised is built from the tensors that they mention.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "moe/Analysis/SymExpr.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace moe::raise {

enum class Kind {
  Const,   ///< a number
  Digit,   ///< an index that runs over [0, extent): a free index of the tensor, or bound by a Reduce
  Flat,    ///< a mixed-radix number: args with their extents, most significant first
  Quot,    ///< args[0] / extent, for an index
  Rem,     ///< args[0] mod extent, for an index
  Load,    ///< the element of the tensor `value` at args
  Apply,   ///< an elementwise operator on args
  Reduce,  ///< the operator over digit args[1] of args[0]
  Inverse, ///< the place at which the permutation `value` holds args[0]
};

struct Expr;
using E = const Expr *;

struct Expr {
  Kind kind;
  double number = 0;           ///< Const
  std::string op;              ///< Apply, Reduce: ONNX's name, integer arithmetic with the prefix "Int"
  mlir::Value value;           ///< Load, Inverse
  std::vector<E> args;
  std::vector<SymExpr> extents; ///< Digit, Quot, Rem: one; Flat: one per arg
  unsigned id = 0;             ///< Digit: its number

  bool is(Kind k) const { return kind == k; }
  bool isApply(llvm::StringRef name) const { return kind == Kind::Apply && op == name; }
  bool isReduce(llvm::StringRef name) const { return kind == Kind::Reduce && op == name; }
  bool isConst(double x) const { return kind == Kind::Const && number == x; }
  E arg(unsigned i) const { return args[i]; }
};

/// Makes expressions, simplified.
class ExprPool {
public:
  E constant(double number);
  E digit(const SymExpr &extent); ///< a new digit
  E flat(llvm::ArrayRef<E> args, llvm::ArrayRef<SymExpr> radices);
  E quot(E index, const SymExpr &divisor);
  E rem(E index, const SymExpr &divisor);
  E load(mlir::Value tensor, llvm::ArrayRef<E> indices);
  E apply(llvm::StringRef op, llvm::ArrayRef<E> args);
  E reduce(llvm::StringRef op, E body, E digit);
  E inverse(mlir::Value permutation, E position);

  /// The expression with digits replaced, simplified again.
  E substitute(E expr, const std::map<E, E> &digits);
  /// True where the expression mentions the digit.
  static bool mentions(E expr, E digit);
  /// Calls `visit` on the expression and all that it is made of, once each.
  static void walk(E expr, llvm::function_ref<void(E)> visit);

private:
  E unique(Expr &&expr);
  struct Less {
    bool operator()(E a, E b) const;
  };
  std::deque<Expr> storage;
  std::set<E, Less> known;
  unsigned digits = 0;
};

/// The expression as text, for debugging; `depth` bounds it.
std::string str(E expr, unsigned depth = 6);

/// True for an expression that is never negative: an index, or arithmetic on indices that keeps the sign.
bool isNonNegative(E expr);

/// The value of an expression at a point; `leaf` gives that of loads and digits, and may refuse with NaN. Reduce is not evaluated.
double evaluate(E expr, llvm::function_ref<double(E)> leaf);

} // namespace moe::raise
