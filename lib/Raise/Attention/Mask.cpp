//===- Mask.cpp - what the masks of an attention mean -----------------------------------------------------------===//
#include "Mask.h"
#include <cmath>

using namespace mlir;

namespace moe::raise {

bool isMasking(double number) { return number <= -65504; }

namespace {

/// a * query + b * key + rest.
struct Linear {
  int64_t query = 0, key = 0;
  SymExpr rest;
};

class MaskReader {
public:
  MaskReader(View &view, const Logit &at) : view(view), pool(view.pool), at(at) {}

  bool causal = false;
  int64_t window = 0;
  std::vector<E> rest; ///< conditions that must hold too

  /// Takes the conjunction of conditions apart. Those that always hold are dropped.
  void read(ArrayRef<E> conditions) {
    for (E condition : conditions)
      collect(condition);
    // A window counts back from the query, so it is one only together with the causal bound.
    if (!causal && window) {
      window = 0;
      rest = conditions;
    }
  }

  /// The conditions under which an addend is 0 where it else is so low that nothing is left; false for any other addend.
  bool conditionsOf(E addend, double factor, std::vector<E> &result) {
    E expr = view.head(stripSigns(addend, factor));
    if (expr->is(Kind::Const))
      return expr->number == 0;
    if (expr->isApply("Add") || expr->isApply("Min"))
      return conditionsOf(expr->arg(0), factor, result) && conditionsOf(expr->arg(1), factor, result);
    if (expr->isApply("Max")) // cut off at the lowest number
      for (int side : {0, 1})
        if (E bound = view.head(expr->arg(side)); bound->is(Kind::Const) && isMasking(factor * bound->number))
          return conditionsOf(expr->arg(1 - side), factor, result);
    // low * masked, of a number 0 or 1.
    if (expr->isApply("Mul"))
      for (int side : {0, 1})
        if (E low = view.head(expr->arg(side)); low->is(Kind::Const) && isMasking(factor * low->number))
          return result.push_back(negated(expr->arg(1 - side))), true;
    if (expr->isApply("Where"))
      for (int side : {1, 2})
        if (E low = view.head(expr->arg(side)); low->is(Kind::Const) && isMasking(factor * low->number)) {
          result.push_back(side == 1 ? negated(expr->arg(0)) : expr->arg(0));
          return conditionsOf(expr->arg(3 - side), factor, result);
        }
    return false;
  }

private:
  E stripSigns(E expr, double &factor) {
    for (E head = view.head(expr); head->isApply("Neg"); head = view.head(expr)) {
      factor = -factor;
      expr = head->arg(0);
    }
    return expr;
  }

  /// The condition that a number 0 or 1, or a condition, does not hold.
  E negated(E condition) {
    E expr = view.head(condition);
    while (expr->isApply("Cast") || expr->isApply("ToBool"))
      expr = view.head(condition = expr->arg(0));
    if (expr->isApply("Not"))
      return expr->arg(0);
    if (expr->isApply("Sub") && view.head(expr->arg(0))->isConst(1))
      return expr->arg(1);
    return pool.apply("Not", {condition});
  }

  /// An integer expression as a linear form; nullopt where it is none.
  std::optional<Linear> linear(E expr) {
    expr = view.head(expr);
    if (expr == at.query)
      return Linear{expr->is(Kind::Digit), 0, SymExpr(0)};
    if (expr == at.key)
      return Linear{0, expr->is(Kind::Digit), SymExpr(0)};
    if (expr->is(Kind::Const))
      return Linear{0, 0, SymExpr(int64_t(expr->number))};
    if (expr->is(Kind::Load)) {
      auto length = view.lengthAt(expr);
      return length ? std::optional(Linear{0, 0, *length}) : std::nullopt;
    }
    if (expr->isApply("Cast"))
      return linear(expr->arg(0));
    if (!expr->isApply("IntAdd") && !expr->isApply("IntSub"))
      return std::nullopt;
    auto x = linear(expr->arg(0)), y = linear(expr->arg(1));
    if (!x || !y)
      return std::nullopt;
    int64_t sign = expr->isApply("IntAdd") ? 1 : -1;
    return Linear{x->query + sign * y->query, x->key + sign * y->key, x->rest + y->rest * SymExpr(sign)};
  }

  /// An order of linear forms, or its opposite, as a form that is not negative.
  std::optional<Linear> gapOf(E expr, bool holds) {
    bool less = expr->isApply("Less"), lessEqual = expr->isApply("LessOrEqual"), greater = expr->isApply("Greater"),
         greaterEqual = expr->isApply("GreaterOrEqual");
    if (!less && !lessEqual && !greater && !greaterEqual)
      return std::nullopt;
    auto a = linear(expr->arg(less || lessEqual ? 0 : 1)), b = linear(expr->arg(less || lessEqual ? 1 : 0));
    if (!a || !b)
      return std::nullopt;
    if (!holds)
      std::swap(a, b);
    bool strict = (less || greater) == holds;
    return Linear{b->query - a->query, b->key - a->key, b->rest - a->rest - SymExpr(strict ? 1 : 0)};
  }

  /// Takes a bound on the places into account; false for one that is no bound of moe.attention.
  bool bound(const Linear &gap) {
    SymExpr past = at.past();
    int64_t one = at.query->is(Kind::Digit); // the place of a single query is 0
    // query + past - key >= 0.
    if (gap.query == one && gap.key == -1 && gap.rest == past)
      return causal = true;
    // key - (query + past) + window - 1 >= 0.
    if (gap.query == -one && gap.key == 1)
      if (auto reach = (gap.rest + past).constant(); reach && *reach >= 0) {
        window = window ? std::min(window, *reach + 1) : *reach + 1;
        return true;
      }
    return gap.query >= 0 && gap.key >= 0 && isNonNegative(gap.rest);
  }

