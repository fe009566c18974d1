//===- Matrix.cpp - tensors as matrices over the tokens of a layer ----------------------------------------------===//
#include "Matrix.h"

using namespace mlir;

namespace moe::raise {

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
    return {};
  if (load->args.size() == 2 && extents[1] == lastExtent)
    return load->value;
  return make.reshape(load->value, {-1, *lastExtent.constant()});
}

} // namespace moe::raise
