//===- NormalizedScan.cpp - averages with exponential weights that a running maximum keeps finite ---------------===//
//
//     m'   = max(m + w, k)
//     S'   = exp(m + w - m') * S + exp(k - m') * v          n' = exp(m + w - m') * n + exp(k - m')
//     y    = (exp(m - p) * S + exp(k + u - p) * v) / (exp(m - p) * n + exp(k + u - p))                    p = max(m, k + u)
//
// The parts are found by their places, and the formulas are compared at random points, in whatever way they are written.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "../Replace.h"
#include "Linear.h"
#include "Scan.h"
#include "ScanMaker.h"
#include <cmath>
#include <random>

using namespace mlir;

namespace moe::raise {
namespace {

class NormalizedScanMatcher {
public:
  NormalizedScanMatcher(View &view, NodeMaker &make, Recurrence &recurrence) : view(view), pool(view.pool), make(make), recurrence(recurrence) {}

  bool run() {
    if (recurrence.states.size() != 3 || recurrence.outputs.size() != 1 || !alignDigits() || !findMaximum() || !findSums() || !findBonus())
      return false;
    // In the op's order.
    Recurrence unordered = recurrence;
    const unsigned order[] = {sum, normalizer, maximum};
    for (auto [place, from] : llvm::enumerate(order)) {
      recurrence.states[place] = unordered.states[from];
      recurrence.finals[place] = unordered.finals[from];
    }
    ScanMaker maker(view, make, recurrence, std::nullopt);
    if (!maker.valid())
      return false;
    ScanParts parts;
    parts.v = value;
    parts.decay = decay;
    parts.gate = gate;
    parts.bonus = bonus;
    parts.normalized = parts.exclusive = true;
    ScanOp op = maker.build(parts);
    if (!op)
      return false;
    Recurrence::Output &output = recurrence.outputs.front();
    SmallVector<E> axes = {recurrence.time->is(Kind::Digit) ? recurrence.time : nullptr};
    for (E digit : output.digits)
      axes.push_back(digit->is(Kind::Digit) ? own(digit) : nullptr);
    Value result = emit(view, make, maker.resultElement(op, parts), axes, cast<TensorType>(output.value.getType()).getElementType());
    if (!result || !view.shapes.dims(output.value) || *view.shapes.dims(result) != *view.shapes.dims(output.value))
      return false;
    replaceRaised(output.value, result);
    return true;
  }

private:
  E own(E digit) const {
    auto found = digits.find(digit);
    return found == digits.end() ? digit : found->second;
  }

  /// All states and the output have the digits of the first state; the output may have axes of length 1 besides.
  bool alignDigits() {
    const std::vector<E> first = recurrence.states.front().digits;
    for (Recurrence::State &state : recurrence.states) {
      if (state.digits.size() != first.size())
        return false;
      for (auto [mine, theirs] : llvm::zip(state.digits, first)) {
        if (mine->kind != theirs->kind || mine->extents != theirs->extents)
          return false;
        digits[mine] = theirs;
      }
    }
    Recurrence::Output &output = recurrence.outputs.front();
    auto isDigit = [](E index) { return index->is(Kind::Digit); };
    SmallVector<E> used = llvm::filter_to_vector(output.digits, isDigit), needed = llvm::filter_to_vector(first, isDigit);
    if (used.size() != needed.size())
      return false;
    for (auto [mine, theirs] : llvm::zip(used, needed)) {
      if (mine->extents != theirs->extents)
        return false;
      digits[mine] = theirs;
    }
    for (Recurrence::State &state : recurrence.states) {
      state.next = pool.substitute(state.next, digits);
      state.digits = first;
    }
    readout = pool.substitute(output.element, digits);
    return true;
  }

  E before(unsigned state) { return pool.load(recurrence.states[state].before, recurrence.states.front().digits); }
  E after(unsigned state) { return pool.load(recurrence.states[state].after, recurrence.states.front().digits); }
  bool hasState(E expr) {
    return llvm::any_of(recurrence.states, [&](auto &state) { return mentionsTensor(expr, state.before) || mentionsTensor(expr, state.after); });
  }

