//===- Routes.cpp - finding routers -----------------------------------------------------------------------------===//
#include "Routes.h"
#include "../Experts/Membership.h"
#include "../Matrix.h"
#include <cmath>

using namespace mlir;

namespace moe::raise {
namespace {

/// A score whose power is 0 beside that of any weight.
constexpr double kSentinel = -1000;
/// A weight that is none.
constexpr double kFloor = 1e-20;

/// A score of an expert: a function of the logits at some place.
struct ScorePart {
  Score score = Score::identity;
  E logits = nullptr; ///< the element that the score is of
};

class RouteMatcher {
public:
  RouteMatcher(View &view, ExpertsOp experts) : view(view), pool(view.pool), experts(experts), make(OpBuilder(experts), experts.getLoc(), view.shapes) {}

  bool run() {
    Value ids = experts.getIds(), weights = experts.getWeights();
    if (match())
      return true;
    experts.getIdsMutable().assign(ids);
    experts.getWeightsMutable().assign(weights);
    return false;
  }

private:
  bool match() {
    auto type = cast<RankedTensorType>(experts.getIds().getType());
    if (type.isDynamicDim(1))
      return false;
    if (auto route = experts.getIds().getDefiningOp<RouteOp>(); route && !takeLogScores(route))
      return false;
    E token = pool.digit(view.extent(experts.getX(), 0));
    slot = pool.digit(SymExpr(type.getDimSize(1)));
    rows.digits = {token};
    rows.extents = {view.extent(experts.getX(), 0)};
    chosen = view.layout(pool.load(experts.getIds(), {token, slot}));
    if (!withinCapacity() || !choiceOfIds())
      return false;
    // What is added to the logits is part of them; only where the weights do not know of it, it is a bias for the selection alone.
    for (bool biased : {false, true}) {
      reset();
      if (selection(biased) && weights(pool.load(experts.getWeights(), {token, slot})))
        return build();
    }
    return false;
  }

  /// Where(count <= capacity, ids, -1), where count is how many tokens of the sequence up to this one chose the expert: takes the ids.
  bool withinCapacity() {
    auto node = chosen->is(Kind::Load) ? chosen->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
    if (!node || !node.is("Where"))
      return chosen->is(Kind::Load);
    E where = view.step(chosen, Follow::All);
    E fits = where ? view.head(where->arg(0)) : nullptr;
    if (!fits || !fits->isApply("LessOrEqual") || !view.head(where->arg(2))->isConst(-1) || !view.head(fits->arg(1))->is(Kind::Const))
      return false;
    chosen = view.layout(where->arg(1));
    E count = view.layout(fits->arg(0));
    capacity = view.head(fits->arg(1))->number;
    if (!chosen->is(Kind::Load) || !count->is(Kind::Load) || count->args.size() < 2 || count->args.back() != chosen || !isRunningCount(view, count, chosen))
      return false;
    // The count runs over the axis before the experts': all tokens, or those of a sequence.
    std::vector<SymExpr> extents;
    for (unsigned axis = 0; axis + 1 < count->args.size(); ++axis)
      extents.push_back(view.extent(count->value, axis));
    if (pool.flat(ArrayRef(count->args).drop_back(), extents) != rows.digits[0])
      return false;
    if (extents.size() > 1) {
      Value length = make.node("Slice", {make.node("Shape", count->value), make.ints(-2), make.ints(-1), make.ints(int64_t(0))});
      sequence = make.node("Squeeze", {length, make.ints(int64_t(0))});
    }
    return true;
  }

  /// The ids are the places of the best scores: of a top-k along the last axis, or of the largest one.
  bool choiceOfIds() {
    choice = chosen->value.getDefiningOp<onnx::NodeOp>();
    if (!choice)
      return false;
    int64_t rank = cast<RankedTensorType>(choice.getOperand(0).getType()).getRank();
    if (choice.is("ArgMax")) {
      int64_t axis = choice.intAttribute("axis", 0);
      if ((axis != -1 && axis != rank - 1) || choice.intAttribute("select_last_index", 0) != 0)
        return false;
      places = chosen->args;
      places.resize(rank);
      return true;
    }
    int64_t axis = choice.intAttribute("axis", -1);
    places = chosen->args;
    return choice.is("TopK") && chosen->value == choice.getResult(1) && choice.intAttribute("largest", 1) != 0 && chosen->args.back() == slot &&
           (axis == -1 || axis == rank - 1);
  }

