//===- Layout.cpp - operators that move elements without looking at them ----------------------------------------===//
#include "NodeLowering.h"
#include "Scalars.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace moe {
namespace {

//===- lengths --------------------------------------------------------------------------------------------------===//

LogicalResult shape(NodeLowering &n) {
  int64_t rank = n.rank(0);
  auto clamp = [&](int64_t at) { return std::clamp<int64_t>(NodeLowering::wrap(at, rank), 0, rank); };
  int64_t start = clamp(n.node.intAttribute("start", 0)), end = clamp(n.node.intAttribute("end", rank));
  SmallVector<Value> lengths;
  for (int64_t axis = start; axis < end; ++axis)
    lengths.push_back(arith::IndexCastOp::create(n.b, n.b.getI64Type(), n.dim(0u, axis)));
  return n.done(tensor::FromElementsOp::create(n.b, RankedTensorType::get({int64_t(lengths.size())}, n.b.getI64Type()), lengths));
}

LogicalResult size(NodeLowering &n) {
  Value product = n.index(1);
  for (int64_t axis = 0; axis < n.rank(0); ++axis)
    product = arith::MulIOp::create(n.b, product, n.dim(0u, axis));
  Value count = arith::IndexCastOp::create(n.b, n.b.getI64Type(), product);
  return n.done(tensor::FromElementsOp::create(n.b, RankedTensorType::get({}, n.b.getI64Type()), count));
}

//===- the same elements, other lengths -------------------------------------------------------------------------===//

Value product(NodeLowering &n, ArrayRef<OpFoldResult> sizes) {
  Value result = n.index(1);
  for (OpFoldResult size : sizes)
    result = arith::MulIOp::create(n.b, result, n.asValue(size));
  return result;
}

/// Axes of the operand and of the result that hold the same elements: [from, to) of each.
struct AxisGroup {
  ReassociationIndices from, to;
};

/// Splits a reshape into the smallest groups of axes with equal products; empty where the analysis cannot prove them.
SmallVector<AxisGroup> groupAxes(const std::vector<SymExpr> &from, const std::vector<SymExpr> &to) {
  SmallVector<AxisGroup> groups;
  size_t i = 0, j = 0;
  while (i < from.size() && j < to.size()) {
    AxisGroup group;
    SymExpr left = from[i], right = to[j];
    group.from.push_back(i++);
    group.to.push_back(j++);
    while (!(left == right)) {
      // Grow the side that the other one is a multiple of; a side that has ended cannot grow.
      bool growLeft = i < from.size() && (j == to.size() || right.dividedBy(left).has_value());
      if (!growLeft && j == to.size())
        return {};
      if (growLeft) {
        left = left * from[i];
        group.from.push_back(i++);
      } else {
        right = right * to[j];
        group.to.push_back(j++);
      }
    }
    groups.push_back(group);
  }
  // What is left over has length 1 and joins the last group.
  for (; i < from.size(); ++i) {
    if (!from[i].is(1) || groups.empty())
      return {};
    groups.back().from.push_back(i);
  }
  for (; j < to.size(); ++j) {
    if (!to[j].is(1) || groups.empty())
      return {};
    groups.back().to.push_back(j);
  }
  return groups;
}

/// Reshapes by collapsing and expanding groups of axes: such a reshape moves nothing and fuses.
Value regroup(NodeLowering &n, Value value, ArrayRef<AxisGroup> groups, ArrayRef<OpFoldResult> to) {
  Type element = llvm::cast<RankedTensorType>(value.getType()).getElementType();
  SmallVector<OpFoldResult> from = n.sizes(value), middle;
  SmallVector<ReassociationIndices> collapse, expand;
  bool collapses = false, expands = false;
  SmallVector<int64_t> middleShape;
  for (const AxisGroup &group : groups) {
    collapse.push_back(group.from);
    expand.push_back(group.to);
    collapses |= group.from.size() > 1;
    expands |= group.to.size() > 1;
    int64_t length = 1;
    for (int64_t axis : group.from) {
      auto constant = getConstantIntValue(from[axis]);
      length = constant && !ShapedType::isDynamic(length) ? length * *constant : ShapedType::kDynamic;
    }
    middleShape.push_back(length);
  }
  if (collapses)
    value = tensor::CollapseShapeOp::create(n.b, RankedTensorType::get(middleShape, element), value, collapse);
  if (!expands)
    return value;
  // Static lengths of a group must multiply to the length that is expanded.
  SmallVector<int64_t> shape = std::get<0>(decomposeMixedValues(SmallVector<OpFoldResult>(to)));
  for (auto [group, length] : llvm::zip(groups, middleShape)) {
    bool open = llvm::any_of(group.to, [&](int64_t axis) { return ShapedType::isDynamic(shape[axis]); });
    if (open == ShapedType::isDynamic(length))
      continue;
    length = open ? ShapedType::kDynamic : length;
    if (!open) {
      length = 1;
      for (int64_t axis : group.to)
        length *= shape[axis];
    }
  }
  value = n.cast(value, RankedTensorType::get(middleShape, element));
  auto current = llvm::cast<RankedTensorType>(value.getType());
  if (current.getShape() != ArrayRef(middleShape))
    value = tensor::CastOp::create(n.b, RankedTensorType::get(middleShape, element), value);
  return tensor::ExpandShapeOp::create(n.b, RankedTensorType::get(shape, element), value, expand, to);
}

LogicalResult reshapeOp(NodeLowering &n) {
  SmallVector<OpFoldResult> from = n.sizes(n.in(0)), to;
  if (auto known = n.resultSizes()) {
    to = *known;
  } else {
    bool zeroIsZero = n.node.intAttribute("allowzero", 0) != 0;
    Value rest = n.index(1), wild;
    SmallVector<Value> isWild;
    for (int64_t axis = 0; axis < n.type().getRank(); ++axis) {
      Value length = n.intAt(1, axis);
      if (!zeroIsZero && axis < int64_t(from.size())) {
        Value isZero = arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, length, n.index(0));
        length = arith::SelectOp::create(n.b, isZero, n.asValue(from[axis]), length);
      }
      isWild.push_back(arith::CmpIOp::create(n.b, arith::CmpIPredicate::slt, length, n.index(0)));
      rest = arith::SelectOp::create(n.b, isWild.back(), rest, arith::MulIOp::create(n.b, rest, length));
      to.push_back(length);
    }
    Value safe = arith::MaxSIOp::create(n.b, rest, n.index(1));
    wild = arith::DivSIOp::create(n.b, product(n, from), safe);
    for (auto [length, is] : llvm::zip(to, isWild))
      length = arith::SelectOp::create(n.b, is, wild, n.asValue(length)).getResult();
  }
  // The same number of elements, unless the analysis proves it.
  SymExpr before(1), after(1);
  const auto *x = n.shapes.dims(n.onnxInput(0)), *y = n.shapes.dims(n.node.getResult(0));
  if (x && y) {
    for (const SymExpr &dim : *x)
      before = before * dim;
    for (const SymExpr &dim : *y)
      after = after * dim;
  }
  if (!x || !y || !(before == after))
    n.check(arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, product(n, from), product(n, to)),
            "the new shape has another number of elements");
  SmallVector<AxisGroup> groups = x && y ? groupAxes(*x, *y) : SmallVector<AxisGroup>();
  return n.done(groups.empty() ? n.reshape(n.in(0), to) : regroup(n, n.in(0), groups, to));
}