  void collect(E condition) {
    E expr = view.head(condition);
    bool holds = true;
    while (expr->isApply("ToBool") || expr->isApply("Cast") || expr->isApply("Not")) {
      holds ^= expr->isApply("Not");
      expr = view.head(expr->arg(0));
    }
    if (expr->is(Kind::Const) && (expr->number != 0) == holds)
      return;
    bool both = holds ? expr->isApply("And") || expr->isApply("IntMul") || expr->isApply("Mul") : expr->isApply("Or");
    if (both) {
      for (E part : expr->args)
        collect(holds ? part : negated(part));
      return;
    }
    // Not both, where one follows from the other: not the other. (One of places in this step and one of all places.)
    if (!holds && (expr->isApply("And") || expr->isApply("IntMul") || expr->isApply("Mul")))
      if (E implying = implyingOf(expr->arg(0), expr->arg(1)))
        return collect(negated(implying));
    auto gap = gapOf(expr, holds);
    if (!gap || !bound(*gap))
      rest.push_back(condition);
  }

  /// That of two orders from which the other one follows; null where neither does.
  E implyingOf(E x, E y) {
    auto open = [&](E expr) {
      expr = view.head(expr);
      while (expr->isApply("Cast") || expr->isApply("ToBool"))
        expr = view.head(expr->arg(0));
      return gapOf(expr, true);
    };
    auto a = open(x), b = open(y);
    if (!a || !b || a->query != b->query || a->key != b->key)
      return nullptr;
    return isNonNegative(b->rest - a->rest) ? x : isNonNegative(a->rest - b->rest) ? y : nullptr;
  }

  View &view;
  ExprPool &pool;
  const Logit &at;
};

class MaskBuilder {
public:
  MaskBuilder(View &view, NodeMaker &make, const Logit &at, const HeadTensor &queries, const HeadTensor &keys)
      : view(view), make(make), at(at), queries(queries), keys(keys) {}

  /// With `read` masks are recognised, else all of them are tensors.
  std::optional<AttentionMask> run(const MaskTerms &terms, bool read) {
    std::vector<E> conditions;
    for (auto [condition, other] : terms.choices)
      if (std::isinf(other) || (read && isBound({condition})))
        conditions.push_back(condition);
      else if (!add(condition, other))
        return std::nullopt;
    for (auto [term, factor] : terms.addends) {
      std::vector<E> found;
      if (read && MaskReader(view, at).conditionsOf(term, factor, found) && isBound(found))
        llvm::append_range(conditions, found);
      else if (!add(term, factor))
        return std::nullopt;
    }
    if (read) {
      MaskReader reader(view, at);
      reader.read(conditions);
      result.causal = reader.causal;
      result.window = reader.window;
      conditions = reader.rest;
    }
    if (!llvm::all_of(conditions, [&](E condition) { return allow(condition); }))
      return std::nullopt;
    result.tensor = added && allowed ? make.node("Add", {added, numbers(allowed)}) : added ? added : allowed;
    return result;
  }

private:
  static bool isBoolean(E expr) { return expr->is(Kind::Load) && elementOf(expr->value).isInteger(1); }
  static Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }
  Value tensor(E expr) { return overLogits(view, make, at, expr, queries, keys); }
  Value numbers(Value condition) {
    return make.node("Where", {condition, make.number(0, element), make.number(-INFINITY, element)});
  }

  /// True where conditions bound the keys as the op does, or always hold.
  bool isBound(ArrayRef<E> conditions) {
    MaskReader reader(view, at);
    reader.read(conditions);
    return reader.causal || reader.rest.empty();
  }

  /// A tensor times a factor; 0 or the number where a condition holds or does not.
  bool add(E term, double factor) {
    Value value = term->isApply("Not") || isBoolean(term) ? boolean(term) : tensor(term);
    if (value && elementOf(value).isInteger(1))
      value = make.node("Where", {value, make.number(0, element), make.number(factor, element)});
    else if (value && factor != 1)
      value = make.node("Mul", {value, make.number(factor, element)});
    added = added && value ? make.node("Add", {added, value}) : value;
    return bool(value);
  }

  bool allow(E condition) {
    Value value = boolean(condition);
    allowed = allowed && value ? make.node("And", {allowed, value}) : value;
    return bool(value);
  }

  /// A condition as booleans: those of a tensor, or their opposite.
  Value boolean(E expr) {
    if (expr->isApply("Not")) {
      Value value = boolean(expr->arg(0));
      return value ? make.node("Not", value) : Value();
    }
    Value value = tensor(expr);
    return !value || elementOf(value).isInteger(1) ? value : make.node("Cast", value, make.attr("to", 9));
  }

  View &view;
  NodeMaker &make;
  const Logit &at;
  const HeadTensor &queries, &keys;
  Type element = elementOf(queries.tensor);
  AttentionMask result;
  Value added, allowed;
};

} // namespace

std::optional<AttentionMask> buildMask(View &view, NodeMaker &make, const Logit &at, const MaskTerms &terms, const HeadTensor &queries,
                                       const HeadTensor &keys, bool read) {
  read = read && isNonNegative(at.past());
  auto result = MaskBuilder(view, make, at, queries, keys).run(terms, read);
  return result || !read ? result : MaskBuilder(view, make, at, queries, keys).run(terms, /*read=*/false);
}

} // namespace moe::raise