  /// True for the best scores themselves: the top-k's values, or the largest score.
  bool isBest(E element) {
    if (!element->is(Kind::Load))
      return false;
    if (choice.is("TopK"))
      return element->value == choice.getResult(0);
    E largest = view.head(element);
    return largest->isReduce("Max") && view.layout(pool.substitute(view.layout(largest->arg(0)), {{largest->arg(1), expert}})) == view.layout(candidate(expert));
  }

  void reset() {
    groups = groupsKept = 1;
    bias = {};
    renorm = Renorm::none;
    expertScale = {};
    scale = 1;
    epsilon = floor = 0;
    zeroFilled = false;
  }

  /// A router that MoE cannot express is handed to it as scatter(sentinel, ids, log(w)): the softmax over that, renormalised, is w / sum(w) for
  /// the ids. The experts then read ids and w themselves.
  bool takeLogScores(RouteOp route) {
    int64_t k = route.getK();
    if (route.getScore() != Score::softmax || route.getSelect() != Select::topk || route.getRenorm() != Renorm::sum || route.getBias() ||
        route.getGroups() != 1 || !route.getEpsilon().isZero() || !route.getFloor().isZero() || !route.getScale().isExactlyValue(1.0))
      return false;
    std::vector<E> at;
    E logit = view.head(view.at(route.getLogits(), at), Follow::Layout);
    auto scatter = logit->is(Kind::Load) ? logit->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
    if (!scatter || !scatter.is("ScatterElements") || scatter.stringAttribute("reduction", "none") != "none")
      return false;
    int64_t axis = logit->args.size() - 1, scattered = scatter.intAttribute("axis", 0);
    E sentinel = view.open(pool.load(scatter.getOperand(0), logit->args));
    if ((scattered != -1 && scattered != axis) || logit->args.back() != at[1] || !sentinel->is(Kind::Const) || sentinel->number > kSentinel)
      return false;
    E slot = pool.digit(SymExpr(k));
    std::vector<E> place = logit->args;
    place.back() = slot;
    E ids = view.layout(pool.load(scatter.getOperand(1), place)), log = view.head(pool.load(scatter.getOperand(2), place), Follow::Layout);
    auto choice = ids->is(Kind::Load) ? ids->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
    auto logarithm = log->is(Kind::Load) ? log->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
    if (!view.extent(scatter.getOperand(1), axis).is(k) || !choice || !choice.is("TopK") || ids->value != choice.getResult(1) || !logarithm || !logarithm.is("Log"))
      return false;
    Rows tokens{{at[0]}, {view.extent(route.getLogits(), 0)}};
    Value chosenIds = asMatrix(view, make, tokens, ids, slot, SymExpr(k));
    Value weights = asMatrix(view, make, tokens, view.layout(pool.load(logarithm.getOperand(0), log->args)), slot, SymExpr(k));
    if (!chosenIds || !weights)
      return false;
    Value sum = make.node("ReduceSum", {weights, make.ints(int64_t(1))}, make.attr("keepdims", 1));
    experts.getIdsMutable().assign(chosenIds);
    experts.getWeightsMutable().assign(make.node("Div", {weights, sum}));
    return true;
  }

  /// The element of the scores that are selected from, at an expert's index.
  E candidate(E expert) {
    std::vector<E> at = places;
    at.back() = expert;
    return pool.load(choice.getOperand(0), at);
  }

  /// score(logits) at a place.
  ScorePart score(E element) {
    element = view.head(element, Follow::Layout);
    if (element->is(Kind::Load))
      if (auto node = element->value.getDefiningOp<onnx::NodeOp>(); node && node.is("Softmax")) {
        int64_t axis = node.intAttribute("axis", node.getVersion() < 13 ? 1 : -1);
        if (axis == -1 || axis == int64_t(element->args.size()) - 1)
          return {Score::softmax, view.layout(pool.load(node.getOperand(0), element->args))};
      }
    E opened = view.head(element);
    if (opened->isApply("Sigmoid"))
      return {Score::sigmoid, view.layout(opened->arg(0))};
    if (E spelled = spelledSigmoid(opened))
      return {Score::sigmoid, view.layout(spelled)};
    if (opened->isApply("Sqrt"))
      if (E inner = view.head(opened->arg(0)); inner->isApply("Softplus"))
        return {Score::sqrt_softplus, view.layout(inner->arg(0))};
    return {Score::identity, view.layout(element)};
  }

