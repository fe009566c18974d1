//===- Attention.cpp - finding softmax attention ----------------------------------------------------------------===//
//
//     result[b,h,s,:] = sum_l softmax_l(scale * q[b,h,s] . k[b,h',l] + mask) * v[b,h',l,:]
//
// Queries, keys and values are found through whatever reshapes, transposes and repetitions of heads stand before the products.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Attention.h"
#include "../NodeMaker.h"
#include "../Replace.h"
#include "Mask.h"
#include "moe/Dialect/Moe.h"
#include <cmath>

using namespace mlir;

namespace moe::raise {
namespace {

/// A tensor found as an operand: its value and which of its axes are batch, head, row and element; -1 for one that it lacks.
struct Operand4D {
  Value tensor;
  int batch = -1, head = -1, row = -1, element = -1;
  int64_t group = 1; ///< query heads that share one of its heads; 0 where all do
};

class AttentionMatcher {
public:
  AttentionMatcher(View &view, onnx::NodeOp root) : view(view), pool(view.pool), root(root), make(OpBuilder(root), root.getLoc(), view.shapes) {}

  bool run() {
    if (!root.is("MatMul"))
      return false;
    auto type = dyn_cast<RankedTensorType>(root.getResult(0).getType());
    if (!type || type.getRank() < 3 || type.getRank() > 4 || !isa<FloatType>(type.getElementType()))
      return false;
    std::vector<E> digits;
    E product = view.step(view.at(root.getResult(0), digits), Follow::All);
    if (!product || !product->isReduce("Sum"))
      return false;
    // A missing head axis counts as one head, whose index is 0.
    batch = digits[0];
    head = digits.size() == 4 ? digits[1] : pool.constant(0);
    query = digits[digits.size() - 2];
    column = digits.back();
    key = product->arg(1);
    E body = view.head(product->arg(0));
    if (!body->isApply("Mul") || !probabilities(body->arg(0)))
      return false;
    auto values = operand(body->arg(1), key, column);
    return values && (v = *values, true) && scores() && build();
  }

private:
  //===- probabilities ------------------------------------------------------------------------------------------===//

  /// softmax over the keys, with a guard for rows without keys and a column for sinks cut off again.
  bool probabilities(E expr) {
    expr = view.head(expr, Follow::Layout);
    while (true) {
      auto node = expr->is(Kind::Load) ? expr->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
      if (!node)
        return false;
      if (node.is("Softmax")) {
        int64_t rank = expr->args.size(), axis = node.intAttribute("axis", node.getVersion() < 13 ? 1 : -1);
        if ((axis != -1 && axis != rank - 1) || expr->args.back() != key)
          return false;
        input = pool.load(node.getOperand(0), expr->args);
        return true;
      }
      // Where(IsNaN(p), 0, p)
      E opened = view.step(expr, Follow::All);
      if (!opened || !opened->isApply("Where") || !view.head(opened->arg(1))->isConst(0))
        return false;
      E test = view.head(opened->arg(0)), kept = view.head(opened->arg(2), Follow::Layout);
      if (!test->isApply("IsNaN") || view.head(test->arg(0), Follow::Layout) != kept)
        return false;
      guarded = true;
      expr = kept;
    }
  }

  //===- operands -----------------------------------------------------------------------------------------------===//

  /// Matches a load over batch, head, `row` and `element`, each index on an axis of its own.
  std::optional<Operand4D> operand(E expr, E row, E element) {
    E load = view.layout(expr);
    if (!load->is(Kind::Load))
      return std::nullopt;
    Operand4D result;
    result.tensor = load->value;
    for (auto [axis, index] : llvm::enumerate(load->args)) {
      if (index == batch && result.batch < 0) {
        result.batch = axis;
      } else if (index == row && result.row < 0) {
        result.row = axis;
      } else if (index == element && result.element < 0) {
        result.element = axis;
      } else if (index == head && head->is(Kind::Digit) && result.head < 0) {
        result.head = axis;
      } else if (index->is(Kind::Quot) && index->arg(0) == head && index->extents[0].constant() && result.head < 0) {
        result.head = axis;
        result.group = *index->extents[0].constant();
      } else if (!index->isConst(0) || !view.extent(load->value, axis).is(1)) {
        return std::nullopt;
      }
    }
    if (result.row < 0 || result.element < 0)
      return std::nullopt;
    if (result.head < 0)
      result.group = 0;
    return result;
  }

