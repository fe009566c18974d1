//===- EvaluateState.cpp - rules of the ops on states -----------------------------------------------------------===//
#include "Evaluation.h"
#include "moe/Dialect/Moe.h"

using namespace mlir;

namespace moe::reference {
namespace {

/// Rows of a tensor [outer, length of an axis, inner] in bytes.
struct Rows {
  Rows(const Tensor &tensor, int64_t axis) : length(tensor.size(axis)), inner(tensor.format().bytes) {
    for (int64_t size : tensor.shape().take_front(axis))
      outer *= size;
    for (int64_t size : tensor.shape().drop_front(axis + 1))
      inner *= size;
  }
  int64_t at(int64_t o, int64_t row) const { return (o * length + row) * inner; }
  int64_t outer = 1, length, inner;
};

/// The state as it is; `fresh` are the lengths of one that no run has touched. Null after a failure.
Tensor *current(Evaluation &e, Value result, StringRef name, ArrayRef<int64_t> fresh, int64_t axis) {
  std::optional<Tensor> &state = e.machine().state(name);
  if (!state) {
    if (!(state = e.make(result, fresh)))
      return nullptr;
    std::memset(state->mutableData(), 0, state->count() * state->format().bytes);
  }
  for (auto [at, length] : llvm::enumerate(fresh))
    if (int64_t(at) != axis && length != state->size(at))
      return (void)e.fail("the state has the lengths " + describe(state->shape()) + ", this run asks for " + describe(fresh)), nullptr;
  return &*state;
}

int64_t axisOf(Evaluation &e, StringRef name) { return e.machine().symbols.lookup<StateOp>(name).getAxis().value_or(-1); }

/// The state as it is, where `lengths` are the dynamic ones of a fresh state.
Tensor *current(Evaluation &e, Value result, StringRef name, OperandRange lengths) {
  int64_t axis = axisOf(e, name);
  SmallVector<int64_t> fresh(cast<RankedTensorType>(result.getType()).getShape());
  auto next = lengths.begin();
  for (auto [at, length] : llvm::enumerate(fresh))
    if (ShapedType::isDynamic(length))
      length = int64_t(at) == axis ? 0 : e.integer(*next++);
  return current(e, result, name, fresh, axis);
}

LogicalResult evaluate(GetStateOp op, Evaluation &e) {
  Tensor *state = current(e, op, op.getState(), op.getLengths());
  return state ? e.set(op, *state) : failure();
}

LogicalResult evaluate(AppendStateOp op, Evaluation &e) {
  const Tensor &value = e.tensor(op.getValue());
  int64_t axis = axisOf(e, op.getState());
  SmallVector<int64_t> shape(value.shape());
  shape[axis] = 0;
  Tensor *state = current(e, op, op.getState(), shape, axis);
  if (!state)
    return failure();
  shape[axis] = state->size(axis) + value.size(axis);
  std::optional<Tensor> grown = e.make(op, shape);
  if (!grown)
    return failure();
  Rows before(*state, axis), added(value, axis), after(*grown, axis);
  for (int64_t o = 0; o < after.outer; ++o) {
    std::memcpy(grown->mutableData() + after.at(o, 0), state->data() + before.at(o, 0), before.length * before.inner);
    std::memcpy(grown->mutableData() + after.at(o, before.length), value.data() + added.at(o, 0), added.length * added.inner);
  }
  *state = *grown;
  return e.set(op, *grown);
}

LogicalResult evaluate(WriteStateOp op, Evaluation &e) {
  const Tensor &value = e.tensor(op.getValue()), &at = e.tensor(op.getAt());
  Tensor *state = current(e, op.getResult(), op.getState(), op.getLengths());
  if (!state)
    return failure();
  Tensor result = *state;
  Rows rows(result, op.getAxis()), written(value, op.getAxis());
  for (int64_t o = 0; o < written.outer; ++o) {
    int64_t start = at.integer(at.count() == 1 ? 0 : o / (written.outer / value.size(0)));
    if (start < 0 || written.length > rows.length || (!op.getCircular() && start > rows.length - written.length))
      return e.fail("rows [" + Twine(start) + ", " + Twine(start + written.length) + ") are not in a state of length " + Twine(rows.length));
    for (int64_t i = 0; i < written.length; ++i)
      std::memcpy(result.mutableData() + rows.at(o, (start + i) % rows.length), value.data() + written.at(o, i), rows.inner);
  }
  *state = result;
  return e.set(op.getResult(), result);
}

LogicalResult evaluate(SetStateOp op, Evaluation &e) {
  e.machine().state(op.getState()) = e.tensor(op.getValue());
  return success();
}

} // namespace

void addState(Rules &rules) {
  add<GetStateOp>(rules, evaluate);
  add<AppendStateOp>(rules, evaluate);
  add<WriteStateOp>(rules, evaluate);
  add<SetStateOp>(rules, evaluate);
}

} // namespace moe::reference
