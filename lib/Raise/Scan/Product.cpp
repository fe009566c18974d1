//===- Product.cpp - products and their logarithms --------------------------------------------------------------===//
#include "Product.h"
#include "llvm/ADT/StringSet.h"
#include <cmath>

using namespace mlir;

namespace moe::raise {

std::vector<E> factorsOf(View &view, E expr, llvm::function_ref<bool(E)> whole) {
  auto both = [&](E left, E right) {
    std::vector<E> result = factorsOf(view, left, whole), more = factorsOf(view, right, whole);
    result.insert(result.end(), more.begin(), more.end());
    return result;
  };
  E opened = expr->is(Kind::Load) && whole(expr) ? expr : view.head(expr);
  if (opened->isApply("Mul"))
    return both(opened->arg(0), opened->arg(1));
  if (opened->isApply("Div"))
    return both(opened->arg(0), view.pool.apply("Reciprocal", {opened->arg(1)}));
  if (opened->isApply("Neg"))
    return both(view.pool.constant(-1), opened->arg(0));
  return {expr};
}

E productOf(View &view, ArrayRef<E> factors) {
  E product = view.pool.constant(1);
  for (E factor : factors)
    product = view.pool.apply("Mul", {product, factor});
  return product;
}

/// True for an expression that is 0 or more, whatever its operands are.
static bool isNonNegative(View &view, E expr) {
  E opened = view.head(expr);
  if (opened->is(Kind::Const))
    return opened->number >= 0;
  static const llvm::StringSet<> nonNegative = {"Exp",  "Sigmoid", "Softplus", "Relu", "Abs",   "Sqrt", "Not",    "Equal", "Less", "LessOrEqual", "Greater",
                                                "GreaterOrEqual", "And", "Or", "Xor", "IsNaN", "ToBool"};
  if (opened->is(Kind::Apply) && nonNegative.contains(opened->op))
    return true;
  if (opened->is(Kind::Load))
    return cast<TensorType>(opened->value.getType()).getElementType().isInteger(1);
  if (opened->isApply("Mul") || opened->isApply("Div") || opened->isApply("Add"))
    return isNonNegative(view, opened->arg(0)) && isNonNegative(view, opened->arg(1));
  // 1 - sigmoid(x)
  return opened->isApply("Sub") && view.head(opened->arg(0))->isConst(1) && view.head(opened->arg(1))->isApply("Sigmoid");
}

E logarithmOf(View &view, E expr) {
  ExprPool &pool = view.pool;
  E opened = view.head(expr);
  if (opened->is(Kind::Const))
    return opened->number > 0 ? pool.constant(std::log(opened->number)) : nullptr;
  if (opened->isApply("Exp"))
    return opened->arg(0);
  if (opened->isApply("Sigmoid"))
    return pool.apply("Neg", {pool.apply("Softplus", {pool.apply("Neg", {opened->arg(0)})})});
  if (opened->isApply("Mul") || opened->isApply("Div")) {
    E left = logarithmOf(view, opened->arg(0)), right = logarithmOf(view, opened->arg(1));
    return left && right ? pool.apply(opened->isApply("Mul") ? "Add" : "Sub", {left, right}) : nullptr;
  }
  return isNonNegative(view, expr) ? pool.apply("Log", {expr}) : nullptr;
}

} // namespace moe::raise
