//===- Attention.cpp - finding softmax attention ----------------------------------------------------------------===//
//
//     result[b,h,s,:] = sum_l softmax_l(scale * q[b,h,s] . k[b,h',l] + mask) * v[b,h',l,:]
//
// Queries, keys and values are found through whatever reshapes, transposes and repetitions of heads stand before the products.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Attention.h"
#include "../Replace.h"
#include "Scores.h"
#include "moe/Dialect/Moe.h"

using namespace mlir;

namespace moe::raise {
namespace {

class AttentionMatcher {
public:
  AttentionMatcher(View &view, onnx::NodeOp root) : view(view), pool(view.pool), root(root), make(OpBuilder(root), root.getLoc(), view.shapes) {}

  bool run() {
    auto type = dyn_cast<RankedTensorType>(root.getResult(0).getType());
    if ((!root.is("MatMul") && !root.is("Einsum")) || !type || type.getRank() < 2 || type.getRank() > 5 || !isa<FloatType>(type.getElementType()))
      return false;
    std::vector<E> places;
    if (!leading(places))
      return false;
    unsigned last = type.getRank() - 1, rows[] = {last - 1, last};
    for (unsigned axis : rows)
      places.push_back(pool.digit(view.extent(root.getResult(0), axis)));
    E product = view.step(pool.load(root.getResult(0), places), Follow::All);
    if (!product || !product->isReduce("Sum") || !product->arg(1)->is(Kind::Digit))
      return false;
    at.key = product->arg(1);
    E body = view.head(product->arg(0));
    if (!body->isApply("Mul"))
      return false;
    for (int side : {0, 1})
      for (unsigned row : rows)
        if (match(body->arg(side), body->arg(1 - side), places, row))
          return true;
    return false;
  }

private:
  /// The indices before the last two, as a batch and a head.
  bool leading(std::vector<E> &places) {
    Value result = root.getResult(0);
    int64_t rank = cast<RankedTensorType>(result.getType()).getRank();
    at.batch = rank > 2 ? pool.digit(view.extent(result, 0)) : pool.constant(0);
    at.head = pool.constant(0);
    if (rank == 3) {
      // Batches and heads as one axis are taken apart behind the product, if anywhere.
      for (Operation *user : result.getUsers())
        if (auto reshape = dyn_cast<onnx::NodeOp>(user); reshape && reshape.is("Reshape"))
          if (const auto *dims = view.shapes.dims(reshape.getResult(0)); dims && dims->size() == 4 && (*dims)[1].constant() &&
                                                                         (*dims)[0] * (*dims)[1] == view.extent(result, 0)) {
            at.batch = pool.digit((*dims)[0]);
            at.head = pool.digit((*dims)[1]);
            places = {pool.flat({at.batch, at.head}, {(*dims)[0], (*dims)[1]})};
            return true;
          }
    }
    if (rank >= 3)
      places = {at.batch};
    if (rank == 4) {
      at.head = pool.digit(view.extent(result, 1));
      places.push_back(at.head);
    }
    if (rank == 5) { // groups of heads
      SymExpr groups = view.extent(result, 1), each = view.extent(result, 2);
      if (!groups.constant() || !each.constant())
        return false;
      at.head = pool.digit(groups * each);
      places.push_back(pool.quot(at.head, each));
      places.push_back(pool.rem(at.head, each));
    }
    return true;
  }

  /// softmax(scores) and values as the factors of the product, the query on the axis `row` of the result.
  bool match(E probability, E value, ArrayRef<E> places, unsigned row) {
    at.query = places[row];
    unsigned axis = 0;
    E input = softmaxInput(probability, axis);
    // The value's element is the other axis, which probabilities do not have.
    E element = places[row == places.size() - 1 ? row - 1 : row + 1];
    if (!input || ExprPool::mentions(input, element) == element->is(Kind::Digit))
      return false;
    auto values = findHeads(view, at, value, at.key, element);
    auto scores = values ? readScores(view, at, input, axis) : std::nullopt;
    return scores && build(*scores, *values, row);
  }