  /// m' = max(m + w, k).
  bool findMaximum() {
    for (unsigned i = 0; i < 3; ++i) {
      E next = recurrence.states[i].next;
      if (!next->isApply("Max"))
        continue;
      for (int side : {0, 1}) {
        auto form = linearForm(view, next->arg(side), recurrence.states[i].before, recurrence.states.front().digits);
        if (!form || !form->own || !form->own->isConst(1) || !form->mixed.empty() || hasState(next->arg(1 - side)))
          continue;
        maximum = i;
        decay = form->rest ? form->rest : pool.constant(0);
        gate = next->arg(1 - side);
        return !hasState(decay);
      }
    }
    return false;
  }

  /// The states that decay alike: to one the weights are added, to the other the weighted values.
  bool findSums() {
    std::optional<LinearForm> forms[3];
    E keep = pool.apply("Exp", {pool.apply("Sub", {pool.apply("Add", {before(maximum), decay}), after(maximum)})});
    E weight = pool.apply("Exp", {pool.apply("Sub", {gate, after(maximum)})});
    std::optional<unsigned> count, total;
    for (unsigned i = 0; i < 3; ++i) {
      if (i == maximum)
        continue;
      forms[i] = linearForm(view, recurrence.states[i].next, recurrence.states[i].before, recurrence.states.front().digits);
      if (!forms[i] || !forms[i]->own || !forms[i]->rest || !forms[i]->mixed.empty() || !same(forms[i]->own, keep))
        return false;
      (same(forms[i]->rest, weight) ? count : total) = i;
    }
    if (!count || !total)
      return false;
    sum = *total;
    normalizer = *count;
    // What multiplies the weight is free of the states.
    E rest = forms[sum]->rest;
    if (!rest->isApply("Mul"))
      return false;
    for (int side : {0, 1})
      if (E candidate = rest->arg(side); !hasState(candidate)) {
        value = candidate;
        return same(rest, pool.apply("Mul", {weight, value}));
      }
    return false;
  }

  /// u, from the other operand of p = max(m, k + u).
  bool findBonus() {
    E other = nullptr;
    ExprPool::walk(readout, [&](E part) {
      if (part->isApply("Max"))
        for (int side : {0, 1})
          if (part->arg(side) == before(maximum) && !hasState(part->arg(1 - side)))
            other = part->arg(1 - side);
    });
    if (!other)
      return false;
    E opened = view.head(other);
    if (other == gate)
      bonus = pool.constant(0);
    else if (opened->isApply("Add"))
      for (int side : {0, 1})
        if (view.layout(opened->arg(side)) == view.layout(gate))
          bonus = opened->arg(1 - side);
    if (!bonus || pool.mentions(bonus, recurrence.time))
      return false;
    E top = pool.apply("Max", {before(maximum), other});
    auto weigh = [&](E exponent) { return pool.apply("Exp", {pool.apply("Sub", {exponent, top})}); };
    auto average = [&](E old, E fresh) {
      return pool.apply("Add", {pool.apply("Mul", {weigh(before(maximum)), old}), fresh ? pool.apply("Mul", {weigh(other), fresh}) : weigh(other)});
    };
    return same(readout, pool.apply("Div", {average(before(sum), value), average(before(normalizer), nullptr)}));
  }

  /// True where the expressions agree at random points. Every load is a variable of its own.
  bool same(E left, E right) {
    std::mt19937 random(1);
    for (int trial = 0; trial < 8; ++trial) {
      std::map<E, double> values;
      auto leaf = [&](E expr) {
        auto [entry, isNew] = values.try_emplace(expr, 0);
        if (isNew)
          entry->second = std::uniform_real_distribution<double>(-2, 2)(random);
        return entry->second;
      };
      double x = evaluate(left, leaf), y = evaluate(right, leaf);
      if (!(std::fabs(x - y) <= 1e-9 * std::max(1.0, std::fabs(y))))
        return false;
    }
    return true;
  }

  View &view;
  ExprPool &pool;
  NodeMaker &make;
  Recurrence &recurrence;
  std::map<E, E> digits; ///< of the other states and the output -> of the first state
  unsigned maximum = 0, sum = 0, normalizer = 0;
  E readout = nullptr, decay = nullptr, gate = nullptr, value = nullptr, bonus = nullptr;
};

} // namespace

bool raiseNormalizedScan(View &view, NodeMaker &make, Recurrence &recurrence) { return NormalizedScanMatcher(view, make, recurrence).run(); }

} // namespace moe::raise
