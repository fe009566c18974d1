//===- Scores.cpp - what the input of an attention's softmax is made of -----------------------------------------===//
#include "Scores.h"

using namespace mlir;

namespace moe::raise {
namespace {

class ScoreReader {
public:
  ScoreReader(View &view, const Logit &at) : view(view), pool(view.pool), at(at) {}

  Scores result;

  bool run(E input, unsigned axis) {
    E expr = dropShift(input);
    return sinkColumn(expr, axis) && logits(dropShift(expr), 1);
  }

private:
  /// The element as an operator of that name, with its definition put in once; null where it is another one.
  E opened(E expr, StringRef name) {
    auto node = sourceNode(view, expr);
    if (!node || !node.is(name))
      return nullptr;
    E result = view.step(view.head(expr, Follow::Layout), Follow::All);
    return result && result->isApply(name) ? result : nullptr;
  }

  /// x - max(x): a softmax does not change when its row is shifted.
  E dropShift(E expr) {
    E difference = opened(expr, "Sub");
    return difference && !ExprPool::mentions(view.layout(difference->arg(1)), at.key) ? difference->arg(0) : expr;
  }

  /// concat(logits, sinks): the last column is the sink's.
  bool sinkColumn(E &expr, unsigned axis) {
    E load = view.head(expr, Follow::Layout);
    auto node = sourceNode(view, load);
    if (!node || !node.is("Concat"))
      return true;
    int64_t rank = load->args.size(), joined = node.intAttribute("axis", 0);
    joined = joined < 0 ? joined + rank : joined;
    if (load->args.size() <= axis || load->args[joined] != at.key || node.getNumOperands() != 2 || !view.extent(node.getOperand(1), joined).is(1) ||
        !(view.extent(node.getOperand(0), joined) == at.key->extents[0]))
      return false;
    std::vector<E> place = load->args;
    place[joined] = pool.constant(0);
    E sink = view.layout(pool.load(node.getOperand(1), place));
    if (!sink->is(Kind::Load))
      return false;
    for (auto [axis, index] : llvm::enumerate(sink->args))
      if (index != at.head && (!index->isConst(0) || !view.extent(sink->value, axis).is(1)))
        return false;
    result.sinks = sink->value;
    expr = pool.load(node.getOperand(0), load->args);
    return true;
  }

  /// factor * (logits + masks).
  bool logits(E expr, double factor) {
    expr = stripFactors(view, expr, factor);
    if (factor <= 0)
      return false;
    for (StringRef name : {"Add", "Sub"})
      if (E sum = opened(expr, name)) {
        for (int side : {0, 1}) {
          if (!reachesProduct(sum->arg(side)) || (name == "Sub" && side == 1))
            continue;
          Scores before = result;
          result.mask.addends.push_back({sum->arg(1 - side), name == "Sub" ? -factor : factor});
          if (logits(sum->arg(side), factor))
            return true;
          result = before;
        }
        return false;
      }
    if (E choice = opened(expr, "Where"))
      for (int side : {1, 2})
        if (E fill = view.head(choice->arg(3 - side)); fill->is(Kind::Const) && isMasking(factor * fill->number)) {
          result.mask.choices.push_back({side == 1 ? choice->arg(0) : pool.apply("Not", {choice->arg(0)}), factor * fill->number});
          return logits(choice->arg(side), factor);
        }
    if (E cut = opened(expr, "Max")) // cut off at the lowest number
      for (int side : {0, 1})
        if (E bound = view.head(cut->arg(side)); bound->is(Kind::Const) && isMasking(factor * bound->number))
          return logits(cut->arg(1 - side), factor);
    if (E bent = opened(expr, "Tanh")) {
      result.softcap = factor;
      double inside = 1;
      E product = stripFactors(view, bent->arg(0), inside);
      return this->product(product, inside * factor);
    }
    return product(expr, factor);
  }

  /// True where the product of queries and keys is in it, rather than a mask.
  bool reachesProduct(E expr) {
    double factor = 1;
    expr = stripFactors(view, expr, factor);
    auto node = sourceNode(view, expr);
    if (node && (node.is("Add") || node.is("Sub") || node.is("Where") || node.is("Tanh") || node.is("Max"))) {
      E inner = view.step(view.head(expr, Follow::Layout), Follow::All);
      return inner && llvm::any_of(inner->args, [&](E arg) { return reachesProduct(arg); });
    }
    if (!node || (!node.is("MatMul") && !node.is("Einsum")))
      return false;
    E load = view.head(expr, Follow::Layout);
    return ExprPool::mentions(load, at.key) && (!at.query->is(Kind::Digit) || ExprPool::mentions(load, at.query));
  }

  bool product(E expr, double factor) {
    E sum = view.head(expr);
    if (!sum->isReduce("Sum") || !sum->arg(1)->is(Kind::Digit))
      return false;
    E inner = sum->arg(1), body = view.head(sum->arg(0));
    if (!body->isApply("Mul"))
      return false;
    E left = stripFactors(view, body->arg(0), factor), right = stripFactors(view, body->arg(1), factor);
    for (bool swap : {false, true}) {
      auto queries = findHeads(view, at, swap ? right : left, at.query, inner), keys = findHeads(view, at, swap ? left : right, at.key, inner);
      if (!queries || !keys || queries->group > 1 || (at.head->is(Kind::Digit) && queries->head < 0))
        continue;
      result.queries = *queries;
      result.keys = *keys;
      result.scale = factor;
      return true;
    }
    return false;
  }

  View &view;
  ExprPool &pool;
  const Logit &at;
};

} // namespace

std::optional<Scores> readScores(View &view, const Logit &at, E input, unsigned sinkAxis) {
  ScoreReader reader(view, at);
  return reader.run(input, sinkAxis) ? std::optional(std::move(reader.result)) : std::nullopt;
}

} // namespace moe::raise
