//===- Layout.cpp - steps through operators that only move elements ---------------------------------------------===//
#include "View.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace moe::raise {

static int64_t wrap(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }

std::optional<SmallVector<int64_t>> View::axes(onnx::NodeOp node, unsigned operand, int64_t rank) {
  auto values = node.intsAttribute("axes");
  if (!values && node.input(operand))
    values = shapes.constants(node.input(operand));
  if (values)
    for (int64_t &axis : *values)
      axis = wrap(axis, rank);
  return values;
}

E View::broadcastLoad(Value operand, ArrayRef<E> indices) {
  int64_t rank = cast<RankedTensorType>(operand.getType()).getRank();
  SmallVector<E> own(indices.take_back(rank));
  for (auto [axis, index] : llvm::enumerate(own))
    if (extent(operand, axis).is(1))
      index = pool.constant(0);
  return pool.load(operand, own);
}

E View::stepReshape(Value from, Value to, ArrayRef<E> indices) {
  // The number that the indices make, cut into the source's axes.
  const auto *source = shapes.dims(from), *target = shapes.dims(to);
  if (!source || !target)
    return nullptr;
  E number = pool.flat(indices, *target);
  SmallVector<E> result(source->size());
  SymExpr below(1);
  for (int64_t axis = int64_t(source->size()) - 1; axis >= 0; --axis) {
    E upper = pool.quot(number, below);
    result[axis] = axis == 0 ? upper : pool.rem(upper, (*source)[axis]);
    if ((*source)[axis].is(1))
      result[axis] = pool.constant(0);
    below = below * (*source)[axis];
  }
  // The first axis that is not 1 takes what is left, so it needs no remainder.
  for (auto [axis, length] : llvm::enumerate(*source)) {
    if (length.is(1))
      continue;
    SymExpr rest(1);
    for (size_t inner = axis + 1; inner < source->size(); ++inner)
      rest = rest * (*source)[inner];
    result[axis] = pool.quot(number, rest);
    break;
  }
  return pool.load(from, result);
}

/// index * step + start.
static E affine(ExprPool &pool, E index, int64_t step, int64_t start) {
  E scaled = step == 1 ? index : pool.apply("IntMul", {index, pool.constant(step)});
  return start == 0 ? scaled : pool.apply("IntAdd", {scaled, pool.constant(start)});
}

/// An index that a gather reads, negative ones counted from the end where they are known.
static E wrapIndex(ExprPool &pool, E index, const SymExpr &length) {
  if (index->is(Kind::Const) && index->number < 0 && length.constant())
    return pool.constant(index->number + *length.constant());
  return index;
}

E View::stepConcat(onnx::NodeOp node, ArrayRef<E> indices) {
  int64_t axis = wrap(node.intAttribute("axis", 0), indices.size());
  SmallVector<E> at(indices);
  // At a known place, or where the digit runs over parts of one length, the part is known.
  if (indices[axis]->is(Kind::Const)) {
    double place = indices[axis]->number;
    for (Value part : node.getOperands()) {
      auto length = extent(part, axis).constant();
      if (!length)
        return nullptr;
      if (place < *length) {
        at[axis] = pool.constant(place);
        return pool.load(part, at);
      }
      place -= *length;
    }
    return nullptr;
  }
  // The same part again and again: the place within it.
  if (llvm::all_equal(node.getOperands()) && extent(node.getOperand(0), axis).constant()) {
    at[axis] = pool.rem(indices[axis], extent(node.getOperand(0), axis));
    return pool.load(node.getOperand(0), at);
  }
  if (E grouped = stepGrouped(node, indices))
    return grouped;
  return nullptr;
}