/// The result with the axes `source` of the operand; nullopt is an axis of length 1 that it does not have.
LogicalResult rearrange(NodeLowering &n, ArrayRef<std::optional<int64_t>> source) {
  SmallVector<OpFoldResult> to;
  SmallVector<int64_t> shape(llvm::cast<RankedTensorType>(n.in(0).getType()).getShape());
  std::vector<SymExpr> before, after;
  for (int64_t axis = 0; axis < n.rank(0); ++axis) {
    bool kept = llvm::is_contained(source, std::optional(axis));
    if (!kept)
      shape[axis] = 1;
    before.push_back(kept ? SymExpr::symbol("axis" + std::to_string(axis)) : SymExpr(1));
  }
  for (std::optional<int64_t> axis : source) {
    to.push_back(axis ? getAsOpFoldResult(n.dim(0u, *axis)) : n.b.getIndexAttr(1));
    after.push_back(axis ? before[*axis] : SymExpr(1));
  }
  Value value = n.cast(n.in(0), RankedTensorType::get(shape, signless(n.element(0))));
  SmallVector<AxisGroup> groups = groupAxes(before, after);
  return n.done(groups.empty() ? n.reshape(value, to) : regroup(n, value, groups, to));
}

LogicalResult unsqueeze(NodeLowering &n) {
  int64_t rank = n.type().getRank();
  auto axes = n.axes(1, rank);
  if (!axes)
    return n.fail("needs constant axes");
  SmallVector<std::optional<int64_t>> source;
  int64_t next = 0;
  for (int64_t axis = 0; axis < rank; ++axis)
    source.push_back(llvm::is_contained(*axes, axis) ? std::nullopt : std::optional(next++));
  return rearrange(n, source);
}

