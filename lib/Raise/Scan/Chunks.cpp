//===- Chunks.cpp - nodes that work tokens off in chunks --------------------------------------------------------===//
#include "Chunks.h"
#include "Region.h"

using namespace mlir;

namespace moe::raise {
namespace {

RankedTensorType typeOf(Value value) { return dyn_cast<RankedTensorType>(value.getType()); }
bool isFloat(Value value) { return typeOf(value) && isa<FloatType>(typeOf(value).getElementType()); }

/// The axis behind the batch that is two axes of the other shape, the second of them of the length `size` where that is given. A length that is
/// known of one shape only is taken for the same in the other; the axis with the fewest such lengths is chosen.
std::optional<Cut> cutOf(const ShapeAnalysis &shapes, Value whole, Value parts, std::optional<int64_t> size) {
  const auto *from = shapes.dims(whole), *into = shapes.dims(parts);
  if (!isFloat(whole) || !from || !into || into->size() != from->size() + 1)
    return std::nullopt;
  std::optional<Cut> best;
  int fewest = INT_MAX;
  for (unsigned axis = 1; axis < from->size(); ++axis) {
    auto length = (*into)[axis + 1].constant(), count = (*into)[axis].constant(), all = (*from)[axis].constant();
    if (!length || *length < 2 || (size && *length != *size) || (all && count && *all != *count * *length))
      continue;
    Cut cut{whole, parts, axis, {}};
    int taken = 0;
    for (size_t other = 0; other < from->size(); ++other) {
      const SymExpr &mine = (*from)[other], &theirs = (*into)[other < axis ? other : other + 1];
      auto known = mine.constant() ? mine.constant() : theirs.constant();
      cut.shape.push_back(other != axis && known ? *known : ShapedType::kDynamic);
      if (other == axis || mine == theirs)
        continue;
      bool both = mine.constant() && theirs.constant(), neither = !mine.constant() && !theirs.constant();
      taken = both || (neither && other != 0) ? INT_MAX : taken == INT_MAX ? taken : taken + 1;
    }
    if (taken < fewest) {
      fewest = taken;
      best = cut;
    }
  }
  return best;
}

class Finder {
public:
  Finder(View &view) : shapes(view.shapes) {}

  std::optional<Chunks> run(onnx::NodeOp node) {
    if (!(node.is("Reshape") ? findMerge(node) : node.is("Slice") && findOnly(node)) || !findCuts())
      return std::nullopt;
    findStates();
    return findInitial() ? std::optional(std::move(found)) : std::nullopt;
  }

private:
  /// Chunks that become one axis.
  bool findMerge(onnx::NodeOp merge) {
    auto merged = cutOf(shapes, merge.getResult(0), merge.getOperand(0), std::nullopt);
    if (!merged || merged->axis > 2 || merged->shape.size() != 4 || ShapedType::isDynamic(merged->shape[3 - merged->axis]) ||
        ShapedType::isDynamic(merged->shape[3]))
      return false;
    found.merged = merge.getResult(0);
    found.axis = merged->axis;
    found.size = *(*shapes.dims(merge.getOperand(0)))[merged->axis + 1].constant();
    found.heads = merged->shape[3 - merged->axis];
    found.width = merged->shape[3];
    if (auto tokens = (*shapes.dims(found.merged))[found.axis].constant())
      found.count = *tokens / found.size;
    return true;
  }

  /// The only chunk, whose padding is taken off.
  bool findOnly(onnx::NodeOp slice) {
    found.merged = slice.getOperand(0);
    const auto *dims = shapes.dims(found.merged), *left = shapes.dims(slice.getResult(0));
    if (!found.merged.getDefiningOp() || !dims || !left || dims->size() != 4 || left->size() != 4)
      return false;
    auto size = std::find_if(dims->begin() + 1, dims->begin() + 3, [&](const SymExpr &length) { return length.constant() && !(*left)[&length - dims->data()].constant(); });
    if (size == dims->begin() + 3)
      return false;
    found.axis = size - dims->begin();
    auto heads = (*dims)[3 - found.axis].constant(), width = (*dims)[3].constant();
    if (!heads || !width || *size->constant() < 2)
      return false;
    found.size = *size->constant();
    found.count = 1;
    found.heads = *heads;
    found.width = *width;
    return true;
  }

