//===- ScanMaker.cpp - the operands of a moe.scan from expressions ----------------------------------------------===//
#include "ScanMaker.h"
#include "../Replace.h"

using namespace mlir;

namespace moe::raise {

static E digitOrNull(E index) { return index->is(Kind::Digit) ? index : nullptr; }

ScanMaker::ScanMaker(View &view, NodeMaker &make, const Recurrence &recurrence, std::optional<unsigned> rowAxis)
    : view(view), make(make), recurrence(recurrence) {
  const Recurrence::State &state = recurrence.states.front();
  element = cast<TensorType>(state.initial.getType()).getElementType();
  time = digitOrNull(recurrence.time);
  SmallVector<E> rest;
  for (auto [axis, digit] : llvm::enumerate(state.digits))
    if (axis == rowAxis)
      row = digitOrNull(digit);
    else
      rest.push_back(digitOrNull(digit));
  if (rest.empty() || rest.size() > 3)
    return;
  batch = rest.front();
  column = rest.size() > 1 ? rest.back() : nullptr;
  head = rest.size() == 3 ? rest[1] : nullptr;
  ok = llvm::all_of(ArrayRef<E>{head, row, column}, [&](E digit) { return extentOf(digit).constant().has_value(); });
}

RankedTensorType ScanMaker::type(ArrayRef<SymExpr> lengths) const {
  SmallVector<int64_t> shape;
  for (const SymExpr &length : lengths)
    shape.push_back(length.constant().value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, element);
}

bool ScanMaker::isZero(Value value) {
  std::vector<E> digits;
  return view.open(view.at(value, digits))->isConst(0);
}

Value ScanMaker::lengthOf(E axis) {
  SymExpr length = extentOf(axis);
  if (auto constant = length.constant())
    return make.ints(*constant);
  return make.node("Shape", axis == batch ? recurrence.states.front().initial : recurrence.sequence, {make.attr("start", 0), make.attr("end", 1)});
}

Value ScanMaker::part(E expr, ArrayRef<E> axes, ArrayRef<bool> full) {
  Value value = expr ? emit(view, make, expr, axes, element) : Value();
  if (!value)
    return {};
  ShapeAnalysis::Exprs dims = *view.shapes.dims(value); // nodes are added below
  bool expand = false;
  SmallVector<Value> shape;
  for (auto [axis, digit] : llvm::enumerate(axes)) {
    SymExpr length = extentOf(digit);
    bool missing = !(dims[axis] == length);
    if (missing && !dims[axis].is(1))
      return {};
    expand |= missing && full[axis];
    shape.push_back(full[axis] ? lengthOf(digit) : make.ints(1));
  }
  return expand ? make.node("Expand", {value, make.node("Concat", shape, make.attr("axis", 0))}) : value;
}

ScanOp ScanMaker::build(const ScanParts &parts) {
  SmallVector<E> five = {batch, time, head, row, column}, keys = {batch, time, head, row}, three = {head, row, column};
  SmallVector<bool> none(5, false), all(5, true);
  bool failed = false;
  auto optional = [&](E expr, ArrayRef<E> axes, ArrayRef<bool> full) {
    Value value = part(expr, axes, full);
    failed |= expr && !value;
    return value;
  };
  // Keys and queries that are the same for all heads stand there once.
  SmallVector<bool> shared = {true, true, false, true};
  Value v = parts.k ? optional(parts.v, {batch, time, head, column}, {true, true, true, true}) : optional(parts.v, five, all);
  Value k = optional(parts.k, keys, shared), q = optional(parts.q, keys, shared);
  Value decay = optional(parts.decay, five, none), rate = optional(parts.rate, three, {false, false, false});
  Value a = optional(parts.a, keys, shared), b = optional(parts.b, keys, shared);
  Value gate = optional(parts.gate, five, none), bonus = optional(parts.bonus, three, {false, false, false});
  SmallVector<Value> states;
  SmallVector<E> square = {batch, head, row, column};
  for (const Recurrence::State &state : recurrence.states)
    states.push_back(optional(view.pool.load(state.initial, state.digits), square, {true, true, true, true}));
  if (failed || !v || !make.valid)
    return {};
  if (!parts.normalized && isZero(recurrence.states.front().initial))
    states.clear();
  std::vector<SymExpr> lengths = {extentOf(batch), recurrence.steps, extentOf(head), extentOf(column)};
  if (!q)
    lengths.insert(lengths.begin() + 3, extentOf(row));
  std::vector<SymExpr> square4 = {extentOf(batch), extentOf(head), extentOf(row), extentOf(column)};
  SmallVector<Type> types = {type(lengths)};
  types.append(recurrence.states.size(), type(square4));
  auto op = ScanOp::create(make.b, make.loc, types.front(), ArrayRef(types).drop_front(), v, k, q, decay, rate, a, b, gate, bonus, states,
                           APFloat(1.0), parts.exclusive, parts.normalized, APFloat(0.0), APFloat(0.0), 1, IntegerAttr());
  make.known(op);
  view.shapes.define(op.getResult(), lengths);
  for (auto [mine, final, original] : llvm::zip(recurrence.states, op.getFinal(), recurrence.finals)) {
    view.shapes.define(final, square4);
    auto index = [&](E digit) { return digit ? digit : view.pool.constant(0); };
    SmallVector<E> order;
    for (E digit : recurrence.states.front().digits)
      order.push_back(digitOrNull(digit));
    Value back = emit(view, make, view.pool.load(final, {index(batch), index(head), index(row), index(column)}), order, element);
    if (back)
      replaceRaised(original, back);
  }
  return op;
}

E ScanMaker::resultElement(ScanOp op, const ScanParts &parts) {
  SmallVector<E> at;
  for (E digit : parts.q ? SmallVector<E>{batch, recurrence.time, head, column} : SmallVector<E>{batch, recurrence.time, head, row, column})
    at.push_back(digit ? digit : view.pool.constant(0));
  return view.pool.load(op.getResult(), at);
}

} // namespace moe::raise