LogicalResult squeeze(NodeLowering &n) {
  auto axes = n.axes(1, n.rank(0));
  if (!axes) {
    if (n.has(1))
      return n.fail("needs constant axes");
    axes.emplace();
    for (int64_t axis = 0; axis < n.rank(0); ++axis)
      if (const SymExpr *length = n.expr(n.onnxInput(0), axis); length && length->is(1))
        axes->push_back(axis);
  }
  SmallVector<std::optional<int64_t>> source;
  for (int64_t axis = 0; axis < n.rank(0); ++axis) {
    if (!llvm::is_contained(*axes, axis)) {
      source.push_back(axis);
      continue;
    }
    const SymExpr *length = n.expr(n.onnxInput(0), axis);
    if (!length || !length->is(1))
      n.check(arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, n.dim(0u, axis), n.index(1)), "a squeezed axis is not 1");
  }
  return rearrange(n, source);
}

LogicalResult flatten(NodeLowering &n) {
  int64_t axis = NodeLowering::wrap(n.node.intAttribute("axis", 1), n.rank(0));
  SmallVector<OpFoldResult> from = n.sizes(n.in(0));
  return n.done(n.reshape(n.in(0), {getAsOpFoldResult(product(n, ArrayRef(from).take_front(axis))),
                                    getAsOpFoldResult(product(n, ArrayRef(from).drop_front(axis)))}));
}

//===- other orders, parts and repetitions ----------------------------------------------------------------------===//

LogicalResult transpose(NodeLowering &n) {
  int64_t rank = n.rank(0);
  SmallVector<int64_t> perm = n.node.intsAttribute("perm").value_or(llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank))));
  SmallVector<OpFoldResult> from = n.sizes(n.in(0)), sizes; // what the operand's type says, not more: the op wants them equal
  for (int64_t axis : perm)
    sizes.push_back(from[axis]);
  Value init = n.empty(sizes, signless(n.element(0)));
  return n.done(linalg::TransposeOp::create(n.b, n.in(0), init, perm)->getResult(0));
}

LogicalResult concat(NodeLowering &n) {
  int64_t axis = NodeLowering::wrap(n.node.intAttribute("axis", 0), n.type().getRank());
  unsigned count = n.node.getNumOperands();
  SmallVector<OpFoldResult> sizes = n.sizes(n.in(0)), offsets(sizes.size(), n.b.getIndexAttr(0)), strides(sizes.size(), n.b.getIndexAttr(1));
  for (int64_t at = 0; at < int64_t(sizes.size()); ++at)
    for (unsigned i = 0; at != axis && i < count; ++i)
      if (!n.sameLength(n.onnxInput(0), at, n.onnxInput(i), at))
        n.check(arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, n.dim(0u, at), n.dim(i, at)), "operands differ in an axis that is not joined");
  Value total = n.index(0);
  SmallVector<Value> starts;
  for (unsigned i = 0; i < count; ++i) {
    starts.push_back(total);
    total = arith::AddIOp::create(n.b, total, n.dim(i, axis));
  }
  if (Value known = n.expr(n.node.getResult(0), axis) ? n.materialize(*n.expr(n.node.getResult(0), axis)) : Value())
    total = known;
  sizes[axis] = getAsOpFoldResult(total);
  Value result = n.empty(sizes, signless(n.element(0)));
  for (unsigned i = 0; i < count; ++i) {
    offsets[axis] = getAsOpFoldResult(starts[i]);
    SmallVector<OpFoldResult> part = sizes;
    part[axis] = getAsOpFoldResult(n.dim(i, axis));
    auto [shape, dynamic] = decomposeMixedValues(part);
    Value source = n.cast(n.in(i), RankedTensorType::get(shape, signless(n.element(0))));
    auto type = llvm::cast<RankedTensorType>(source.getType());
    for (auto [axis, length] : llvm::enumerate(type.getShape()))
      if (!ShapedType::isDynamic(length))
        part[axis] = n.b.getIndexAttr(length);
    result = tensor::InsertSliceOp::create(n.b, source, result, offsets, part, strides);
  }
  return n.done(result);
}

