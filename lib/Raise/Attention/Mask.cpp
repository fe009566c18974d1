//===- Mask.cpp - what a mask computed in the graph means -------------------------------------------------------===//
#include "Mask.h"
#include <cmath>

using namespace mlir;

namespace moe::raise {
namespace {

/// a * query + b * key + rest.
struct Linear {
  int64_t query = 0, key = 0;
  SymExpr rest;
};

/// An integer expression as a linear form; nullopt where it is none.
std::optional<Linear> linear(View &view, E expr, E query, E key) {
  expr = view.head(expr);
  if (expr == query)
    return Linear{1, 0, SymExpr(0)};
  if (expr == key)
    return Linear{0, 1, SymExpr(0)};
  if (expr->is(Kind::Const))
    return Linear{0, 0, SymExpr(int64_t(expr->number))};
  if (expr->is(Kind::Load)) {
    // A scalar whose content is arithmetic on lengths.
    const auto *content = view.shapes.content(expr->value);
    if (content && content->size() == 1)
      return Linear{0, 0, content->front()};
    return std::nullopt;
  }
  if (expr->isApply("Cast"))
    return linear(view, expr->arg(0), query, key);
  if (!expr->isApply("IntAdd") && !expr->isApply("IntSub"))
    return std::nullopt;
  auto x = linear(view, expr->arg(0), query, key), y = linear(view, expr->arg(1), query, key);
  if (!x || !y)
    return std::nullopt;
  int64_t sign = expr->isApply("IntAdd") ? 1 : -1;
  return Linear{x->query + sign * y->query, x->key + sign * y->key, x->rest + y->rest * SymExpr(sign)};
}

void collect(View &view, E condition, E query, E key, const SymExpr &past, MaskPart &result) {
  E expr = view.head(condition);
  if (expr->is(Kind::Const) && expr->number != 0)
    return;
  if (expr->isApply("ToBool") || expr->isApply("Cast"))
    return collect(view, expr->arg(0), query, key, past, result);
  if (expr->isApply("And") || expr->isApply("IntMul")) {
    collect(view, expr->arg(0), query, key, past, result);
    collect(view, expr->arg(1), query, key, past, result);
    return;
  }
  // low <= high, as high - low >= 0.
  bool less = expr->isApply("Less"), lessEqual = expr->isApply("LessOrEqual"), greater = expr->isApply("Greater"), greaterEqual = expr->isApply("GreaterOrEqual");
  if (less || lessEqual || greater || greaterEqual) {
    E low = expr->arg(less || lessEqual ? 0 : 1), high = expr->arg(less || lessEqual ? 1 : 0);
    auto a = linear(view, low, query, key), b = linear(view, high, query, key);
    if (a && b) {
      Linear gap{b->query - a->query, b->key - a->key, b->rest - a->rest - SymExpr(less || greater ? 1 : 0)};
      // query + past - key >= 0.
      if (gap.query == 1 && gap.key == -1 && gap.rest == past) {
        result.causal = true;
        return;
      }
      // key - (query + past) + window - 1 >= 0.
      if (gap.query == -1 && gap.key == 1)
        if (auto window = (gap.rest + past).constant(); window && *window >= 0 && result.window == 0) {
          result.window = *window + 1;
          return;
        }
      // key >= 0.
      if (gap.query == 0 && gap.key == 1 && gap.rest.is(0))
        return;
    }
  }
  result.rest.push_back(condition);
}

/// A number that masks: no score is left beside it.
bool isMasking(E number) { return number->is(Kind::Const) && (number->number <= -1e30 || number->number <= -65504 || std::isinf(number->number)) && number->number < 0; }

} // namespace

MaskPart takeApart(View &view, E condition, E query, E key, const SymExpr &past) {
  MaskPart result;
  collect(view, condition, query, key, past, result);
  // A window counts back from the query, so it is one only together with the causal bound.
  if (!result.causal && result.window) {
    result.window = 0;
    result.rest = {condition};
  }
  return result;
}

E additiveCondition(View &view, E mask) {
  E expr = view.head(mask);
  // (1 - allowed) * low, written with Not and Cast.
  if (expr->isApply("Mul"))
    for (int side : {0, 1})
      if (isMasking(view.head(expr->arg(side)))) {
        E masked = view.head(expr->arg(1 - side));
        while (masked->isApply("Cast") || masked->isApply("ToBool"))
          masked = view.head(masked->arg(0));
        if (masked->isApply("Not"))
          return masked->arg(0);
        if (masked->isApply("Sub") && view.head(masked->arg(0))->isConst(1))
          return masked->arg(1);
      }
  if (expr->isApply("Where")) {
    E yes = view.head(expr->arg(1)), no = view.head(expr->arg(2));
    if (yes->isConst(0) && isMasking(no))
      return expr->arg(0);
    if (no->isConst(0) && isMasking(yes)) {
      E condition = view.head(expr->arg(0));
      return condition->isApply("Not") ? condition->arg(0) : view.pool.apply("Not", {expr->arg(0)});
    }
  }
  return nullptr;
}

} // namespace moe::raise
