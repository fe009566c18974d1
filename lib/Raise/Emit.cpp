//===- Emit.cpp - tensors from what their elements are ----------------------------------------------------------===//
#include "Emit.h"

using namespace mlir;

namespace moe::raise {
namespace {

class Emitter {
public:
  Emitter(View &view, NodeMaker &make, ArrayRef<E> axes, Type element) : view(view), make(make), axes(axes), element(element) {}

  /// A tensor that broadcasts to the axes; of rank 0 for a number.
  Value operand(E expr) {
    auto [entry, isNew] = made.try_emplace(expr, nullptr);
    if (isNew) {
      Value value = expr->is(Kind::Const) ? make.number(expr->number, element) : expr->is(Kind::Load) ? load(expr) : elementwise(expr);
      made[expr] = value;
    }
    return made[expr];
  }

private:
  /// An index that is digit + offset.
  struct Index {
    E digit = nullptr;
    int64_t offset = 0;
  };

  std::optional<Index> indexOf(E index) {
    if (llvm::is_contained(axes, index))
      return Index{index, 0};
    if (index->isApply("IntAdd") && index->arg(1)->is(Kind::Const) && llvm::is_contained(axes, index->arg(0)))
      return Index{index->arg(0), int64_t(index->arg(1)->number)};
    if (index->is(Kind::Const))
      return Index{nullptr, int64_t(index->number)};
    return std::nullopt;
  }

  /// The tensor of a load, or what it is computed from. Of loads that only views lie between, the first tensor is the best.
  Value load(E expr) {
    E plain = nullptr;
    for (E each = expr; each && each->is(Kind::Load); each = view.step(each, Follow::Layout))
      plain = indicesOf(each) ? each : plain;
    if (plain)
      return plainLoad(plain);
    E next = view.step(expr, Follow::Layout);
    next = next ? next : view.step(expr, Follow::All);
    return next && !next->is(Kind::Reduce) ? operand(next) : Value();
  }

  /// The indices of a load that are digits and numbers, each digit once; nullopt where one is anything else.
  std::optional<SmallVector<Index>> indicesOf(E expr) {
    if (cast<TensorType>(expr->value.getType()).getElementType() != element)
      return std::nullopt;
    SmallVector<Index> indices;
    for (auto [axis, arg] : llvm::enumerate(expr->args)) {
      auto index = indexOf(arg);
      if (!index || (index->digit && llvm::any_of(indices, [&](const Index &other) { return other.digit == index->digit; })))
        return std::nullopt;
      bool whole = index->digit && index->offset == 0 && view.extent(expr->value, axis) == index->digit->extents[0];
      if (!whole && index->digit && !index->digit->extents[0].constant())
        return std::nullopt;
      indices.push_back(*index);
    }
    return indices;
  }

  /// The tensor of such a load, its axes brought into order.
  Value plainLoad(E expr) {
    SmallVector<Index> indices = *indicesOf(expr);
    Value value = expr->value;
    SmallVector<int64_t> gone, order, added;
    for (auto [axis, index] : llvm::enumerate(indices)) {
      SymExpr length = view.extent(value, axis);
      if (!index.digit)
        gone.push_back(axis);
      if (index.digit && index.offset == 0 && length == index.digit->extents[0])
        continue;
      int64_t count = index.digit ? *index.digit->extents[0].constant() : 1;
      if (length.constant()) {
        value = make.slice(value, axis, index.offset, 1, count);
        continue;
      }
      // A gather checks that the axis has the places, which a slice does not.
      SmallVector<int64_t> places = llvm::to_vector(llvm::seq(index.offset, index.offset + count));
      value = make.node("Gather", {value, make.ints(places)}, make.attr("axis", axis));
    }
    if (!gone.empty())
      value = make.node("Squeeze", {value, make.ints(gone)});
    llvm::erase_if(indices, [](const Index &index) { return !index.digit; });
    for (auto [place, axis] : llvm::enumerate(axes)) {
      auto found = llvm::find_if(indices, [&](const Index &index) { return axis && index.digit == axis; });
      if (found == indices.end())
        added.push_back(place);
      else
        order.push_back(found - indices.begin());
    }
    value = make.transpose(value, order);
    return added.empty() ? value : make.node("Unsqueeze", {value, make.ints(added)});
  }

  Value elementwise(E expr) {
    if (!expr->is(Kind::Apply) || !isElementwise(expr->op))
      return {};
    SmallVector<Value> operands;
    for (E arg : expr->args) {
      operands.push_back(operand(arg));
      if (!operands.back())
        return {};
    }
    return make.node(expr->op, operands);
  }

  View &view;
  NodeMaker &make;
  ArrayRef<E> axes;
  Type element;
  std::map<E, Value> made;
};

} // namespace

Value emit(View &view, NodeMaker &make, E expr, ArrayRef<E> axes, Type element) {
  Value value = Emitter(view, make, axes, element).operand(expr);
  if (!value)
    return {};
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank(), missing = int64_t(axes.size()) - rank;
  if (missing > 0)
    value = make.node("Unsqueeze", {value, make.ints(llvm::to_vector(llvm::seq<int64_t>(0, missing)))});
  return value;
}

} // namespace moe::raise
