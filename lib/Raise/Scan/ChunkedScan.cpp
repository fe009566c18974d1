//===- ChunkedScan.cpp - recurrences that are worked off in chunks ----------------------------------------------===//
//
// Exporters and authors write a scan in chunks in many ways: segment sums, products of matrices, the rows of a triangular system one by one.
// So only the outline is matched (Chunks.h); which tensor is which, and that the nodes between compute the scan, is found out by running
// them beside it (ChunkTrial.h).
//
//===------------------------------------------------------------------------------------------------------------===//
#include "../Replace.h"
#include "ChunkTrial.h"
#include "Scan.h"
#include "mlir/Analysis/TopologicalSortUtils.h"

using namespace mlir;

namespace moe::raise {
namespace {

class Replacement {
public:
  Replacement(View &view, const Chunks &chunks, const ChunkMeaning &meaning)
      : view(view), chunks(chunks), meaning(meaning), make(OpBuilder(chunks.merged.getDefiningOp()), chunks.merged.getLoc(), view.shapes) {}

  bool run(bool anyLength) {
    SmallVector<Value> wholes;
    for (const Cut &cut : chunks.cuts)
      if (Value source = withoutPadding(view, make, cut.whole, cut.axis))
        wholes.push_back(source);
    bool padded = wholes.size() == chunks.cuts.size();
    if (!padded)
      wholes = llvm::map_to_vector(chunks.cuts, [](const Cut &cut) { return cut.whole; });
    if (meaning.count && !anyLength)
      wholes[meaning.roles.v] = limited(meaning.roles.v, wholes[meaning.roles.v], padded);
    ScanOp op = makeChunkedScan(make, chunks, meaning.roles, wholes, initial(), meaning.initialOrder, meaning.scale);
    if (!make.valid)
      return false;
    Value y = chunks.axis == 1 ? op.getResult() : make.transpose(op.getResult(), {0, 2, 1, 3});
    view.shapes.define(y, *view.shapes.dims(padded ? likeMerged(wholes) : chunks.merged));
    for (auto [value, order] : meaning.finals)
      replaceRaised(value, order == StateOrder::RowsFirst ? op.getFinal().front() : make.transpose(op.getFinal().front(), {0, 1, 3, 2}));
    replaceTokens(y, padded);
    sortTopologically(chunks.merged.getDefiningOp()->getBlock()); // the scan stands behind some users of the last state
    return true;
  }

private:
  /// The initial state without axes of length 1.
  Value initial() {
    if (!chunks.initial)
      return {};
    auto shape = cast<RankedTensorType>(chunks.initial.getType()).getShape();
    SmallVector<int64_t> single;
    for (int64_t axis = 1; axis < int64_t(shape.size()) && shape.size() > 4; ++axis)
      if (shape[axis] == 1)
        single.push_back(axis);
    return single.empty() ? chunks.initial : make.node("Squeeze", {chunks.initial, make.ints(single)});
  }

  /// A tensor with as many tokens as the results, in the same place: the values.
  Value likeMerged(ArrayRef<Value> wholes) {
    Value v = wholes[meaning.roles.v];
    return chunks.cuts[meaning.roles.v].axis == chunks.axis ? v : make.transpose(v, {0, 2, 1, 3});
  }

  /// The tensor, with an error where there are more chunks than the nodes work off.
  Value limited(unsigned number, Value whole, bool padded) {
    Value all = chunks.cuts[number].whole;
    unsigned axis = chunks.cuts[number].axis;
    SmallVector<int64_t> flat = chunks.cuts[number].shape;
    flat[0] = 0; // the batch, whatever it is
    flat[axis] = *meaning.count * chunks.size;
    SmallVector<int64_t> shape = flat;
    shape[axis] = *meaning.count;
    shape.insert(shape.begin() + axis + 1, chunks.size);
    Value checked = make.node("Reshape", {make.node("Reshape", {all, make.ints(shape)}), make.ints(flat)});
    if (!padded)
      return checked;
    Value length = make.node("Shape", whole, {make.attr("start", axis), make.attr("end", axis + 1)});
    Value sliced = make.node("Slice", {checked, make.ints(0), length, make.ints(axis)});
    view.shapes.define(sliced, *view.shapes.dims(whole));
    return sliced;
  }

  /// Slices that take off the padding are the scan's result; other users see zeros in its place.
  void replaceTokens(Value y, bool padded) {
    if (!padded)
      return replaceRaised(chunks.merged, y);
    for (Operation *user : llvm::to_vector(chunks.merged.getUsers())) {
      auto slice = dyn_cast<onnx::NodeOp>(user);
      if (!slice || !slice.is("Slice") || *view.shapes.dims(slice.getResult(0)) != *view.shapes.dims(y))
        continue;
      std::vector<E> digits;
      E element = view.at(slice.getResult(0), digits), from = view.step(element, Follow::Layout);
      if (from && from->value == chunks.merged && from->args == element->args)
        replaceRaised(slice.getResult(0), y);
    }
    if (chunks.merged.use_empty())
      return;
    auto length = [&](Value value) { return make.node("Shape", value, {make.attr("start", chunks.axis), make.attr("end", chunks.axis + 1)}); };
    const Cut &cut = chunks.cuts[meaning.roles.v];
    Value all = make.node("Shape", cut.whole, {make.attr("start", cut.axis), make.attr("end", cut.axis + 1)});
    SmallVector<Value> pads(8, make.ints(0));
    pads[4 + chunks.axis] = make.node("Sub", {all, length(y)});
    Value filled = make.node("Pad", {y, make.node("Concat", pads, make.attr("axis", 0))});
    view.shapes.define(filled, *view.shapes.dims(chunks.merged));
    replaceRaised(chunks.merged, filled);
  }

  View &view;
  const Chunks &chunks;
  const ChunkMeaning &meaning;
  NodeMaker make;
};

} // namespace

bool raiseChunkedScan(View &view, onnx::NodeOp node, bool anyLength) {
  auto chunks = findChunks(view, node);
  if (!chunks)
    return false;
  auto meaning = findMeaning(view, *chunks);
  return meaning && Replacement(view, *chunks, *meaning).run(anyLength);
}

} // namespace moe::raise
