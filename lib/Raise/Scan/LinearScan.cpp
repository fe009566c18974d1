//===- LinearScan.cpp - recurrences that are linear in one state ------------------------------------------------===//
//
//     S[i,j]  =  decay * S[i,j]  +  a[i] * sum_d b[d] * S[d,j]  +  k[i] * v[j]         decay, a, b, k, v free of S
//     y[j]    =  f(sum_i q[i] * S[i,j])  or  f(S[i,j])                                 f elementwise, with tensors of the whole sequence
//
//===------------------------------------------------------------------------------------------------------------===//
#include "../Replace.h"
#include "Linear.h"
#include "Product.h"
#include "Scan.h"
#include "ScanMaker.h"

using namespace mlir;

namespace moe::raise {
namespace {

class LinearScanMatcher {
public:
  LinearScanMatcher(View &view, NodeMaker &make, Recurrence &recurrence) : view(view), pool(view.pool), make(make), recurrence(recurrence) {}

  bool run() {
    if (recurrence.states.size() != 1 || recurrence.outputs.size() > 1)
      return false;
    const Recurrence::State &state = recurrence.states.front();
    auto form = linearForm(view, state.next, state.before, state.digits);
    if (!form || !form->own || !form->rest || form->mixed.size() > 1 || (!recurrence.outputs.empty() && !matchReadout()))
      return false;
    if (!form->mixed.empty() && row && *row != form->mixed.front().axis)
      return false;
    if (!form->mixed.empty())
      row = form->mixed.front().axis;
    ScanMaker maker(view, make, recurrence, row);
    if (!maker.valid())
      return false;
    ScanParts parts;
    parts.q = query;
    parts.exclusive = exclusive;
    if (!form->own->isConst(1) && !splitDecay(parts, maker, form->own))
      return false;
    if (!form->mixed.empty()) {
      const Mixed &term = form->mixed.front();
      parts.a = term.weight;
      parts.b = pool.substitute(term.inner, {{term.digit, maker.row}});
    }
    splitInput(parts, maker, form->rest);
    ScanOp op = maker.build(parts);
    return op && replaceOutputs(maker, op, parts);
  }

private:
  /// The sum over an axis of the state, or the state itself, that the result is made of.
  bool matchReadout() {
    const Recurrence::State &state = recurrence.states.front();
    Recurrence::Output &output = recurrence.outputs.front();
    bool before = mentionsTensor(output.element, state.before), after = mentionsTensor(output.element, state.after);
    if (before == after)
      return false;
    exclusive = before;
    Value read = before ? state.before : state.after;
    E load = nullptr;
    bool one = true;
    ExprPool::walk(output.element, [&](E part) {
      if (part->is(Kind::Load) && part->value == read) {
        one &= !load || load == part;
        load = part;
      }
    });
    if (!one)
      return false;
    // The state's digits take the place of those that the readout has.
    std::map<E, E> own;
    for (auto [axis, index] : llvm::enumerate(load->args)) {
      if (index == state.digits[axis])
        continue;
      if (!index->is(Kind::Digit) || !(index->extents == state.digits[axis]->extents) || own.count(index))
        return false;
      own[index] = state.digits[axis];
    }
    E sum = nullptr;
    ExprPool::walk(output.element, [&](E part) {
      if (part->is(Kind::Reduce) && mentionsTensor(part, read)) {
        one &= !sum;
        sum = part;
      }
    });
    if (!one)
      return false;
    if (!sum) {
      readout = load;
    } else {
      auto place = llvm::find(load->args, sum->arg(1));
      if (!sum->isReduce("Sum") || place == load->args.end())
        return false;
      row = place - load->args.begin();
      auto form = linearForm(view, sum->arg(0), read, load->args);
      if (!form || !form->own || form->rest || !form->mixed.empty())
        return false;
      query = pool.substitute(form->own, own);
      readout = sum;
    }
    canonical = own;
    return true;
  }

  /// exp(decay * rate), where rate is what is the same in all steps.
  bool splitDecay(ScanParts &parts, const ScanMaker &maker, E own) {
    E logarithm = logarithmOf(view, own);
    if (!logarithm)
      return false;
    auto varies = [&](E expr) { return (maker.batch && pool.mentions(expr, maker.batch)) || pool.mentions(expr, recurrence.time); };
    auto spreads = [&](E expr) { return maker.row && maker.column && pool.mentions(expr, maker.row) && pool.mentions(expr, maker.column); };
    SmallVector<E> decay, rate;
    for (E factor : factorsOf(view, logarithm, [&](E expr) { return !(varies(expr) && spreads(expr)); }))
      (varies(factor) || factor->is(Kind::Const) ? decay : rate).push_back(factor);
    parts.decay = productOf(view, decay);
    if (!rate.empty())
      parts.rate = productOf(view, rate);
    return true;
  }

  /// The input as k[i] * v[j]; as one tensor where it is no such product.
  void splitInput(ScanParts &parts, const ScanMaker &maker, E input) {
    auto inRow = [&](E expr) { return maker.row && pool.mentions(expr, maker.row); };
    auto inColumn = [&](E expr) { return maker.column && pool.mentions(expr, maker.column); };
    parts.v = input;
    if (!maker.row)
      return;
    SmallVector<E> k, v;
    for (E factor : factorsOf(view, input, [&](E expr) { return !(inRow(expr) && inColumn(expr)); })) {
      if (inRow(factor) && inColumn(factor))
        return;
      (inRow(factor) ? k : v).push_back(factor);
    }
    parts.k = productOf(view, k);
    parts.v = productOf(view, v);
  }

  bool replaceOutputs(ScanMaker &maker, ScanOp op, const ScanParts &parts) {
    for (Recurrence::Output &output : recurrence.outputs) {
      E element = pool.substitute(pool.substitute(output.element, {{readout, maker.resultElement(op, parts)}}), canonical);
      SmallVector<E> axes = {recurrence.time->is(Kind::Digit) ? recurrence.time : nullptr};
      for (E digit : output.digits) {
        auto found = canonical.find(digit);
        axes.push_back(digit->is(Kind::Digit) ? found == canonical.end() ? digit : found->second : nullptr);
      }
      Value value = emit(view, make, element, axes, cast<TensorType>(output.value.getType()).getElementType());
      const auto *have = value ? view.shapes.dims(value) : nullptr, *want = view.shapes.dims(output.value);
      if (!have || !want || *have != *want)
        return false;
      replaceRaised(output.value, value);
    }
    return true;
  }

  View &view;
  ExprPool &pool;
  NodeMaker &make;
  Recurrence &recurrence;
  std::optional<unsigned> row;
  bool exclusive = false;
  E query = nullptr, readout = nullptr;
  std::map<E, E> canonical; ///< digits of the output -> digits of the state
};

} // namespace

bool raiseLinearScan(View &view, NodeMaker &make, Recurrence &recurrence) { return LinearScanMatcher(view, make, recurrence).run(); }

} // namespace moe::raise