  /// x of 1 / (1 + exp(-x)); null where it is anything else.
  E spelledSigmoid(E element) {
    bool quotient = element->isApply("Div") && view.head(element->arg(0))->isConst(1);
    if (!quotient && !element->isApply("Reciprocal"))
      return nullptr;
    E sum = view.head(element->args.back());
    for (int side : {0, 1})
      if (sum->isApply("Add") && view.head(sum->arg(1 - side))->isConst(1))
        if (E power = view.head(sum->arg(side)); power->isApply("Exp"))
          if (E negated = view.head(power->arg(0)); negated->isApply("Neg"))
            return negated->arg(0);
    return nullptr;
  }

  /// Takes apart what the selection is made from: score, bias, groups.
  bool selection(bool biased) {
    auto length = view.extent(choice.getOperand(0), places.size() - 1).constant();
    if (!length)
      return false;
    count = *length;
    E expert = pool.digit(SymExpr(count)), element = candidate(expert);
    this->expert = expert;
    element = groupsOf(element);
    if (!element)
      return false;
    E opened = view.head(element);
    if (biased && opened->isApply("Add"))
      for (int side : {0, 1}) {
        E other = view.layout(opened->arg(1 - side));
        if (other->is(Kind::Const)) { // the same for all experts: it moves nothing
          element = opened->arg(side);
          break;
        }
        if (other->is(Kind::Load) && !other->args.empty() && other->args.back() == expert &&
            llvm::all_of(ArrayRef(other->args).drop_back(), [](E index) { return index->isConst(0); }) &&
            llvm::none_of(rows.digits, [&](E digit) { return ExprPool::mentions(other, digit); })) {
          bias = other->value;
          element = opened->arg(side);
          break;
        }
      }
    selected = score(element);
    return selected.logits->is(Kind::Load);
  }

  /// Where(mask, score, -inf) with the mask of the best groups: the score below it; the element itself without groups.
  E groupsOf(E element) {
    E opened = view.head(element);
    if (!opened->isApply("Where"))
      return element;
    E condition = view.head(opened->arg(0)), kept = opened->arg(1), dropped = opened->arg(2);
    if (condition->isApply("Not")) {
      condition = view.head(condition->arg(0));
      std::swap(kept, dropped);
    }
    if (condition->isApply("ToBool"))
      condition = view.head(condition->arg(0), Follow::Layout);
    if (E always = view.head(condition); always->is(Kind::Const)) // one group, always kept
      return always->number != 0 ? kept : dropped;
    E fill = view.open(dropped);
    if (!fill->is(Kind::Const) || !(std::isinf(fill->number) || fill->number == 0))
      return nullptr;
    zeroFilled = fill->number == 0;
    return groupMask(condition, kept) ? kept : nullptr;
  }