  /// The operand as [B, heads, rows, elements].
  Value arrange(const Operand4D &found) {
    int64_t rank = cast<RankedTensorType>(found.tensor.getType()).getRank();
    SmallVector<int64_t> perm, missing;
    int order[] = {found.batch, found.head, found.row, found.element};
    for (auto [place, axis] : llvm::enumerate(order))
      if (axis >= 0)
        perm.push_back(axis);
      else
        missing.push_back(place);
    // Axes of length 1 that mean nothing go to the front and are dropped, or stand in for a missing one.
    SmallVector<int64_t> unused;
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

  //===- scores -------------------------------------------------------------------------------------------------===//

  /// Takes factors that are numbers off an expression.
  E stripScale(E expr, double &scale) {
    while (true) {
      expr = view.head(expr, Follow::Layout);
      auto node = expr->is(Kind::Load) ? expr->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
      E opened = expr;
      if (node && (node.is("Mul") || node.is("Div")))
        opened = view.step(expr, Follow::All);
      if (!opened || (!opened->isApply("Mul") && !opened->isApply("Div")))
        return expr;
      E right = view.head(opened->arg(1)), left = opened->isApply("Mul") ? view.head(opened->arg(0)) : nullptr;
      if (right->is(Kind::Const)) {
        scale *= opened->isApply("Mul") ? right->number : 1 / right->number;
        expr = opened->arg(0);
      } else if (left && left->is(Kind::Const)) {
        scale *= left->number;
        expr = opened->arg(1);
      } else {
        return expr;
      }
    }
  }

  /// Takes the softmax's input apart: sinks, masks, softcap, scale, the product of queries and keys.
  bool scores() {
    E expr = view.head(input, Follow::Layout);
    expr = dropShift(expr);
    if (!sinkColumn(expr))
      return false;
    return addends(expr);
  }

  /// x - max(x): a softmax does not change when its row is shifted.
  E dropShift(E expr) {
    auto node = expr->is(Kind::Load) ? expr->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
    if (node && node.is("Sub")) {
      E opened = view.step(expr, Follow::All);
      if (opened && opened->isApply("Sub") && !ExprPool::mentions(view.layout(opened->arg(1)), key))
        return view.head(opened->arg(0), Follow::Layout);
    }
    return expr;
  }

  /// concat(scores, sinks) along the keys: the last column is the sink's.
  bool sinkColumn(E &expr) {
    auto node = expr->is(Kind::Load) ? expr->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
    if (!node || !node.is("Concat"))
      return true;
    int64_t rank = expr->args.size(), axis = node.intAttribute("axis", 0);
    axis = axis < 0 ? axis + rank : axis;
    if (axis != rank - 1 || node.getNumOperands() != 2 || !view.extent(node.getOperand(1), axis).is(1) ||
        !(view.extent(node.getOperand(0), axis) == key->extents[0]))
      return false;
    std::vector<E> at = expr->args;
    at.back() = pool.constant(0);
    E sink = view.layout(pool.load(node.getOperand(1), at));
    if (!sink->is(Kind::Load))
      return false;
    for (auto [place, index] : llvm::enumerate(sink->args))
      if (index != head && (!index->isConst(0) || !view.extent(sink->value, place).is(1)))
        return false;
    sinks = sink->value;
    expr = view.head(pool.load(node.getOperand(0), expr->args), Follow::Layout);
    return true;
  }

  bool addends(E expr) {
    expr = view.head(expr, Follow::Layout);
    auto node = expr->is(Kind::Load) ? expr->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
    E opened = node && (node.is("Add") || node.is("Where")) ? view.step(expr, Follow::All) : expr;
    if (opened && opened->isApply("Add")) {
      for (int side : {0, 1}) {
        E other = opened->arg(1 - side);
        if (reachesProduct(other))
          continue;
        masks.push_back(other);
        return addends(opened->arg(side));
      }
      return false;
    }
    if (opened && opened->isApply("Where")) {
      // Where(allowed, scores, -inf), or the other way round.
      for (int side : {1, 2})
        if (E fill = view.head(opened->arg(3 - side)); fill->is(Kind::Const) && fill->number <= -65504) {
          conditions.push_back(side == 1 ? opened->arg(0) : pool.apply("Not", {opened->arg(0)}));
          return addends(opened->arg(side));
        }
      return false;
    }
    return product(expr);
  }

  /// True where an addend is the product itself rather than a mask: a sum over the heads' elements is in it.
  bool reachesProduct(E expr) {
    double scale = 1;
    expr = stripScale(expr, scale);
    auto node = expr->is(Kind::Load) ? expr->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
    if (node && (node.is("Add") || node.is("Where") || node.is("Tanh"))) {
      E opened = view.step(expr, Follow::All);
      return opened && llvm::any_of(opened->args, [&](E arg) { return reachesProduct(arg); });
    }
    return node && (node.is("MatMul") || node.is("Einsum"));
  }

  bool product(E expr) {
    double outer = 1;
    expr = stripScale(expr, outer);
    // softcap * tanh(x / softcap)
    if (auto node = expr->is(Kind::Load) ? expr->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp(); node && node.is("Tanh")) {
      softcap = outer;
      outer = 1;
      expr = stripScale(view.step(expr, Follow::All)->arg(0), outer);
      outer *= softcap;
    }
    E sum = view.head(expr);
    if (!sum->isReduce("Sum") || !sum->arg(1)->is(Kind::Digit))
      return false;
    E inner = sum->arg(1), body = view.head(sum->arg(0));
    if (!body->isApply("Mul"))
      return false;
    double inside = 1;
    E left = stripScale(body->arg(0), inside), right = stripScale(body->arg(1), inside);
    for (bool swap : {false, true}) {
      auto queries = operand(swap ? right : left, query, inner), keys = operand(swap ? left : right, key, inner);
      if (!queries || !keys)
        continue;
      q = *queries;
      k = *keys;
      scale = outer * inside;
      return q.group <= 1 && q.head >= (head->is(Kind::Digit) ? 0 : -1);
    }
    return false;
  }

  //===- the op -------------------------------------------------------------------------------------------------===//

  /// The number of keys before the first query.
  SymExpr past() { return key->extents[0] - (query->is(Kind::Digit) ? query->extents[0] : SymExpr(1)); }

  /// Masks as op attributes where they are computed from positions; what is left over becomes an operand.
  bool maskOperand(Value &mask, bool &causal, int64_t &window) {
    SmallVector<Value> additive;
    std::vector<E> left = conditions;
    for (E term : masks) {
      if (E condition = additiveCondition(view, term)) {
        left.push_back(condition);
        continue;
      }
      Value value = broadcastValue(term);
      if (!value)
        return false;
      additive.push_back(value);
    }
    Value allowed;
    for (E condition : left) {
      MaskPart part = takeApart(view, condition, query, key, past());
      causal |= part.causal;
      window = part.window ? (window ? std::min(window, part.window) : part.window) : window;
      for (E rest : part.rest) {
        Value value = broadcastValue(rest);
        if (!value)
          return false;
        auto element = cast<RankedTensorType>(value.getType()).getElementType();
        if (!element.isInteger(1))
          value = make.node("Cast", value, make.attr("to", 9));
        allowed = allowed ? make.node("And", {allowed, value}) : value;
      }
    }
    for (Value term : additive)
      mask = mask ? make.node("Add", {mask, term}) : term;
    if (allowed && mask) {
      Type element = cast<RankedTensorType>(mask.getType()).getElementType();
      mask = make.node("Add", {mask, make.node("Where", {allowed, make.number(0, element), make.number(-INFINITY, element)})});
    } else if (allowed) {
      mask = allowed;
    }
    return true;
  }

  /// A tensor over (b, h, s, l) that an expression is the element of, with axes of length 1 where it does not depend on them.
  Value broadcastValue(E expr) {
    expr = view.head(expr, Follow::Layout);
    bool negated = false;
    if (expr->isApply("Not")) {
      negated = true;
      expr = view.head(expr->arg(0), Follow::Layout);
    }
    E load = view.layout(expr);
    if (!load->is(Kind::Load))
      return {};
    // The axes must come in the order b, h, s, l.
    E order[] = {batch, head, query, key};
    SmallVector<int64_t> present, unused;
    int next = 0;
    for (auto [axis, index] : llvm::enumerate(load->args)) {
      if (index->is(Kind::Const)) {
        if (!index->isConst(0) || !view.extent(load->value, axis).is(1))
          return {};
        unused.push_back(axis);
        continue;
      }
      while (next < 4 && order[next] != index)
        ++next;
      if (next == 4)
        return {};
      present.push_back(next++);
    }
    Value value = load->value;
    if (!unused.empty())
      value = make.node("Squeeze", {value, make.ints(unused)});
    SmallVector<int64_t> missing;
    for (int64_t place = 0; place < 4; ++place)
      if (!llvm::is_contained(present, place))
        missing.push_back(place);
    if (!missing.empty())
      value = make.node("Unsqueeze", {value, make.ints(missing)});
    if (!negated)
      return value;
    if (!cast<RankedTensorType>(value.getType()).getElementType().isInteger(1))
      value = make.node("Cast", value, make.attr("to", 9));
    return make.node("Not", value);
  }

  bool build() {
    int64_t heads = head->is(Kind::Digit) ? head->extents[0].constant().value_or(-1) : 1;
    auto headsOf = [&](const Operand4D &found) {
      return found.head < 0 ? std::optional<int64_t>(1) : view.extent(found.tensor, found.head).constant();
    };
    auto keyHeads = headsOf(k), valueHeads = headsOf(v);
    if (heads < 1 || !keyHeads || keyHeads != valueHeads || heads % *keyHeads != 0)
      return false;
    int64_t group = heads / *keyHeads;
    if ((k.group && k.group != group) || (v.group && v.group != group) || (!k.group && *keyHeads != 1) || (!v.group && *valueHeads != 1))
      return false;
    // Every operand has the batch axis, or there is no batch to speak of.
    if (q.batch < 0 || k.batch < 0 || v.batch < 0)
      return false;
    Value mask;
    bool causal = false;
    int64_t window = 0;
    if (!maskOperand(mask, causal, window))
      return false;
    Value queries = arrange(q), keys = arrange(k), values = arrange(v);
    if (sinks)
      sinks = make.reshape(sinks, {heads});
    auto qType = cast<RankedTensorType>(queries.getType()), vType = cast<RankedTensorType>(values.getType());
    SmallVector<int64_t> shape(qType.getShape());
    shape.back() = vType.getShape().back();
    auto op = make.known(AttentionOp::create(make.b, make.loc, RankedTensorType::get(shape, qType.getElementType()), queries, keys, values, mask, sinks,
                                             Value(), Value(), APFloat(scale), causal, window, APFloat(softcap)));
    Value result = op.getResult();
    if (cast<RankedTensorType>(root.getResult(0).getType()).getRank() == 3)
      result = make.node("Squeeze", {result, make.ints(1)});
    replaceRaised(root.getResult(0), result);
    return true;
  }

  View &view;
  ExprPool &pool;
  onnx::NodeOp root;
  NodeMaker make;
  E batch = nullptr, head = nullptr, query = nullptr, column = nullptr, key = nullptr;
  E input = nullptr; ///< the softmax's input at (b, h, s, l)
  bool guarded = false;
  Operand4D q, k, v;
  Value sinks;
  std::vector<E> masks, conditions; ///< added terms; conditions under which a score counts
  double scale = 1, softcap = 0;
};

} // namespace

bool raiseAttention(View &view, onnx::NodeOp node) { return AttentionMatcher(view, node).run(); }

} // namespace moe::raise
