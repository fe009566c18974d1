//===- Rotary.cpp - ONNX Runtime's rotary positions -------------------------------------------------------------===//
#include "Rotary.h"

using namespace mlir;

namespace moe::raise {
namespace {

Value rotated(Expansion &e, Value x, Value cos, Value sin, bool interleaved) {
  return e.make.known(RotaryOp::create(e.make.b, e.make.loc, x.getType(), x, cos, sin, interleaved));
}

/// The input as [B, heads, S, D]; `heads` receives 0 where it has that form already.
FailureOr<Value> headsOf(Expansion &e, int64_t &heads) {
  Value x = e.in(0);
  heads = 0;
  if (failed(e.needRank(0, {3, 4})) || failed(e.needRank(2, 2)) || failed(e.needRank(3, 2)))
    return failure();
  int64_t half = e.length(e.in(2), 1), dims = e.node.intAttribute("rotary_embedding_dim", 0), count = e.node.intAttribute("num_heads", 0);
  if (failed(e.needLength(half, "the second axis of cos_cache")) || failed(e.needShape(3, e.typeOf(e.in(2)).getShape())))
    return failure();
  if (dims > 0 && half != dims / 2)
    return e.fail("cos_cache has " + Twine(half) + " columns for rotary_embedding_dim " + Twine(dims));
  int64_t width = e.length(x, -1);
  if (ShapedType::isDynamic(width) && dims == 0 && (e.rankOf(x) == 4 || count > 0)) { // each head is as wide as its rotation
    width = (e.rankOf(x) == 4 ? 1 : count) * 2 * half;
    x = e.op("Reshape", {x, e.concat({e.lengths(x, 0, e.rankOf(x) - 1), e.make.ints(width)}, 0)});
  }
  if (failed(e.needLength(width, "the last axis of input")))
    return failure();
  if (e.rankOf(x) == 4)
    return x;
  // With a rotary width the number of heads is given, else each head is as wide as its rotation.
  heads = dims > 0 ? count : width / (2 * half);
  if (heads < 1 || width % heads != 0 || width / heads < 2 * half)
    return e.fail("a last axis of " + Twine(width) + " does not divide into heads of at least " + Twine(2 * half));
  return e.splitHeads(x, heads);
}

LogicalResult rotary(Expansion &e) {
  int64_t heads;
  FailureOr<Value> x = headsOf(e, heads);
  if (failed(x) || failed(e.needRank(1, {1, 2})))
    return failure();
  if (e.node.floatAttribute("scale", 1) != 1)
    return e.fail("scale is not supported (ONNX Runtime's CPU kernel ignores it); multiply the caches by it, and export without it");
  Value positions = e.in(1);
  if (e.rankOf(positions) == 1) { // the position of the first query
    positions = e.add(positions, e.range(e.lengthOf(*x, 2, /*scalar=*/true)));
    positions = e.unsqueeze(positions, int64_t(0));
  }
  Value y = rotate(e, *x, positions, e.in(2), e.in(3), e.node.intAttribute("interleaved", 0) != 0);
  return e.done(heads ? e.mergeHeads(y) : y);
}

/// Which of the three streams of positions (time, height, width) each column of the caches follows.
FailureOr<SmallVector<int>> streams(Expansion &e, int64_t half) {
  auto sections = e.node.intsAttribute("mrope_section").value_or(SmallVector<int64_t>());
  int64_t layout = e.node.intAttribute("mrope_layout", 0);
  bool natural = sections.size() == 3 && llvm::all_of(sections, [](int64_t section) { return section >= 0; });
  if (!natural || sections[0] + sections[1] + sections[2] != half)
    return e.fail("mrope_section needs three lengths that add up to the " + Twine(half) + " columns of cos_cache");
  if (layout != 0 && layout != 1)
    return e.fail("mrope_layout is " + Twine(layout) + "; it needs 0 (sections) or 1 (interleaved)");
  SmallVector<int> result(half, 0);
  for (int64_t column = 0; column < half; ++column)
    for (int stream : {1, 2}) {
      int64_t begin = stream == 1 ? sections[0] : sections[0] + sections[1];
      bool follows = layout == 0 ? column >= begin && column < begin + sections[stream] : column % 3 == stream && column < 3 * sections[stream];
      if (follows)
        result[column] = stream;
    }
  return result;
}

LogicalResult multimodal(Expansion &e) {
  int64_t heads;
  FailureOr<Value> x = headsOf(e, heads);
  if (failed(x) || failed(e.needShape(1, {3, ShapedType::kDynamic, ShapedType::kDynamic})))
    return failure();
  int64_t half = e.length(e.in(2), 1);
  FailureOr<SmallVector<int>> stream = streams(e, half);
  if (failed(stream))
    return failure();
  double scale = e.node.floatAttribute("scale", 1); // multiplies cosines and sines
  // Rows of each stream's positions, and from those the columns that follow the stream.
  auto rows = [&](Value cache) {
    Value result;
    for (int at : {0, 1, 2}) {
      SmallVector<bool> mask = llvm::map_to_vector(*stream, [&](int which) { return which == at; });
      if (!llvm::is_contained(mask, true))
        continue;
      Value index = e.make.number(at, e.make.b.getI64Type());
      Value picked = e.op("Gather", {cache, e.op("Gather", {e.in(1), index}, e.attr("axis", int64_t(0)))}, e.attr("axis", int64_t(0)));
      auto type = RankedTensorType::get({half}, e.make.b.getI1Type());
      Value chosen = e.make.known(onnx::ConstantOp::create(e.make.b, e.make.loc, DenseElementsAttr::get(type, mask)));
      result = result ? e.op("Where", {chosen, picked, result}) : picked;
    }
    return e.scaled(result, scale);
  };
  Value y = rotated(e, *x, rows(e.in(2)), rows(e.in(3)), e.node.intAttribute("interleaved", 0) != 0);
  return e.done(heads ? e.mergeHeads(y) : y);
}

} // namespace

Value rotate(Expansion &e, Value x, Value positions, Value cosCache, Value sinCache, bool interleaved) {
  auto rows = [&](Value cache) { return e.op("Gather", {cache, positions}, e.attr("axis", int64_t(0))); };
  return rotated(e, x, rows(cosCache), rows(sinCache), interleaved);
}

void addRotaries(ExpandTable &table) {
  addMicrosoft(table, "RotaryEmbedding", rotary);
  addMicrosoft(table, "MRotaryEmbedding", multimodal);
}

} // namespace moe::raise
