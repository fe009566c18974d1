//===- Matrix.cpp - tensors as matrices over the tokens of a layer ----------------------------------------------===//
#include "Matrix.h"

using namespace mlir;

namespace moe::raise {

/// A load with one index that a tensor gives: the rows' elements at their own places of the last axis. Null where that is not what it is.
static Value gathered(View &view, NodeMaker &make, const Rows &rows, E load, E last, const SymExpr &lastExtent) {
  auto isTensor = [](E index) { return index->is(Kind::Load); };
  auto place = llvm::find_if(load->args, isTensor);
  if (llvm::count_if(load->args, isTensor) != 1)
    return {};
  SymExpr length = view.extent(load->value, place - load->args.begin());
  std::vector<E> at = load->args;
  E digit = at[place - load->args.begin()] = view.pool.digit(length);
  Value places = asMatrix(view, make, rows, *place, last, lastExtent);
  Value table = places && isa<IntegerType>(cast<TensorType>(places.getType()).getElementType())
                    ? asMatrix(view, make, rows, view.pool.load(load->value, at), digit, length)
                    : Value();
  return table ? make.node("GatherElements", {table, places}, make.attr("axis", 1)) : Value();
}

Value asMatrix(View &view, NodeMaker &make, const Rows &rows, E load, E last, const SymExpr &lastExtent) {
  if (!load->is(Kind::Load) || !lastExtent.constant())
    return {};
  std::vector<SymExpr> extents;
  for (unsigned axis = 0; axis < load->args.size(); ++axis)
    extents.push_back(view.extent(load->value, axis));
  std::vector<E> args = rows.digits;
  std::vector<SymExpr> radices = rows.extents;
  args.push_back(last);
  radices.push_back(lastExtent);
  if (view.pool.flat(load->args, extents) != view.pool.flat(args, radices))
    return gathered(view, make, rows, load, last, lastExtent);
  if (load->args.size() == 2 && extents[1] == lastExtent)
    return load->value;
  return make.reshape(load->value, {-1, *lastExtent.constant()});
}

} // namespace moe::raise