  /// The mask is scatter(0, groups, 1) at the expert's group; groups are the best by the maximum or the sum of the two best members.
  bool groupMask(E mask, E kept) {
    mask = view.layout(mask);
    auto scatter = mask->is(Kind::Load) ? mask->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
    if (!scatter || !scatter.is("ScatterElements") || scatter.stringAttribute("reduction", "none") != "none")
      return false;
    E group = mask->args.back();
    if (!group->is(Kind::Quot) || group->arg(0) != expert || !group->extents[0].constant())
      return false;
    int64_t size = *group->extents[0].constant();
    groups = count / size;
    if (groups * size != count || !view.open(pool.load(scatter.getOperand(0), mask->args))->isConst(0))
      return false;
    E place = pool.digit(view.extent(scatter.getOperand(1), mask->args.size() - 1));
    std::vector<E> at = mask->args;
    at.back() = place;
    E best = view.layout(pool.load(scatter.getOperand(1), at));
    if (!view.open(pool.load(scatter.getOperand(2), at))->isConst(1) || !best->is(Kind::Load))
      return false;
    auto pick = best->value.getDefiningOp<onnx::NodeOp>();
    if (!pick || !pick.is("TopK") || best->value != pick.getResult(1) || pick.intAttribute("largest", 1) == 0)
      return false;
    auto kept_ = view.extent(best->value, best->args.size() - 1).constant();
    if (!kept_)
      return false;
    groupsKept = *kept_;
    // The group's score over its members.
    E member = pool.digit(SymExpr(groups));
    std::vector<E> groupAt = best->args;
    groupAt.back() = member;
    E value = view.head(pool.load(pick.getOperand(0), groupAt));
    auto memberScore = [&](E index) { // the kept element at member * size + index
      E number = pool.flat({member, index}, {SymExpr(groups), SymExpr(size)});
      return view.layout(pool.substitute(view.layout(kept), {{expert, number}}));
    };
    if (value->isReduce("Max")) {
      groupScore = GroupScore::max;
      return view.layout(value->arg(0)) == memberScore(value->arg(1));
    }
    if (!value->isReduce("Sum"))
      return false;
    E two = view.head(value->arg(0), Follow::Layout);
    auto top = two->is(Kind::Load) ? two->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
    if (!top || !top.is("TopK") || two->value != top.getResult(0) || !view.extent(two->value, two->args.size() - 1).is(2))
      return false;
    E index = pool.digit(SymExpr(size));
    std::vector<E> within = two->args;
    within.back() = index;
    groupScore = GroupScore::top2_sum;
    return view.layout(pool.load(top.getOperand(0), within)) == memberScore(index);
  }

  //===- weights ------------------------------------------------------------------------------------------------===//

  bool weights(E weight) {
    while (true) {
      weight = view.head(weight, Follow::Layout);
      if (weight->is(Kind::Load)) {
        if (isBest(weight))
          return !bias; // the selected score itself
        auto node = weight->value.getDefiningOp<onnx::NodeOp>();
        if (node && node.is("Softmax") && weight->args.back() == slot && renorm == Renorm::none) {
          int64_t axis = node.intAttribute("axis", node.getVersion() < 13 ? 1 : -1);
          if (axis != -1 && axis != int64_t(weight->args.size()) - 1)
            return false;
          renorm = Renorm::softmax;
          weight = pool.load(node.getOperand(0), weight->args);
          continue;
        }
      }
      E opened = view.head(weight);
      if (E floor = opened->isApply("Max") ? view.head(opened->arg(1)) : nullptr; floor && floor->is(Kind::Const) && floor->number > 0 && floor->number < kFloor) {
        weight = opened->arg(0); // a floor that keeps its logarithm finite
        continue;
      }
      if (opened->isApply("Mul") && (opened->arg(0)->is(Kind::Const) || view.head(opened->arg(1))->is(Kind::Const))) {
        bool left = opened->arg(0)->is(Kind::Const);
        if (renorm == Renorm::softmax || epsilon != 0 || floor != 0)
          return false; // a scale inside the renormalisation is another router, unless it cancels
        if (renorm == Renorm::none)
          scale *= left ? opened->arg(0)->number : view.head(opened->arg(1))->number;
        weight = opened->arg(left ? 1 : 0);
        continue;
      }
      if (E rest = renorm == Renorm::none && !expertScale ? withoutExpertScale(opened) : nullptr) {
        weight = rest;
        continue;
      }
      // Of two renormalisations the outer one counts.
      if (opened->isApply("Div") && renorm != Renorm::softmax && epsilon == 0 && floor == 0 && isSum(opened->arg(1), opened->arg(0))) {
        if (renorm == Renorm::sum)
          epsilon = floor = 0;
        renorm = Renorm::sum;
        weight = opened->arg(0);
        continue;
      }
      return sameScore(weight);
    }
  }

  /// The other factor of a product with a number of each expert, that of the chosen one; null for any other expression.
  E withoutExpertScale(E product) {
    for (int side = 0; product->isApply("Mul") && side < 2; ++side)
      if (E load = view.layout(product->arg(side)); load->is(Kind::Load) && load->args.size() == 1 && load->args[0] == chosen) {
        expertScale = load->value;
        return product->arg(1 - side);
      }
    return nullptr;
  }