/// The part [start, start + length * step) of each axis.
Value extract(NodeLowering &n, Value source, ArrayRef<OpFoldResult> starts, ArrayRef<OpFoldResult> lengths, ArrayRef<OpFoldResult> steps) {
  // On an axis of length 0 no offset is valid.
  auto type = llvm::cast<RankedTensorType>(source.getType());
  if (llvm::is_contained(type.getShape(), 0) || llvm::any_of(lengths, [](OpFoldResult length) { return isConstantIntValue(length, 0); }))
    return n.empty(lengths, type.getElementType());
  return tensor::ExtractSliceOp::create(n.b, source, starts, lengths, steps);
}

/// clamp(bound + (bound < 0) * length, low, high) as Slice does.
Value clampBound(NodeLowering &n, Value bound, Value length, Value low, Value high) {
  Value negative = arith::CmpIOp::create(n.b, arith::CmpIPredicate::slt, bound, n.index(0));
  Value wrapped = arith::SelectOp::create(n.b, negative, arith::AddIOp::create(n.b, bound, length), bound);
  return arith::MinSIOp::create(n.b, arith::MaxSIOp::create(n.b, wrapped, low), high);
}

LogicalResult slice(NodeLowering &n) {
  int64_t rank = n.rank(0);
  bool attributes = bool(n.node.attribute("starts"));
  SmallVector<int64_t> axes;
  int64_t count = attributes ? n.node.intsAttribute("starts")->size() : cast<RankedTensorType>(n.in(1).getType()).getDimSize(0);
  if (ShapedType::isDynamic(count))
    return n.fail("needs a fixed number of starts");
  if (auto given = attributes ? n.axes(~0u, rank) : n.has(3) ? n.axes(3, rank) : std::nullopt)
    axes = *given;
  else if (!attributes && n.has(3))
    return n.fail("needs constant axes");
  else
    axes = llvm::to_vector(llvm::seq<int64_t>(0, count));
  SmallVector<int64_t> steps(count, 1);
  if (!attributes && n.has(4)) {
    auto given = n.ints(4);
    if (!given)
      return n.fail("needs constant steps");
    steps = *given;
  }
  SmallVector<OpFoldResult> starts(rank, n.b.getIndexAttr(0)), strides(rank, n.b.getIndexAttr(1)), lengths = n.sizes(n.in(0));
  bool backwards = false;
  for (auto [i, axis] : llvm::enumerate(axes)) {
    Value length = n.dim(0u, axis);
    auto bound = [&](const char *name, unsigned operand) {
      return attributes ? n.index((*n.node.intsAttribute(name))[i]) : n.intAt(operand, i);
    };
    Value zero = n.index(0), one = n.index(1), start, end, span;
    if (steps[i] == 0)
      return n.fail("has a step of 0");
    if (steps[i] > 0) {
      start = clampBound(n, bound("starts", 1), length, zero, length);
      end = clampBound(n, bound("ends", 2), length, zero, length);
      span = arith::SubIOp::create(n.b, end, start);
    } else {
      Value last = arith::SubIOp::create(n.b, length, one);
      start = clampBound(n, bound("starts", 1), length, zero, last);
      // An end before the first element stays there: -1 after clamping.
      end = clampBound(n, bound("ends", 2), length, n.index(-1), last);
      span = arith::SubIOp::create(n.b, start, end);
      backwards = true;
    }
    int64_t stride = std::abs(steps[i]);
    Value rounded = arith::CeilDivSIOp::create(n.b, arith::MaxSIOp::create(n.b, span, zero), n.index(stride));
    const SymExpr *known = n.expr(n.node.getResult(0), axis);
    Value exact = known ? n.materialize(*known) : Value();
    starts[axis] = getAsOpFoldResult(start);
    strides[axis] = n.b.getIndexAttr(steps[i]);
    lengths[axis] = getAsOpFoldResult(exact ? exact : rounded);
  }
  if (!backwards)
    return n.done(extract(n, n.in(0), starts, lengths, strides));
  Value source = n.in(0);
  return n.done(n.generate(lengths, signless(n.element(0)), [&](OpBuilder &builder, Location loc, ValueRange at) -> Value {
    ImplicitLocOpBuilder b(loc, builder);
    SmallVector<Value> from;
    for (auto [axis, index] : llvm::enumerate(at)) {
      Value scaled = arith::MulIOp::create(b, index, getValueOrCreateConstantIndexOp(b, loc, strides[axis]));
      from.push_back(arith::AddIOp::create(b, getValueOrCreateConstantIndexOp(b, loc, starts[axis]), scaled));
    }
    return tensor::ExtractOp::create(b, source, from);
  }));
}

