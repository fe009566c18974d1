//===- StateOps.cpp - verifiers of the ops on states ------------------------------------------------------------===//
#include "Shapes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace moe {

LogicalResult StateOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  if (auto axis = getAxis(); axis && (*axis < 0 || *axis >= type.getRank() || !type.isDynamicDim(*axis))) // C1
    return emitOpError("needs an axis that its type has and leaves open");
  return success();
}

/// The state that an op names, of the type that it says; null after a diagnostic.
template <typename Op> static StateOp stateOf(Op op, SymbolTableCollection &symbols, Type type, bool grows) {
  auto state = symbols.lookupNearestSymbolFrom<StateOp>(op, op.getStateAttr());
  if (!state || (grows && !state.getAxis())) // C1
    return op.emitOpError("names no moe.state") << (grows ? " with an axis" : "") << ": " << op.getState(), StateOp();
  if (state.getType() != type) // C2
    return op.emitOpError("has another type than the state, which is ") << state.getType(), StateOp();
  return state;
}

/// True where there is a length for each dynamic axis of a fresh state.
static bool hasLengths(StateOp state, OperandRange lengths) {
  return int64_t(lengths.size()) == cast<RankedTensorType>(state.getType()).getNumDynamicDims() - (state.getAxis() ? 1 : 0);
}

LogicalResult GetStateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  StateOp state = stateOf(*this, symbols, getType(), /*grows=*/false);
  if (!state)
    return failure();
  if (!hasLengths(state, getLengths())) // C3
    return emitOpError("needs a length for each dynamic axis but the one that grows");
  return success();
}

/// True where `value` may be put into a state along `axis`.
static bool fits(Value value, RankedTensorType state, int64_t axis) {
  SmallVector<int64_t> lengths(state.getShape());
  lengths[axis] = ShapedType::kDynamic;
  return getElementTypeOrSelf(value.getType()) == state.getElementType() && hasShape(value, lengths);
}

LogicalResult AppendStateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  StateOp state = stateOf(*this, symbols, getType(), /*grows=*/true);
  if (!state)
    return failure();
  if (!fits(getValue(), cast<RankedTensorType>(getType()), *state.getAxis())) // C2
    return emitOpError("needs a value that agrees with the state but along its axis");
  return success();
}

LogicalResult WriteStateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  StateOp state = stateOf(*this, symbols, getResult().getType(), /*grows=*/false);
  if (!state)
    return failure();
  auto type = cast<RankedTensorType>(getResult().getType());
  int64_t axis = getAxis();
  if (axis < 1 || axis >= type.getRank() || !fits(getValue(), type, axis)) // C2
    return emitOpError("needs an axis behind the first and a value that agrees with the state but along it");
  if (!hasLengths(state, getLengths())) // C3
    return emitOpError("needs a length for each dynamic axis but the one that grows");
  if (!hasShape(getAt(), length(getValue(), 0)) && !hasShape(getAt(), 1)) // C4
    return emitOpError("needs one position, or one for each batch entry");
  return success();
}

LogicalResult SetStateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (!stateOf(*this, symbols, getValue().getType(), /*grows=*/false))
    return failure();
  for (Operation *next = (*this)->getNextNode(); next; next = next->getNextNode())
    if (!isa<SetStateOp, func::ReturnOp>(next)) // C3
      return emitOpError("must stand before the function's return: states are replaced when the run ends");
  return isa<func::FuncOp>((*this)->getParentOp()) ? success() : emitOpError("must stand before the function's return: states are replaced when the run ends");
}

} // namespace moe