E View::stepLayout(onnx::NodeOp node, unsigned result, ArrayRef<E> indices) {
  if (!node.getDomain().empty())
    return nullptr;
  StringRef op = node.getOpType();
  if (node.getNumOperands() == 0)
    return nullptr;
  Value source = node.getOperand(0), to = node.getResult(result);
  auto type = dyn_cast<RankedTensorType>(source.getType());
  if (!type)
    return nullptr;
  int64_t rank = type.getRank();
  SmallVector<E> at(indices);

  if (op == "Identity")
    return pool.load(source, at);
  if (op == "Cast") {
    auto from = type.getElementType(), into = cast<RankedTensorType>(to.getType()).getElementType();
    if (isa<FloatType>(from) && isa<FloatType>(into) && from.getIntOrFloatBitWidth() <= into.getIntOrFloatBitWidth())
      return pool.load(source, at);
    return nullptr;
  }
  if (op == "Reshape" || op == "Squeeze" || op == "Unsqueeze" || op == "Flatten")
    return stepReshape(source, to, indices);
  if (op == "Transpose") {
    auto perm = node.intsAttribute("perm").value_or(llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank))));
    SmallVector<E> from(rank);
    for (auto [axis, source] : llvm::enumerate(perm))
      from[source] = indices[axis];
    return pool.load(source, from);
  }
  if (op == "Expand")
    return broadcastLoad(source, indices);
  if (op == "Tile") {
    for (int64_t axis = 0; axis < rank; ++axis)
      at[axis] = extent(source, axis).is(1) ? pool.constant(0) : extent(source, axis) == extent(to, axis) ? at[axis] : pool.rem(at[axis], extent(source, axis));
    return pool.load(source, at);
  }
  if (op == "Slice") {
    bool attributes = bool(node.attribute("starts"));
    auto starts = attributes ? node.intsAttribute("starts") : shapes.constants(node.input(1));
    auto which = attributes || node.input(3) ? axes(node, 3, rank) : std::nullopt;
    auto steps = !attributes && node.input(4) ? shapes.constants(node.input(4)) : std::optional(SmallVector<int64_t>(starts ? starts->size() : 0, 1));
    if (!starts || !steps || (!which && !attributes && node.input(3)))
      return nullptr;
    if (!which)
      which = llvm::to_vector(llvm::seq<int64_t>(0, starts->size()));
    for (auto [i, axis] : llvm::enumerate(*which)) {
      auto length = extent(source, axis).constant();
      int64_t start = (*starts)[i], step = (*steps)[i];
      if (step < 0 && !length)
        return nullptr;
      if (start < 0) {
        if (!length)
          return nullptr;
        start = std::max<int64_t>(start + *length, 0);
      }
      if (step < 0)
        start = std::min(start, *length - 1);
      at[axis] = affine(pool, indices[axis], step, start);
    }
    return pool.load(source, at);
  }
  if (op == "Split") {
    int64_t axis = wrap(node.intAttribute("axis", 0), rank), start = 0;
    for (unsigned part = 0; part < result; ++part) {
      auto length = extent(node.getResult(part), axis).constant();
      if (!length)
        return nullptr;
      start += *length;
    }
    at[axis] = affine(pool, indices[axis], 1, start);
    return pool.load(source, at);
  }
  if (op == "Concat")
    return stepConcat(node, indices);
  if (op == "Gather") {
    int64_t axis = wrap(node.intAttribute("axis", 0), rank), indexRank = cast<RankedTensorType>(node.getOperand(1).getType()).getRank();
    SmallVector<E> from(indices.take_front(axis));
    from.push_back(wrapIndex(pool, open(pool.load(node.getOperand(1), indices.slice(axis, indexRank))), extent(source, axis)));
    llvm::append_range(from, indices.drop_front(axis + indexRank));
    return pool.load(source, from);
  }
  if (op == "GatherElements") {
    int64_t axis = wrap(node.intAttribute("axis", 0), rank);
    at[axis] = wrapIndex(pool, open(pool.load(node.getOperand(1), indices)), extent(source, axis));
    return pool.load(source, at);
  }
  if (op == "ScatterElements" && node.stringAttribute("reduction", "none") == "none") {
    // Along an axis of one place, a choice among that one place overwrites it.
    int64_t axis = wrap(node.intAttribute("axis", 0), rank);
    auto choice = node.getOperand(1).getDefiningOp<onnx::NodeOp>();
    bool overwritten = choice && choice.is("TopK") && extent(source, axis).is(1) && extent(node.getOperand(1), axis).is(1);
    for (int64_t other = 0; other < rank; ++other)
      overwritten = overwritten && extent(source, other) == extent(node.getOperand(1), other);
    return overwritten ? pool.load(node.getOperand(2), at) : nullptr;
  }
  if (op == "GatherND") {
    int64_t batch = node.intAttribute("batch_dims", 0), indexRank = cast<RankedTensorType>(node.getOperand(1).getType()).getRank();
    auto depth = extent(node.getOperand(1), indexRank - 1).constant();
    if (!depth)
      return nullptr;
    SmallVector<E> from(indices.take_front(batch)), where(indices.take_front(indexRank - 1));
    where.push_back(nullptr);
    for (int64_t d = 0; d < *depth; ++d) {
      where.back() = pool.constant(d);
      from.push_back(wrapIndex(pool, open(pool.load(node.getOperand(1), where)), extent(source, batch + d)));
    }
    llvm::append_range(from, indices.drop_front(indexRank - 1));
    return pool.load(source, from);
  }
  if (op == "TopK" && result == 0 && isPermutation(node.getResult(1), shapes)) {
    // A sorted value is the value at the place that the index names.
    E place = pool.load(node.getResult(1), indices);
    if (indices[0]->is(Kind::Inverse) && indices[0]->value == node.getResult(1))
      place = indices[0]->arg(0);
    return pool.load(source, {place});
  }
  if (op == "TopK" && result == 1 && isPermutation(to, shapes) && indices[0]->is(Kind::Inverse) && indices[0]->value == to)
    return indices[0]->arg(0);
  return nullptr;
}

} // namespace moe::raise