LogicalResult split(NodeLowering &n) {
  int64_t axis = NodeLowering::wrap(n.node.intAttribute("axis", 0), n.rank(0));
  unsigned count = n.node.getNumResults();
  SmallVector<OpFoldResult> starts(n.rank(0), n.b.getIndexAttr(0)), strides(n.rank(0), n.b.getIndexAttr(1)), lengths = n.sizes(n.in(0));
  auto attr = n.node.intsAttribute("split");
  Value chunk = arith::CeilDivSIOp::create(n.b, n.dim(0u, axis), n.index(count)), at = n.index(0);
  SmallVector<Value> parts;
  for (unsigned i = 0; i < count; ++i) {
    Value part;
    const SymExpr *known = n.expr(n.node.getResult(i), axis);
    if (known)
      part = n.materialize(*known);
    if (!part && attr)
      part = n.index((*attr)[i]);
    if (!part && n.has(1))
      part = n.intAt(1, i);
    if (!part)
      part = arith::MinSIOp::create(n.b, chunk, arith::MaxSIOp::create(n.b, arith::SubIOp::create(n.b, n.dim(0u, axis), at), n.index(0)));
    starts[axis] = getAsOpFoldResult(at);
    lengths[axis] = getAsOpFoldResult(part);
    parts.push_back(extract(n, n.in(0), starts, lengths, strides));
    at = arith::AddIOp::create(n.b, at, part);
  }
  if (n.has(1) || attr)
    n.check(arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, at, n.dim(0u, axis)), "the parts do not add up to the axis");
  return n.done(parts);
}

