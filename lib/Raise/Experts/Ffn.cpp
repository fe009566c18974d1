//===- Ffn.cpp - the feed-forward formula of an expert ----------------------------------------------------------===//
#include "Ffn.h"
#include <cmath>

using namespace mlir;

namespace moe::raise {

Value BankPart::build(NodeMaker &make) const {
  Value part = make.slice(tensor, outAxis, start, step, count);
  if (expert)
    part = make.slice(part, expertAxis, *expert, 1, 1);
  // Axes in the order expert, out, in; the others have length 1 and go.
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  SmallVector<int64_t> perm;
  for (int axis : {expert ? -1 : expertAxis, outAxis, inAxis})
    if (axis >= 0)
      perm.push_back(axis);
  SmallVector<int64_t> kept(perm);
  for (int64_t axis = 0; axis < rank; ++axis)
    if (!llvm::is_contained(kept, axis))
      perm.push_back(axis);
  part = make.transpose(part, perm);
  if (int64_t(kept.size()) == rank)
    return part;
  auto shape = cast<RankedTensorType>(part.getType()).getShape().take_front(kept.size());
  return make.reshape(part, shape);
}

bool BankPart::isSliceLike(const BankPart &other) const {
  auto key = [](const BankPart &part) { return std::tuple(part.tensor, part.expertAxis, part.outAxis, part.inAxis, part.start, part.step, part.count); };
  return key(*this) == key(other);
}

E splitFactors(View &view, E expr, E digit, std::vector<E> &others) {
  while (true) {
    expr = view.head(expr, Follow::Layout);
    E opened = expr;
    if (expr->is(Kind::Load)) {
      auto node = expr->value.getDefiningOp<onnx::NodeOp>();
      opened = node && node.is("Mul") ? view.step(expr, Follow::All) : nullptr;
    }
    if (!opened || !opened->isApply("Mul"))
      return expr;
    E left = view.layout(opened->arg(0)), right = view.layout(opened->arg(1));
    bool onLeft = ExprPool::mentions(left, digit), onRight = ExprPool::mentions(right, digit);
    if (onLeft == onRight)
      return expr;
    others.push_back(onLeft ? right : left);
    expr = opened->arg(onLeft ? 0 : 1);
  }
}

/// `index` as out * step + start.
static bool isAffine(E index, E out, int64_t &step, int64_t &start) {
  step = 1;
  start = 0;
  if (index->isApply("IntAdd") && index->arg(1)->is(Kind::Const)) {
    start = index->arg(1)->number;
    index = index->arg(0);
  }
  if (index->isApply("IntMul") && index->arg(1)->is(Kind::Const)) {
    step = index->arg(1)->number;
    index = index->arg(0);
  }
  return index == out;
}

/// Matches a load of a weight: each index is the key, the output digit, the inner digit or 0.
static std::optional<BankPart> matchBank(View &view, E load, E key, E out, E inner) {
  if (!load->is(Kind::Load))
    return std::nullopt;
  BankPart part;
  part.tensor = load->value;
  auto length = out->is(Kind::Const) ? std::optional<int64_t>(1) : out->extents[0].constant();
  if (!length)
    return std::nullopt;
  part.count = *length;
  for (auto [axis, index] : llvm::enumerate(load->args)) {
    int64_t step, start;
    if (key && index == key && part.expertAxis < 0)
      part.expertAxis = axis;
    else if (inner && index == inner && part.inAxis < 0)
      part.inAxis = axis;
    else if (isAffine(index, out, step, start) && part.outAxis < 0) {
      part.outAxis = axis;
      part.step = step;
      part.start = start;
    } else if (view.extent(load->value, axis).is(1) && index->isConst(0)) {
      continue;
    } else if (!key && index->is(Kind::Const) && part.expertAxis < 0) {
      part.expertAxis = axis;
      part.expert = index->number;
    } else {
      return std::nullopt;
    }
  }
  bool complete = part.outAxis >= 0 && (!key || part.expertAxis >= 0) && (!inner || part.inAxis >= 0);
  return complete ? std::optional(part) : std::nullopt;
}

std::optional<LinearPart> matchLinear(View &view, E expr, E out, E key) {
  expr = view.head(expr);
  if (expr->isApply("Add")) {
    for (int side : {0, 1}) {
      auto linear = matchLinear(view, expr->arg(side), out, key);
      if (!linear || linear->bias)
        continue;
      linear->bias = matchBank(view, view.layout(view.head(expr->arg(1 - side), Follow::Layout)), key, out, nullptr);
      if (linear->bias)
        return linear;
    }
    return std::nullopt;
  }
  if (!expr->isReduce("Sum") || !expr->arg(1)->is(Kind::Digit))
    return std::nullopt;
  E inner = expr->arg(1);
  E body = view.head(expr->arg(0));
  for (int side = 0; body->isApply("Mul") && side < 2; ++side) {
    auto bank = matchBank(view, view.layout(body->arg(side)), key, out, inner);
    if (!bank)
      continue;
    LinearPart linear;
    linear.weight = *bank;
    linear.input = body->arg(1 - side);
    linear.inner = inner;
    // A factor of the input that is the same along the inner axis stands apart.
    linear.input = splitFactors(view, linear.input, inner, linear.inputFactors);
    if (!ExprPool::mentions(view.layout(linear.input), out))
      return linear;
  }
  return std::nullopt;
}

/// A linear part of a formula and the digit that stands for it.
struct Leaf {
  E expr, stand;
  LinearPart part;
};

/// Rebuilds an elementwise formula with its linear parts replaced by digits, in the order in which they are met.
static E leafify(View &view, E expr, E out, E key, std::vector<Leaf> &leaves) {
  expr = view.head(expr);
  for (Leaf &leaf : leaves)
    if (leaf.expr == expr)
      return leaf.stand;
  if (expr->isReduce("Sum") || expr->isApply("Add"))
    if (auto part = matchLinear(view, expr, out, key)) {
      leaves.push_back({expr, view.pool.digit(SymExpr::symbol("leaf")), *part});
      return leaves.back().stand;
    }
  if (!expr->is(Kind::Apply))
    return expr;
  std::vector<E> args;
  for (E arg : expr->args)
    args.push_back(leafify(view, arg, out, key, leaves));
  return view.pool.apply(expr->op, args);
}

std::optional<FfnPart> matchFfn(View &view, E expr, E out, E key) {
  auto down = matchLinear(view, expr, out, key);
  if (!down || !down->inputFactors.empty())
    return std::nullopt;
  std::vector<Leaf> leaves;
  E formula = leafify(view, down->input, down->inner, key, leaves);
  if (leaves.empty() || leaves.size() > 2)
    return std::nullopt;
  // Nothing but the linear parts and numbers may occur.
  std::vector<double> constants;
  bool closed = true;
  ExprPool::walk(formula, [&](E part) {
    bool leaf = llvm::any_of(leaves, [&](Leaf &known) { return known.stand == part; });
    if (part->is(Kind::Const))
      constants.push_back(std::fabs(part->number));
    else if (!part->is(Kind::Apply) && !leaf)
      closed = false;
  });
  if (!closed)
    return std::nullopt;
  bool gated = leaves.size() == 2;
  for (int swap = 0; swap < (gated ? 2 : 1); ++swap) {
    E gate = gated ? leaves[swap].stand : nullptr, up = leaves[gated ? 1 - swap : 0].stand;
    auto unit = identifyUnit(
        [&](double g, double u) { return evaluate(formula, [&](E leaf) { return leaf == gate ? g : leaf == up ? u : NAN; }); }, constants, gated);
    if (!unit)
      continue;
    FfnPart result;
    if (gated)
      result.gate = leaves[swap].part;
    result.up = leaves[gated ? 1 - swap : 0].part;
    result.down = *down;
    result.unit = *unit;
    return result;
  }
  return std::nullopt;
}

} // namespace moe::raise