  /// The input of a softmax over the keys, whose result may be guarded for rows without keys and have a column for sinks cut off again.
  E softmaxInput(E expr, unsigned &axis) {
    while (auto node = sourceNode(view, expr)) {
      expr = view.head(expr, Follow::Layout);
      if (node.is("Softmax")) {
        int64_t rank = expr->args.size(), along = node.intAttribute("axis", node.getVersion() < 13 ? 1 : -1);
        axis = along < 0 ? along + rank : along;
        bool whole = node.getVersion() >= 13 || int64_t(axis) == rank - 1; // older ones are of all axes from that one on
        return whole && expr->args[axis] == at.key ? pool.load(node.getOperand(0), expr->args) : nullptr;
      }
      // Where(IsNaN(p), 0, p)
      E opened = view.step(expr, Follow::All);
      if (!opened || !opened->isApply("Where") || !view.head(opened->arg(1))->isConst(0))
        return nullptr;
      E test = view.head(opened->arg(0)), kept = view.head(opened->arg(2), Follow::Layout);
      if (!test->isApply("IsNaN") || view.head(test->arg(0), Follow::Layout) != kept)
        return nullptr;
      expr = kept;
    }
    return nullptr;
  }

  bool build(Scores &scores, const HeadTensor &v, unsigned row) {
    const HeadTensor &q = scores.queries, &k = scores.keys;
    int64_t heads = at.head->is(Kind::Digit) ? at.head->extents[0].constant().value_or(-1) : 1;
    auto headsOf = [&](const HeadTensor &found) { return found.head < 0 ? std::optional<int64_t>(1) : view.extent(found.tensor, found.head).constant(); };
    auto keyHeads = headsOf(k), valueHeads = headsOf(v);
    if (heads < 1 || !keyHeads || keyHeads != valueHeads || heads % *keyHeads != 0)
      return false;
    // Every operand has the batch axis, or there is no batch to speak of.
    if (at.batch->is(Kind::Digit) && (q.batch < 0 || k.batch < 0 || v.batch < 0))
      return false;
    auto mask = buildMask(view, make, at, scores.mask, q, k);
    if (!mask)
      return false;
    Value queries = arrangeHeads(make, q), keys = arrangeHeads(make, k), values = arrangeHeads(make, v);
    Value sinks = scores.sinks ? make.reshape(scores.sinks, {heads}) : Value();
    auto qType = cast<RankedTensorType>(queries.getType()), vType = cast<RankedTensorType>(values.getType());
    if (cast<RankedTensorType>(keys.getType()).getElementType() != qType.getElementType() || vType.getElementType() != qType.getElementType())
      return false;
    SmallVector<int64_t> shape(qType.getShape());
    shape.back() = vType.getShape().back();
    auto op = make.known(AttentionOp::create(make.b, make.loc, RankedTensorType::get(shape, qType.getElementType()), queries, keys, values,
                                             mask->tensor, sinks, Value(), Value(), APFloat(scores.scale), mask->causal, mask->window,
                                             APFloat(scores.softcap)));
    replaceRaised(root.getResult(0), asRoot(op.getResult(), row, queries));
    return true;
  }

  /// [B, H, S, Dv] as the root's result has it.
  Value asRoot(Value result, unsigned row, Value queries) {
    auto type = cast<RankedTensorType>(root.getResult(0).getType());
    int64_t rank = type.getRank();
    bool turned = row == rank - 1;
    if (turned)
      result = make.transpose(result, {0, 1, 3, 2});
    if (rank == 4)
      return result;
    if (rank == 2)
      return make.node("Squeeze", {result, make.ints({0, 1})});
    if (rank == 3 && !at.head->is(Kind::Digit))
      return make.node("Squeeze", {result, make.ints(1)});
    // Heads join the batch, or are groups of heads.
    auto length = [&](int64_t axis) { return make.node("Shape", queries, {make.attr("start", axis), make.attr("end", axis + 1)}); };
    SmallVector<Value> shape;
    if (rank == 3)
      shape = {make.ints(int64_t(-1))};
    else
      shape = {length(0), make.ints({type.getDimSize(1), type.getDimSize(2)})};
    SmallVector<Value> inner = {length(2), make.ints(cast<RankedTensorType>(result.getType()).getDimSize(turned ? 2 : 3))};
    if (turned)
      std::swap(inner[0], inner[1]);
    shape.append(inner);
    return make.node("Reshape", {result, make.node("Concat", shape, make.attr("axis", 0))});
  }

  View &view;
  ExprPool &pool;
  onnx::NodeOp root;
  NodeMaker make;
  Logit at;
};

} // namespace

bool raiseAttention(View &view, onnx::NodeOp node) { return AttentionMatcher(view, node).run(); }

} // namespace moe::raise