LogicalResult expand(NodeLowering &n) {
  int64_t rank = n.type().getRank(), lead = rank - n.rank(0), shapeRank = cast<RankedTensorType>(n.in(1).getType()).getDimSize(0);
  SmallVector<OpFoldResult> sizes;
  SmallVector<Value> steps;
  for (int64_t axis = 0; axis < rank; ++axis) {
    Value own = axis >= lead ? n.dim(0u, axis - lead) : n.index(1);
    const SymExpr *known = n.expr(n.node.getResult(0), axis);
    const SymExpr *mine = axis >= lead ? n.expr(n.onnxInput(0), axis - lead) : nullptr;
    Value length = known ? n.materialize(*known) : Value();
    bool same = known && mine && *known == *mine, one = axis < lead || (mine && mine->is(1));
    Value isOne = arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, own, n.index(1));
    if (!length) {
      Value wanted = axis >= rank - shapeRank ? n.intAt(1, axis - (rank - shapeRank)) : n.index(1);
      length = arith::SelectOp::create(n.b, isOne, wanted, own);
      Value fits = arith::OrIOp::create(n.b, arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, wanted, n.index(1)),
                                        arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, wanted, length));
      n.check(fits, "the operand does not broadcast to the shape");
    } else if (!same && !one) {
      n.check(arith::OrIOp::create(n.b, isOne, arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, own, length)),
              "the operand does not broadcast to the shape");
    }
    sizes.push_back(getAsOpFoldResult(length));
    if (axis >= lead)
      steps.push_back(same ? n.index(1) : one ? n.index(0) : arith::SelectOp::create(n.b, isOne, n.index(0), n.index(1)).getResult());
  }
  Value source = n.in(0);
  // Axes that are known to repeat or to stay make this a broadcast that fuses.
  if (llvm::all_of(steps, [](Value step) { return matchPattern(step, m_Constant()); })) {
    SmallVector<AffineExpr> from;
    for (auto [axis, step] : llvm::enumerate(steps))
      from.push_back(matchPattern(step, m_Zero()) ? n.b.getAffineConstantExpr(0) : n.b.getAffineDimExpr(axis + lead));
    Value init = n.empty(sizes, signless(n.element(0)));
    SmallVector<AffineMap> maps = {AffineMap::get(rank, 0, from, n.b.getContext()), n.b.getMultiDimIdentityMap(rank)};
    SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
    return n.done(linalg::GenericOp::create(n.b, TypeRange(init.getType()), ValueRange(source), ValueRange(init), maps, loops,
                                            [](OpBuilder &b, Location loc, ValueRange args) { linalg::YieldOp::create(b, loc, args[0]); })
                      .getResult(0));
  }
  return n.done(n.generate(sizes, signless(n.element(0)), [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    SmallVector<Value> from;
    for (auto [axis, step] : llvm::enumerate(steps))
      from.push_back(arith::MulIOp::create(b, loc, at[axis + lead], step));
    return tensor::ExtractOp::create(b, loc, source, from);
  }));
}

LogicalResult tile(NodeLowering &n) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t axis = 0; axis < n.rank(0); ++axis)
    sizes.push_back(getAsOpFoldResult(arith::MulIOp::create(n.b, n.dim(0u, axis), n.intAt(1, axis)).getResult()));
  if (auto known = n.resultSizes())
    sizes = *known;
  Value source = n.in(0);
  SmallVector<Value> lengths;
  for (int64_t axis = 0; axis < n.rank(0); ++axis)
    lengths.push_back(arith::MaxSIOp::create(n.b, n.dim(0u, axis), n.index(1)));
  return n.done(n.generate(sizes, signless(n.element(0)), [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    SmallVector<Value> from;
    for (auto [index, length] : llvm::zip(at, lengths))
      from.push_back(arith::RemUIOp::create(b, loc, index, length));
    return tensor::ExtractOp::create(b, loc, source, from);
  }));
}

