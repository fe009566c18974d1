//===- Linear.cpp - how an expression depends on a state --------------------------------------------------------===//
#include "Linear.h"

using namespace mlir;

namespace moe::raise {

bool mentionsTensor(E expr, Value tensor) {
  bool found = false;
  ExprPool::walk(expr, [&](E part) { found |= part->is(Kind::Load) && part->value == tensor; });
  return found;
}

namespace {

class Linear {
public:
  Linear(View &view, Value state, ArrayRef<E> digits) : pool(view.pool), state(state), digits(digits) {}

  std::optional<LinearForm> form(E expr) {
    if (!mentionsTensor(expr, state))
      return LinearForm{nullptr, expr, {}};
    switch (expr->kind) {
    case Kind::Load: return expr->value == state && ArrayRef<E>(expr->args) == digits ? std::optional(LinearForm{pool.constant(1), nullptr, {}}) : std::nullopt;
    case Kind::Apply: return apply(expr);
    case Kind::Reduce: return reduce(expr);
    default: return std::nullopt;
    }
  }

private:
  E add(E a, E b) { return !a ? b : !b ? a : pool.apply("Add", {a, b}); }
  E multiply(E a, E b) { return a && b ? pool.apply("Mul", {a, b}) : nullptr; }
  E negate(E a) { return multiply(a, pool.constant(-1)); }

  static LinearForm map(LinearForm form, llvm::function_ref<E(E)> function) {
    form.own = form.own ? function(form.own) : nullptr;
    form.rest = form.rest ? function(form.rest) : nullptr;
    for (Mixed &term : form.mixed)
      term.weight = function(term.weight);
    return form;
  }

  LinearForm sum(LinearForm a, const LinearForm &b) {
    a.own = add(a.own, b.own);
    a.rest = add(a.rest, b.rest);
    a.mixed.insert(a.mixed.end(), b.mixed.begin(), b.mixed.end());
    return a;
  }

  std::optional<LinearForm> apply(E expr) {
    if (expr->isApply("Add") || expr->isApply("Sub")) {
      auto a = form(expr->arg(0)), b = form(expr->arg(1));
      if (!a || !b)
        return std::nullopt;
      return sum(*a, expr->isApply("Sub") ? map(*b, [&](E part) { return negate(part); }) : *b);
    }
    if (expr->isApply("Neg")) {
      auto a = form(expr->arg(0));
      return a ? std::optional(map(*a, [&](E part) { return negate(part); })) : std::nullopt;
    }
    if (expr->isApply("Mul"))
      for (int side : {0, 1})
        if (E factor = expr->arg(1 - side); !mentionsTensor(factor, state)) {
          auto a = form(expr->arg(side));
          return a ? std::optional(map(*a, [&](E part) { return multiply(part, factor); })) : std::nullopt;
        }
    if (E divisor = expr->isApply("Div") ? expr->arg(1) : nullptr; divisor && !mentionsTensor(divisor, state)) {
      auto a = form(expr->arg(0));
      return a ? std::optional(map(*a, [&](E part) { return pool.apply("Div", {part, divisor}); })) : std::nullopt;
    }
    return std::nullopt;
  }

  /// A sum over one axis of the state, at the own place of the others.
  std::optional<LinearForm> reduce(E expr) {
    if (!expr->isReduce("Sum"))
      return std::nullopt;
    E digit = expr->arg(1);
    std::optional<unsigned> axis;
    bool one = true;
    ExprPool::walk(expr->arg(0), [&](E part) {
      if (!part->is(Kind::Load) || part->value != state)
        return;
      for (auto [place, index] : llvm::enumerate(part->args)) {
        if (index == digits[place])
          continue;
        one &= index == digit && (!axis || axis == place);
        axis = place;
      }
    });
    if (!axis || !one)
      return std::nullopt;
    std::vector<E> moved = digits.vec();
    moved[*axis] = digit;
    auto inner = Linear(*this, moved).form(expr->arg(0));
    if (!inner || inner->rest || !inner->mixed.empty() || !inner->own)
      return std::nullopt;
    return LinearForm{nullptr, nullptr, {Mixed{pool.constant(1), inner->own, digit, *axis}}};
  }

  Linear(const Linear &outer, ArrayRef<E> digits) : pool(outer.pool), state(outer.state), digits(digits) {}

  ExprPool &pool;
  Value state;
  ArrayRef<E> digits;
};

} // namespace

std::optional<LinearForm> linearForm(View &view, E expr, Value state, ArrayRef<E> digits) { return Linear(view, state, digits).form(expr); }

} // namespace moe::raise