  /// The cuts that the merged value is made of.
  bool findCuts() {
    DenseSet<Operation *> seen;
    SmallVector<Value> pending = {found.merged};
    while (!pending.empty()) {
      auto node = pending.pop_back_val().getDefiningOp<onnx::NodeOp>();
      if (!node || !seen.insert(node).second)
        continue;
      if (node.is("Reshape") && node.getResult(0) != found.merged)
        if (auto cut = cutOf(shapes, node.getOperand(0), node.getResult(0), found.size); cut && cut->shape.size() <= 4) {
          addCut(std::move(*cut));
          continue;
        }
      llvm::append_range(pending, node.getOperands());
    }
    // In the graph's order, so that the same graph is always raised in the same way.
    llvm::sort(found.cuts, [](const Cut &a, const Cut &b) { return a.parts.getDefiningOp()->isBeforeInBlock(b.parts.getDefiningOp()); });
    return found.cuts.size() >= 3 && found.cuts.size() <= 5 &&
           llvm::all_of(found.cuts, [&](const Cut &cut) { return cut.parts.getDefiningOp()->getBlock() == found.merged.getParentBlock(); });
  }

  void addCut(Cut cut) {
    if (auto count = (*shapes.dims(cut.parts))[cut.axis].constant())
      found.count = count;
    if (llvm::none_of(found.cuts, [&](const Cut &each) { return each.whole == cut.whole; }))
      found.cuts.push_back(cut);
  }

  /// Results of the nodes besides the merged value that have the shape of a state.
  void findStates() {
    DenseSet<Value> behind;
    for (const Cut &cut : found.cuts)
      for (Operation *user : cut.whole.getUsers())
        if (auto node = dyn_cast<onnx::NodeOp>(user); node && node.is("Reshape") && node.getResult(0).getType() == cut.parts.getType())
          behind.insert(node.getResult(0));
    for (Operation *op = found.cuts.front().parts.getDefiningOp(); op; op = op->getNextNode()) {
      if (op == found.merged.getDefiningOp() || llvm::none_of(op->getOperands(), [&](Value operand) { return behind.contains(operand); }))
        continue;
      for (Value result : op->getResults()) {
        behind.insert(result);
        auto type = typeOf(result);
        const auto *dims = shapes.dims(result);
        if (type && dims && isFloat(result) && type.getRank() == 4 && (*dims)[1].is(found.heads) &&
            (*dims)[2].constant() && (*dims)[3].constant())
          found.states.push_back(result);
      }
    }
  }

  bool findInitial() {
    SmallVector<Value> inputs, results = {found.merged};
    for (const Cut &cut : found.cuts)
      inputs.push_back(cut.whole);
    llvm::append_range(results, found.states);
    Region region(inputs, results);
    for (Value value : region.others()) {
      if (found.initial || !isFloat(value) || typeOf(value).getRank() < 4)
        return false;
      auto node = value.getDefiningOp<onnx::NodeOp>();
      bool added = node && node.is("Unsqueeze") && typeOf(node.getOperand(0)).getRank() == 4;
      found.initial = added ? node.getOperand(0) : value;
    }
    return true;
  }

  const ShapeAnalysis &shapes;
  Chunks found;
};

} // namespace

std::optional<Chunks> findChunks(View &view, onnx::NodeOp node) {
  return node.getDomain().empty() ? Finder(view).run(node) : std::nullopt;
}

Value withoutPadding(View &view, NodeMaker &make, Value value, unsigned axis) {
  auto node = value.getDefiningOp<onnx::NodeOp>();
  if (!node || !node.getDomain().empty())
    return {};
  int64_t rank = typeOf(value) ? typeOf(value).getRank() : 0;
  if (node.is("Pad")) {
    const auto *pads = node.input(1) ? view.shapes.content(node.input(1)) : nullptr;
    auto axes = node.input(3) ? view.shapes.constants(node.input(3)) : llvm::to_vector(llvm::seq<int64_t>(0, rank));
    if (!pads || !axes || pads->size() != 2 * axes->size() || node.stringAttribute("mode", "constant") != "constant")
      return {};
    if (Value fill = node.input(2); fill && !view.open(view.pool.load(fill, {}))->isConst(0))
      return {};
    for (auto [place, pad] : llvm::enumerate(*pads)) {
      int64_t padded = (*axes)[place % axes->size()];
      if ((place < axes->size() || (padded < 0 ? padded + rank : padded) != axis) && !pad.is(0))
        return {};
    }
    return node.getOperand(0);
  }
  if (node.is("Unsqueeze")) {
    auto axes = view.shapes.constants(node.getOperand(1));
    if (!axes || axes->size() != 1)
      return {};
    unsigned added = axes->front() < 0 ? axes->front() + rank : axes->front();
    Value inner = added == axis ? Value() : withoutPadding(view, make, node.getOperand(0), added < axis ? axis - 1 : axis);
    return inner ? make.node("Unsqueeze", {inner, node.getOperand(1)}) : Value();
  }
  if (!node.is("Mul") || typeOf(node.getOperand(0)).getRank() != rank || typeOf(node.getOperand(1)).getRank() != rank)
    return {};
  Value left = withoutPadding(view, make, node.getOperand(0), axis), right = withoutPadding(view, make, node.getOperand(1), axis);
  return left && right ? make.node("Mul", {left, right}) : Value();
}

} // namespace moe::raise