LogicalResult pad(NodeLowering &n) {
  StringRef mode = n.node.stringAttribute("mode", "constant");
  int64_t rank = n.rank(0);
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (n.has(3)) {
    auto given = n.axes(3, rank);
    if (!given)
      return n.fail("needs constant axes");
    axes = *given;
  }
  SmallVector<Value> before(rank, n.index(0)), after(rank, n.index(0)), lengths;
  auto attr = n.node.intsAttribute(n.node.attribute("paddings") ? "paddings" : "pads");
  for (auto [i, axis] : llvm::enumerate(axes)) {
    before[axis] = attr ? n.index((*attr)[i]) : n.intAt(1, i);
    after[axis] = attr ? n.index((*attr)[i + axes.size()]) : n.intAt(1, i + axes.size());
  }
  SmallVector<OpFoldResult> sizes;
  for (int64_t axis = 0; axis < rank; ++axis) {
    lengths.push_back(n.dim(0u, axis));
    Value length = arith::AddIOp::create(n.b, arith::AddIOp::create(n.b, lengths[axis], before[axis]), after[axis]);
    sizes.push_back(getAsOpFoldResult(length));
  }
  Type element = signless(n.element(0));
  Value source = n.in(0), fill;
  if (mode == "constant")
    fill = n.has(2) ? n.scalar(2) : n.constant(element, n.node.floatAttribute("value", 0));
  else if (mode != "reflect" && mode != "edge" && mode != "wrap")
    return n.fail("mode '" + mode + "' is unknown");
  return n.done(n.generate(sizes, element, [&](OpBuilder &builder, Location loc, ValueRange at) -> Value {
    ImplicitLocOpBuilder b(loc, builder);
    Value zero = arith::ConstantIndexOp::create(b, 0), one = arith::ConstantIndexOp::create(b, 1), inside;
    SmallVector<Value> from;
    for (auto [axis, index] : llvm::enumerate(at)) {
      Value x = arith::SubIOp::create(b, index, before[axis]), last = arith::SubIOp::create(b, lengths[axis], one);
      if (mode == "constant") {
        Value fits = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, x, lengths[axis]);
        inside = inside ? arith::AndIOp::create(b, inside, fits).getResult() : fits;
      } else if (mode == "wrap") {
        x = remainder(b, x, lengths[axis], false, false);
      } else if (mode == "reflect") {
        // Triangle wave of period 2 * last.
        Value period = arith::MaxSIOp::create(b, arith::MulIOp::create(b, last, arith::ConstantIndexOp::create(b, 2)), one);
        x = remainder(b, x, period, false, false);
        x = arith::MinSIOp::create(b, x, arith::SubIOp::create(b, period, x));
      }
      from.push_back(arith::MaxSIOp::create(b, zero, arith::MinSIOp::create(b, x, last)));
    }
    if (!inside)
      return tensor::ExtractOp::create(b, source, from);
    // Reading an operand without elements is not allowed, not even to throw the element away.
    auto choice = scf::IfOp::create(b, inside, [&](OpBuilder &b, Location loc) {
      scf::YieldOp::create(b, loc, tensor::ExtractOp::create(b, loc, source, from).getResult());
    }, [&](OpBuilder &b, Location loc) { scf::YieldOp::create(b, loc, fill); });
    return choice.getResult(0);
  }));
}

LogicalResult trilu(NodeLowering &n) {
  bool upper = n.node.intAttribute("upper", 1) != 0;
  Value k = n.has(1) ? arith::IndexCastOp::create(n.b, n.b.getIndexType(), n.scalar(1)).getResult() : n.index(0);
  Value source = n.in(0);
  int64_t rank = n.rank(0);
  Type element = signless(n.element(0));
  AffineMap identity = n.b.getMultiDimIdentityMap(rank);
  Value init = n.empty(n.sizes(source), element);
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  return n.done(linalg::GenericOp::create(n.b, TypeRange(init.getType()), ValueRange(source), ValueRange(init),
                                          ArrayRef<AffineMap>{identity, identity}, loops,
                                          [&](OpBuilder &builder, Location loc, ValueRange args) {
                                            ImplicitLocOpBuilder b(loc, builder);
                                            Value row = linalg::IndexOp::create(b, rank - 2), column = linalg::IndexOp::create(b, rank - 1);
                                            Value diagonal = arith::AddIOp::create(b, row, k);
                                            Value kept = arith::CmpIOp::create(b, upper ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle, column, diagonal);
                                            linalg::YieldOp::create(b, arith::SelectOp::create(b, kept, args[0], scalarConstant(b, element, 0)).getResult());
                                          })
                    .getResult(0));
}

} // namespace

void addLayout(LoweringTable &table) {
  table["Shape"] = shape;
  table["Size"] = size;
  table["Reshape"] = reshapeOp;
  table["Unsqueeze"] = unsqueeze;
  table["Squeeze"] = squeeze;
  table["Flatten"] = flatten;
  table["Transpose"] = transpose;
  table["Concat"] = concat;
  table["Slice"] = slice;
  table["Split"] = split;
  table["Expand"] = expand;
  table["Tile"] = tile;
  table["Pad"] = pad;
  table["Trilu"] = trilu;
}

} // namespace moe
