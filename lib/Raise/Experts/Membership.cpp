//===- Membership.cpp - which tokens an expert adds to, and with what weight ------------------------------------===//
#include "Membership.h"
#include "llvm/ADT/StringSet.h"
#include <cmath>

using namespace mlir;

namespace moe::raise {

/// The expression followed through what masks are made of, so that comparisons with the chosen experts stand in plain sight. What computes
/// the weights is not followed.
static E expandMask(View &view, E expr) {
  static const llvm::StringSet<> masks = {"Mul", "Where", "Cast", "Equal", "Not", "And", "Or", "ReduceSum", "OneHot", "ScatterElements",
                                          "Range", "LessOrEqual", "Less"};
  expr = view.head(expr, Follow::Layout);
  if (expr->is(Kind::Load)) {
    auto node = expr->value.getDefiningOp<onnx::NodeOp>();
    E next = node && masks.contains(node.getOpType()) ? view.step(expr, Follow::All) : nullptr;
    return next ? expandMask(view, next) : view.layout(expr);
  }
  if (!expr->is(Kind::Apply) && !expr->is(Kind::Reduce))
    return expr;
  std::vector<E> args = expr->args;
  args[0] = expandMask(view, args[0]);
  if (expr->is(Kind::Reduce))
    return view.pool.reduce(expr->op, args[0], args[1]);
  for (E &arg : llvm::drop_begin(args))
    arg = expandMask(view, arg);
  return view.pool.apply(expr->op, args);
}

/// Puts the body of the sum over the slots in its place; products and casts alone may stand above it. Null where there is none.
static E openSum(ExprPool &pool, E expr, E &slot) {
  if (expr->isReduce("Sum")) {
    slot = expr->arg(1);
    return expr->arg(0);
  }
  if (!expr->isApply("Mul") && !expr->isApply("Cast"))
    return nullptr;
  for (size_t i = 0; i < expr->args.size(); ++i)
    if (E opened = openSum(pool, expr->arg(i), slot)) {
      std::vector<E> args = expr->args;
      args[i] = opened;
      return pool.apply(expr->op, args);
    }
  return nullptr;
}

/// The factor of a token that chose the expert. What is read at the expert's place is read at the place that the ids name, which is the same.
static E weightOf(View &view, E expr, E ids, E expert) {
  ExprPool &pool = view.pool;
  if (expr == ids || expr == expert)
    return pool.constant(expert->is(Kind::Const) ? expert->number : 0); // equal to each other is all that counts
  std::vector<E> args = expr->args;
  if (expr->is(Kind::Load)) {
    for (auto [axis, index] : llvm::enumerate(args))
      if (index == expert && !view.extent(expr->value, axis).is(1))
        index = ids;
    return pool.load(expr->value, args);
  }
  if (!expr->is(Kind::Apply))
    return expr;
  for (E &arg : args)
    arg = weightOf(view, arg, ids, expert);
  return pool.apply(expr->op, args);
}

static onnx::NodeOp runningSum(E load) {
  auto node = load->is(Kind::Load) ? load->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
  return node && node.is("CumSum") ? node : onnx::NodeOp();
}

bool isRunningCount(View &view, E count, E ids) {
  onnx::NodeOp sum = runningSum(count);
  int64_t rank = sum ? count->args.size() : 0;
  auto axis = sum ? view.shapes.constants(sum.getOperand(1)) : std::nullopt;
  if (rank < 2 || !axis || axis->size() != 1 || (axis->front() != -2 && axis->front() != rank - 2) || sum.intAttribute("exclusive", 0) ||
      sum.intAttribute("reverse", 0))
    return false;
  std::vector<E> at = count->args;
  at.back() = view.pool.digit(view.extent(count->value, rank - 1));
  E chosen = expandMask(view, view.pool.load(sum.getOperand(0), at));
  for (int64_t id : {0, 1, 2})
    for (int64_t expert : {0, 1, 2})
      if (evaluate(chosen, [&](E leaf) { return leaf == ids ? double(id) : leaf == at.back() ? double(expert) : NAN; }) != double(id == expert))
        return false;
  return true;
}

std::optional<Membership> matchMembership(View &view, ArrayRef<E> factors, E expert) {
  ExprPool &pool = view.pool;
  E body = pool.constant(1);
  for (E factor : factors)
    body = pool.apply("Mul", {body, expandMask(view, factor)});
  Membership result;
  result.slot = pool.constant(0);
  if (E opened = openSum(pool, body, result.slot))
    body = opened;

  // One tensor of integers is compared, the ids, and maybe a running count of them. All that is not a number, the ids or the expert is part of the weight.
  std::set<E> integers;
  std::vector<double> numbers;
  ExprPool::walk(body, [&](E part) {
    if (part->is(Kind::Const))
      numbers.push_back(part->number);
    if (runningSum(part))
      result.count = part;
    else if (part->is(Kind::Load) && isa<IntegerType>(cast<TensorType>(part->value.getType()).getElementType()))
      integers.insert(part);
  });
  if (integers.size() != 1)
    return std::nullopt;
  result.ids = *integers.begin();
  if (result.count && !isRunningCount(view, result.count, result.ids))
    return std::nullopt;
  std::map<E, double> samples; // weights of any value
  auto value = [&](int64_t id, int64_t own, double count = 1) {
    return evaluate(body, [&](E leaf) {
      if (leaf == result.count)
        return count;
      return leaf == result.ids ? double(id) : leaf == expert ? double(own) : samples.try_emplace(leaf, 0.7 + 0.11 * samples.size()).first->second;
    });
  };
  // The factor is 0 but for the token's own experts.
  auto isOwn = [&](int64_t own, int64_t count) {
    for (int64_t id = 0; id < count; ++id)
      if (double x = value(id, own); std::isnan(x) || (x != 0) != (id == own))
        return false;
    return true;
  };
  int64_t largest = 3;
  for (double number : numbers)
    if (number >= 0 && number < 1 << 16)
      largest = std::max<int64_t>(largest, number + 2);
  if (expert) {
    if (!isOwn(0, largest) || !isOwn(1, largest) || !isOwn(2, largest))
      return std::nullopt;
  } else {
    auto own = llvm::find_if(numbers, [&](double number) { return number >= 0 && number == std::floor(number) && number < largest && isOwn(number, largest); });
    if (own == numbers.end())
      return std::nullopt;
    result.expert = *own;
  }
  if (result.count) {
    int64_t own = result.expert;
    auto last = llvm::find_if(numbers, [&](double number) { return value(own, own, number) != 0 && value(own, own, number + 1) == 0; });
    if (last == numbers.end() || *last < 1)
      return std::nullopt;
    result.capacity = *last;
    body = pool.substitute(body, {{result.count, pool.constant(1)}});
  }
  result.weight = weightOf(view, body, result.ids, expert ? expert : pool.constant(result.expert));
  return result;
}

} // namespace moe::raise
