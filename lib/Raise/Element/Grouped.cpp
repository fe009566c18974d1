//===- Grouped.cpp - a concatenation of per-expert products over sorted rows ------------------------------------===//
//
// Exporters that sort rows by expert multiply each expert's rows by its matrix and join the results:
//     concat over e of  rows[off[e-1], off[e]) @ W[e]         off = cumulative counts of the experts' ids
// Row s of the result is rows[s] @ W[key(s)], where key are the sorted ids.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "View.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include <functional>

using namespace mlir;

namespace moe::raise {
namespace {

/// One expert's product: rows [low, high) of `source` times `matrix`.
struct Segment {
  Value source, matrix;
  E low, high;
};

/// The operator that gives a value, with views between skipped.
onnx::NodeOp producer(Value value) {
  while (auto node = value.getDefiningOp<onnx::NodeOp>()) {
    if (!node.getDomain().empty() || !llvm::is_contained({"Identity", "Cast"}, node.getOpType()))
      return node;
    value = node.getOperand(0);
  }
  return {};
}

std::optional<Segment> segment(View &view, Value part) {
  onnx::NodeOp product = producer(part);
  if (!product || !product.is("MatMul"))
    return std::nullopt;
  onnx::NodeOp rows = producer(product.getOperand(0));
  auto scalar = [&](Value value) {
    return view.open(view.pool.load(value, SmallVector<E>(cast<RankedTensorType>(value.getType()).getRank(), view.pool.constant(0))));
  };
  if (rows && rows.is("Gather") && rows.intAttribute("axis", 0) == 0) {
    onnx::NodeOp range = producer(rows.getOperand(1));
    if (range && range.is("Range") && scalar(range.getOperand(2))->isConst(1))
      return Segment{rows.getOperand(0), product.getOperand(1), scalar(range.getOperand(0)), scalar(range.getOperand(1))};
  }
  if (rows && rows.is("Slice") && rows.getNumOperands() >= 4) {
    auto axes = view.shapes.constants(rows.input(3));
    if (axes && axes->size() == 1 && axes->front() == 0)
      return Segment{rows.getOperand(0), product.getOperand(1), scalar(rows.getOperand(1)), scalar(rows.getOperand(2))};
  }
  return std::nullopt;
}

/// The sort whose counts the bounds of the segments add up: its values are the keys of the rows. Null where the bounds are anything else.
onnx::NodeOp sortOf(View &view, ArrayRef<Segment> segments) {
  int64_t experts = segments.size();
  // high[e] = cumulative[e], low[e] = high[e-1], low[0] = 0.
  Value cumulative;
  for (auto [e, part] : llvm::enumerate(segments)) {
    E low = part.low, high = part.high;
    if (e == 0 ? !low->isConst(0) : low != segments[e - 1].high)
      return {};
    if (!high->is(Kind::Load) || high->args.size() != 1 || !high->args[0]->isConst(e) || (cumulative && high->value != cumulative))
      return {};
    cumulative = high->value;
  }
  onnx::NodeOp sum = producer(cumulative);
  if (!sum || !sum.is("CumSum") || sum.intAttribute("exclusive", 0) || sum.intAttribute("reverse", 0))
    return {};
  // The counts: ones added at the ids, by a histogram.
  onnx::NodeOp counts = producer(sum.getOperand(0));
  if (!counts || !counts.is("ScatterElements") || counts.stringAttribute("reduction", "none") != "add")
    return {};
  E place = view.pool.digit(view.extent(counts.getOperand(1), 0));
  if (!view.open(view.pool.load(counts.getOperand(0), {place}))->isConst(0) || !view.open(view.pool.load(counts.getOperand(2), {place}))->isConst(1))
    return {};
  // The bin of an id must be the id: tried for all of them.
  E bin = view.pool.load(counts.getOperand(1), {place}), key = nullptr;
  std::vector<E> leaves;
  // Follow the arithmetic down to the value of the sort.
  std::function<E(E)> follow = [&](E expr) -> E {
    while (expr->is(Kind::Load)) {
      auto node = expr->value.getDefiningOp<onnx::NodeOp>();
      if (node && node.is("TopK"))
        break;
      E next = view.step(expr, Follow::All);
      if (!next)
        break;
      expr = next;
    }
    if (expr->is(Kind::Load)) {
      leaves.push_back(expr);
      return expr;
    }
    std::vector<E> args;
    for (E arg : expr->args)
      args.push_back(expr->is(Kind::Apply) ? follow(arg) : arg);
    return expr->is(Kind::Apply) ? view.pool.apply(expr->op, args) : expr;
  };
  E function = follow(bin);
  if (leaves.empty() || !llvm::all_equal(leaves))
    return {};
  key = leaves.front();
  for (int64_t id = 0; id < experts; ++id)
    if (evaluate(function, [&](E leaf) { return leaf == key ? double(id) : NAN; }) != double(id))
      return {};
  // The keys are the sorted values themselves, or the ids before the sort.
  auto sort = key->value.getDefiningOp<onnx::NodeOp>();
  if (sort && sort.is("TopK") && key->value == sort.getResult(0) && isPermutation(sort.getResult(1), view.shapes) && key->args[0] == place)
    return sort.intAttribute("largest", 1) == 0 ? sort : onnx::NodeOp();
  E wanted = view.layout(key);
  onnx::NodeOp found;
  counts->getParentOfType<func::FuncOp>().walk([&](onnx::NodeOp node) {
    if (!found && node.is("TopK") && isPermutation(node.getResult(1), view.shapes) && node.intAttribute("largest", 1) == 0 &&
        view.layout(view.pool.load(node.getOperand(0), {place})) == wanted)
      found = node;
  });
  return found;
}

/// The matrices as one tensor [E, K, N]: the one that they are slices of, or a new one that joins them.
E bankElement(View &view, ArrayRef<Segment> segments, onnx::NodeOp concat, E key, E k, E n) {
  SmallVector<E> elements;
  for (const Segment &part : segments)
    elements.push_back(view.layout(view.pool.load(part.matrix, {k, n})));
  // Slices of one tensor differ in one index, which is the expert.
  E first = elements.front();
  std::optional<size_t> axis;
  bool sliced = first->is(Kind::Load);
  for (auto [e, element] : llvm::enumerate(elements)) {
    if (!sliced || !element->is(Kind::Load) || element->value != first->value) {
      sliced = false;
      break;
    }
    for (size_t i = 0; i < element->args.size(); ++i) {
      if (element->args[i] == first->args[i] && !(first->args[i]->isConst(0) && segments.size() == 1))
        continue;
      if ((axis && *axis != i) || !element->args[i]->isConst(e) || !first->args[i]->isConst(0))
        sliced = false;
      axis = i;
    }
  }
  if (sliced && axis) {
    std::vector<E> args = first->args;
    args[*axis] = key;
    return view.pool.load(first->value, args);
  }
  OpBuilder b(concat);
  Location loc = concat.getLoc();
  SmallVector<Value> parts;
  auto matrix = cast<RankedTensorType>(segments.front().matrix.getType());
  auto axes = onnx::ConstantOp::create(b, loc, DenseElementsAttr::get(RankedTensorType::get({1}, b.getI64Type()), int64_t(0)));
  (void)view.shapes.visit(axes);
  for (const Segment &part : segments) {
    if (part.matrix.getType() != matrix)
      return nullptr;
    SmallVector<int64_t> shape = {1, matrix.getDimSize(0), matrix.getDimSize(1)};
    auto node = onnx::NodeOp::create(b, loc, "Unsqueeze", RankedTensorType::get(shape, matrix.getElementType()), {part.matrix, axes}, {}, 13);
    (void)view.shapes.visit(node);
    parts.push_back(node.getResult(0));
  }
  SmallVector<int64_t> shape = {int64_t(parts.size()), matrix.getDimSize(0), matrix.getDimSize(1)};
  auto joined = onnx::NodeOp::create(b, loc, "Concat", RankedTensorType::get(shape, matrix.getElementType()), parts,
                                     {b.getNamedAttr("axis", b.getI64IntegerAttr(0))}, 13);
  (void)view.shapes.visit(joined);
  return view.pool.load(joined.getResult(0), {key, k, n});
}

} // namespace

E View::stepGrouped(onnx::NodeOp node, ArrayRef<E> indices) {
  if (indices.size() != 2 || node.intAttribute("axis", 0) != 0)
    return nullptr;
  SmallVector<Segment> segments;
  for (Value part : node.getOperands()) {
    auto found = segment(*this, part);
    if (!found || found->source != (segments.empty() ? found->source : segments.front().source))
      return nullptr;
    segments.push_back(*found);
  }
  onnx::NodeOp sort = sortOf(*this, segments);
  if (!sort)
    return nullptr;
  E key = layout(pool.load(sort.getResult(0), {indices[0]}));
  E k = pool.digit(extent(segments.front().source, 1));
  E bank = bankElement(*this, segments, node, key, k, indices[1]);
  if (!bank)
    return nullptr;
  return pool.reduce("Sum", pool.apply("Mul", {pool.load(segments.front().source, {indices[0], k}), bank}), k);
}

} // namespace moe::raise