  /// sum over the slots of `terms`, plus a small number or not below one.
  bool isSum(E expr, E term) {
    expr = view.head(expr);
    if (expr->isApply("Max") && view.head(expr->arg(1))->is(Kind::Const)) {
      floor = view.head(expr->arg(1))->number;
      expr = view.head(expr->arg(0));
    }
    if (expr->isApply("Add") && view.head(expr->arg(1))->is(Kind::Const)) {
      epsilon = view.head(expr->arg(1))->number;
      expr = view.head(expr->arg(0));
    }
    if (slot->is(Kind::Const)) // one slot: the sum is its term
      return view.layout(expr) == view.layout(view.head(term));
    if (!expr->isReduce("Sum") || !expr->arg(1)->is(Kind::Digit))
      return false;
    return view.layout(pool.substitute(view.layout(expr->arg(0)), {{expr->arg(1), slot}})) == view.layout(term);
  }

  /// The weight is the score of the chosen expert: of the same logits. What is selected may be the logits themselves, since the score
  /// rises with them.
  bool sameScore(E weight) {
    ScorePart part = score(weight);
    E logits = view.layout(pool.substitute(selected.logits, {{expert, chosen}}));
    if (part.logits != logits && !(isBest(part.logits) && !bias && selected.score == Score::identity))
      return false;
    if (part.score != selected.score) {
      if (selected.score != Score::identity || part.score == Score::softmax || bias || groups > 1)
        return false;
      selected.score = part.score;
    }
    return true;
  }

  bool build() {
    E logits = selected.logits;
    Value matrix = asMatrix(view, make, rows, logits, expert, SymExpr(count));
    int64_t k = cast<RankedTensorType>(experts.getIds().getType()).getDimSize(1);
    // A zero fill never wins against scores above 0, as long as enough experts are left.
    if (zeroFilled && (bias || selected.score == Score::identity || groupsKept * (count / groups) < k))
      return false;
    if (!matrix || k > count)
      return false;
    Value offsets = bias;
    if (offsets && cast<RankedTensorType>(offsets.getType()).getRank() != 1)
      offsets = make.reshape(offsets, {count});
    OpBuilder &b = make.b;
    auto type = cast<RankedTensorType>(matrix.getType());
    auto shape = SmallVector<int64_t>{type.getDimSize(0), k};
    auto weightType = cast<RankedTensorType>(experts.getWeights().getType());
    auto route = make.known(RouteOp::create(b, make.loc, RankedTensorType::get(shape, b.getI32Type()),
                                            RankedTensorType::get(shape, weightType.getElementType()), matrix, offsets, Value(), Value(), sequence, k,
                                            selected.score, capacity ? Select::capacity : Select::topk, renorm, groups, groupsKept, groupScore, APFloat(scale), APFloat(epsilon),
                                            APFloat(0.0), capacity, APFloat(floor)));
    experts.getIdsMutable().assign(route.getIds());
    Value weights = route.getWeights();
    if (expertScale)
      weights = make.node("Mul", {weights, make.node("Gather", {expertScale, route.getIds()}, make.attr("axis", int64_t(0)))});
    experts.getWeightsMutable().assign(weights);
    return true;
  }

  View &view;
  ExprPool &pool;
  ExpertsOp experts;
  NodeMaker make;
  Rows rows;
  E chosen = nullptr, slot = nullptr, expert = nullptr; ///< ids[t, j]; j; e
  onnx::NodeOp choice;              ///< the node that gives the ids
  std::vector<E> places;            ///< the indices of the scores that it compares, the last one open
  int64_t capacity = 0;
  Value sequence;
  int64_t count = 0, groups = 1, groupsKept = 1;
  GroupScore groupScore = GroupScore::max;
  Value bias;
  bool zeroFilled = false;
  ScorePart selected;
  Renorm renorm = Renorm::none;
  Value expertScale; ///< numbers of the experts that multiply the renormalised weights, [E]
  double scale = 1, epsilon = 0, floor = 0;
};

} // namespace

bool raiseRoute(View &view, ExpertsOp experts) { return RouteMatcher(view, experts).run(); }

} // namespace moe::raise
