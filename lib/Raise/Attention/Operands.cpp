//===- Operands.cpp - the tensors of an attention, wherever the graph lays out their axes -----------------------===//
#include "Operands.h"

using namespace mlir;

namespace moe::raise {

static SymExpr countOf(E index) { return index->is(Kind::Digit) ? index->extents[0] : SymExpr(1); }

SymExpr Logit::past() const { return countOf(key) - countOf(query); }

/// The axes of a load whose indices are digits, on which it depends; nullopt where another axis than one of length 1 has another index.
static std::optional<HeadTensor> headsOf(View &view, const Logit &at, E load, E row, E element) {
  HeadTensor result;
  result.tensor = load->value;
  for (auto [axis, index] : llvm::enumerate(load->args)) {
    bool single = view.extent(load->value, axis).is(1);
    if (index == at.batch && result.batch < 0 && (index->is(Kind::Digit) || single)) {
      result.batch = axis;
    } else if (index == row && result.row < 0 && (index->is(Kind::Digit) || single)) {
      result.row = axis;
    } else if (index == element && result.element < 0 && (index->is(Kind::Digit) || single)) {
      result.element = axis;
    } else if (index == at.head && index->is(Kind::Digit) && result.head < 0) {
      result.head = axis;
    } else if (index->is(Kind::Quot) && index->arg(0) == at.head && index->extents[0].constant() && result.head < 0) {
      result.head = axis;
      result.group = *index->extents[0].constant();
    } else if (!index->isConst(0) || !single) {
      return std::nullopt;
    }
  }
  if (result.head < 0)
    result.group = 0;
  return result;
}

std::optional<HeadTensor> findHeads(View &view, const Logit &at, E expr, E row, E element) {
  std::optional<HeadTensor> best;
  auto length = [&](const HeadTensor &found, int axis) { return axis < 0 ? SymExpr(1) : view.extent(found.tensor, axis); };
  for (E load = expr; load && load->is(Kind::Load); load = view.step(load, Follow::Layout)) {
    auto found = headsOf(view, at, load, row, element);
    if (!found || found->row < 0 || found->element < 0)
      continue;
    // A tensor behind a slice is longer than what the attention reads.
    bool whole = best ? length(*found, found->batch) == length(*best, best->batch) && length(*found, found->row) == length(*best, best->row) &&
                            length(*found, found->element) == length(*best, best->element)
                      : load == expr || (length(*found, found->batch) == countOf(at.batch) && length(*found, found->row) == countOf(row) &&
                                         length(*found, found->element) == countOf(element));
    // Heads are what the logits count, or their part.
    auto heads = length(*found, found->head).constant(), all = countOf(at.head).constant();
    if (whole && heads && all && (found->group == 0 || *heads * found->group == *all))
      best = found;
  }
  return best;
}

Value arrangeHeads(NodeMaker &make, const HeadTensor &found) {
  int64_t rank = cast<RankedTensorType>(found.tensor.getType()).getRank();
  SmallVector<int64_t> perm, missing, unused;
  int order[] = {found.batch, found.head, found.row, found.element};
  for (auto [place, axis] : llvm::enumerate(order))
    if (axis >= 0)
      perm.push_back(axis);
    else
      missing.push_back(place);
  for (int64_t axis = 0; axis < rank; ++axis)
    if (!llvm::is_contained(perm, axis))
      unused.push_back(axis);
  Value value = found.tensor;
  if (!unused.empty()) {
    value = make.node("Squeeze", {value, make.ints(unused)});
    for (int64_t &axis : perm)
      axis -= llvm::count_if(unused, [&](int64_t gone) { return gone < axis; });
  }
  value = make.transpose(value, perm);
  return missing.empty() ? value : make.node("Unsqueeze", {value, make.ints(missing)});
}

Value overLogits(View &view, NodeMaker &make, const Logit &at, E expr, const HeadTensor &queries, const HeadTensor &keys) {
  E order[] = {at.batch, at.head, at.query, at.key};
  // The tensor nearest to the source whose axes are those indices, as long as the first one's.
  E best = nullptr;
  std::map<E, SymExpr> lengths;
  for (E load = expr; load && load->is(Kind::Load); load = view.step(load, Follow::Layout)) {
    std::map<E, SymExpr> found;
    bool plain = llvm::all_of(llvm::enumerate(load->args), [&](auto each) {
      E index = each.value();
      SymExpr length = view.extent(load->value, each.index());
      if (index->is(Kind::Const))
        return index->isConst(0) && length.is(1);
      return llvm::is_contained(order, index) && found.try_emplace(index, length).second;
    });
    auto fits = [&](const auto &entry) {
      auto before = lengths.find(entry.first);
      return entry.second == (before == lengths.end() ? entry.first->extents[0] : before->second);
    };
    if (!plain || (load != expr && !llvm::all_of(found, fits)))
      continue;
    best = load;
    lengths = found;
  }
  if (!best)
    return {};
  SmallVector<int64_t> unused, perm, missing, uneven;
  for (auto [axis, index] : llvm::enumerate(best->args))
    if (index->is(Kind::Const))
      unused.push_back(axis);
  for (auto [place, index] : llvm::enumerate(order)) {
    auto axis = llvm::find(best->args, index);
    if (!index->is(Kind::Digit) || axis == best->args.end()) {
      missing.push_back(place);
      continue;
    }
    int64_t at = axis - best->args.begin();
    perm.push_back(at - llvm::count_if(unused, [&](int64_t gone) { return gone < at; }));
    if (!(view.extent(best->value, at) == index->extents[0]))
      uneven.push_back(place);
  }
  Value value = best->value;
  if (!unused.empty())
    value = make.node("Squeeze", {value, make.ints(unused)});
  value = make.transpose(value, perm);
  if (!missing.empty())
    value = make.node("Unsqueeze", {value, make.ints(missing)});
  if (uneven.empty())
    return value;
  // A length that is not known to be the logits' may be 1 when it runs.
  SmallVector<Value> shape(4, make.ints(int64_t(1)));
  for (int64_t place : uneven) {
    const HeadTensor &owner = place == 3 ? keys : queries;
    int64_t axis = place == 0 ? owner.batch : place == 1 ? owner.head : owner.row;
    if (axis < 0)
      return {};
    shape[place] = make.node("Shape", owner.tensor, {make.attr("start", axis), make.attr("end", axis + 1)});
  }
  return make.node("Expand", {value, make.node("Concat", shape, make.attr("axis", 0))});
}

/// The number that an expression is, where it is the only element of its tensor.
static std::optional<double> numberOf(View &view, E expr) {
  if (expr->is(Kind::Load)) {
    const auto *dims = view.shapes.dims(expr->value);
    if (!dims || !llvm::all_of(*dims, [](const SymExpr &length) { return length.is(1); }))
      return std::nullopt;
    expr = view.open(expr);
  }
  return expr->is(Kind::Const) ? std::optional(expr->number) : std::nullopt;
}

onnx::NodeOp sourceNode(View &view, E expr) {
  expr = view.head(expr, Follow::Layout);
  return expr->is(Kind::Load) ? expr->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
}

E stripFactors(View &view, E expr, double &factor) {
  while (true) {
    E head = view.head(expr, Follow::Layout);
    auto node = sourceNode(view, head);
    E opened = node && (node.is("Mul") || node.is("Div") || node.is("Neg")) ? view.step(head, Follow::All) : head;
    if (!opened)
      return expr;
    if (opened->isApply("Neg")) {
      factor = -factor;
      expr = opened->arg(0);
      continue;
    }
    if (!opened->isApply("Mul") && !opened->isApply("Div"))
      return expr;
    if (auto right = numberOf(view, opened->arg(1))) {
      factor = opened->isApply("Mul") ? factor * *right : factor / *right;
      expr = opened->arg(0);
    } else if (auto left = opened->isApply("Mul") ? numberOf(view, opened->arg(0)) : std::nullopt) {
      factor *= *left;
      expr = opened->arg(1);
    } else {
      return expr;
    }
  }
}

} // namespace moe::raise
