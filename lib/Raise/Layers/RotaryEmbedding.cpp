//===- RotaryEmbedding.cpp - the standard's own RotaryEmbedding -------------------------------------------------===//
#include "../Contrib/Expansion.h"
#include "../Replace.h"
#include "Layers.h"

using namespace mlir;

namespace moe::raise {

bool raiseRotaryEmbedding(View &view, onnx::NodeOp node) {
  if (!node.is("RotaryEmbedding"))
    return false;
  Expansion e(node, view.shapes);
  Value x = e.in(0), positions = e.in(3);
  auto type = dyn_cast<RankedTensorType>(x.getType()), table = dyn_cast<RankedTensorType>(e.in(1).getType());
  if (!type || !table || table.getRank() != (positions ? 2 : 3) || ShapedType::isDynamic(table.getShape().back()) || type.isDynamicDim(type.getRank() - 1))
    return false;
  int64_t heads = node.intAttribute("num_heads", 0), width = type.getShape().back(), turning = node.intAttribute("rotary_embedding_dim", 0);
  bool packed = type.getRank() == 3;
  if (packed && (heads < 1 || width % heads != 0))
    return false;
  width = packed ? width / heads : width;
  turning = turning ? turning : width;
  if (turning > width || table.getShape().back() != turning / 2)
    return false;
  auto rows = [&](Value cache) { return positions ? e.op("Gather", {cache, positions}, e.attr("axis", int64_t(0))) : cache; };
  Value value = packed ? e.splitHeads(x, heads) : x;
  auto op = e.make.known(RotaryOp::create(e.make.b, e.make.loc, value.getType(), value, rows(e.in(1)), rows(e.in(2)),
                                          node.intAttribute("interleaved", 0) != 0));
  replaceRaised(node.getResult(0), packed ? e.mergeHeads(op.getResult()) : op.getResult());
  return true;
}

} // namespace moe::raise
