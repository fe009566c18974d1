//===- AddedExperts.cpp - experts whose results are added one after another -------------------------------------===//
//
//     result[t, h] = rest[t, h] + sum_e  r_e[t] * ffn_e(x[t])[h]          every expert on every token, r_e 0 for most of them
//     result[t, h] = rest[t, h] + sum_e  sum_n [tokens_e[n] = t] * w_e[n] * ffn_e(x[tokens_e[n]])[h]
//                                                                         on its own tokens, those where a mask is not 0
//
// The second becomes the first where tokens_e = NonZero(mask_e): the sum over n is one over the places of the mask that hold true.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "../Replace.h"
#include "Experts.h"
#include "Layer.h"
#include "Membership.h"

using namespace mlir;

namespace moe::raise {
namespace {

/// What one expert adds.
struct Contribution {
  FfnPart ffn;
  Membership member;
  bool scaleInput = false;
};

class AddedExperts {
public:
  AddedExperts(View &view, onnx::NodeOp root) : view(view), pool(view.pool), root(root), make(OpBuilder(root), root.getLoc(), view.shapes) {}

  bool run() {
    auto type = dyn_cast<RankedTensorType>(root.getResult(0).getType());
    if (!type || type.getRank() < 2 || type.getRank() > 3 || !isa<FloatType>(type.getElementType()))
      return false;
    std::vector<E> digits;
    view.at(root.getResult(0), digits);
    for (auto [axis, digit] : llvm::enumerate(ArrayRef(digits).drop_back())) {
      rows.digits.push_back(digit);
      rows.extents.push_back(view.extent(root.getResult(0), axis));
    }
    hidden = digits.back();
    return root.is("Loop") ? loop() : chain();
  }

private:
  //===- one node after another ---------------------------------------------------------------------------------===//

  bool chain() {
    Value rest = root.getResult(0);
    while (auto node = rest.getDefiningOp<onnx::NodeOp>()) {
      auto [term, below] = addition(node, nullptr);
      if (!term)
        break;
      if (!accept(*term))
        return false;
      rest = below;
    }
    if (experts.empty())
      return false;
    auto tensors = joinedTensors(make, experts);
    return tensors && build(*tensors, rest);
  }

  /// What a node adds to one of its operands, and that operand. `key` is the expert's digit where one node stands for all experts.
  std::pair<std::optional<Contribution>, Value> addition(onnx::NodeOp node, E key) {
    if (node.is("Add"))
      for (unsigned side : {1, 0}) {
        auto scatter = node.getOperand(side).getDefiningOp<onnx::NodeOp>();
        if (scatter && addsRows(scatter) && isZero(scatter.getOperand(0)))
          if (auto term = onOwnTokens(scatter, key))
            return {term, node.getOperand(1 - side)};
        if (node.getOperand(1 - side).getType() == root.getResult(0).getType() || key)
          if (auto term = onAllTokens(node.getOperand(side), key))
            return {term, node.getOperand(1 - side)};
      }
    if (addsRows(node) && node.stringAttribute("reduction", "none") == "add")
      return {onOwnTokens(node, key), node.getOperand(0)};
    return {std::nullopt, Value()};
  }

  /// True for a scatter of rows; without a reduction it adds to rows of 0, since no token is an expert's own twice.
  bool addsRows(onnx::NodeOp node) {
    StringRef reduction = node.stringAttribute("reduction", "none");
    return ((node.is("ScatterElements") && node.intAttribute("axis", 0) == 0) || node.is("ScatterND")) && (reduction == "add" || reduction == "none") &&
           rows.digits.size() == 1;
  }

  bool isZero(Value tensor) {
    std::vector<E> at(rows.digits);
    at.push_back(hidden);
    auto type = dyn_cast<RankedTensorType>(tensor.getType());
    return type && type.getRank() == int64_t(at.size()) && view.open(pool.load(tensor, at))->isConst(0);
  }

  std::optional<Contribution> onAllTokens(Value term, E key) {
    auto type = dyn_cast<RankedTensorType>(term.getType());
    if (!type || type.getRank() != int64_t(rows.digits.size()) + 1)
      return std::nullopt;
    std::vector<E> at(rows.digits), factors;
    at.push_back(hidden);
    E result = splitFactors(view, pool.load(term, at), hidden, factors);
    return contribution(result, factors, key);
  }

  /// sum[tokens[n], h] += rows[n, h] with tokens[n] = NonZero(mask)[axis, n].
  std::optional<Contribution> onOwnTokens(onnx::NodeOp scatter, E key) {
    E n = pool.digit(view.extent(scatter.getOperand(2), 0));
    E token = view.layout(pool.load(scatter.getOperand(1), {n, scatter.is("ScatterND") ? pool.constant(0) : hidden}));
    auto places = token->is(Kind::Load) ? token->value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
    if (!places || !places.is("NonZero") || token->args.size() != 2 || !token->args[0]->is(Kind::Const) || token->args[1] != n)
      return std::nullopt;
    // The n-th place of the mask is the token's index along one axis, a slot of the token along the others.
    Value mask = places.getOperand(0);
    std::vector<E> at;
    for (int64_t axis = 0; axis < cast<RankedTensorType>(mask.getType()).getRank(); ++axis) {
      at.push_back(token->args[0]->isConst(axis) ? rows.digits[0] : pool.digit(view.extent(mask, axis)));
      view.assume(pool.load(places.getResult(0), {pool.constant(axis), n}), at.back());
    }
    std::vector<E> factors;
    E result = splitFactors(view, pool.load(scatter.getOperand(2), {n, hidden}), hidden, factors);
    E chosen = pool.load(mask, at);
    if (!cast<TensorType>(mask.getType()).getElementType().isInteger(1))
      chosen = pool.apply("ToBool", {chosen});
    factors.push_back(pool.apply("Cast", {chosen}));
    auto term = contribution(result, factors, key);
    if (!term || term->scaleInput)
      return std::nullopt;
    // The slots are the mask's other axis, where it has one.
    E &slot = term->member.slot;
    for (E index : at)
      if (index != rows.digits[0] && index->is(Kind::Digit)) {
        if (!slot->isConst(0) && slot != index)
          return std::nullopt;
        slot = index;
      }
    return term;
  }

  std::optional<Contribution> contribution(E result, std::vector<E> factors, E key) {
    auto ffn = matchFfn(view, result, hidden, key);
    auto scaled = ffn ? inputFactors(*ffn, factors) : std::nullopt;
    if (!scaled || factors.empty() || (*scaled && !vanishesAtZero(*ffn)))
      return std::nullopt;
    auto member = matchMembership(view, factors, key);
    if (!member)
      return std::nullopt;
    return Contribution{*ffn, *member, *scaled};
  }

  /// Takes the contribution of one expert: all have the same routing and input, and each comes once.
  bool accept(Contribution term) {
    Membership &member = term.member;
    E x = layerInput(view, term.ffn);
    if (!x || !term.ffn.up.inner->is(Kind::Digit))
      return false;
    if (experts.empty()) {
      first = term;
      input = x;
      auto length = idsOf(member.ids);
      if (!length)
        return false;
      experts.resize(*length);
    }
    std::map<E, E> same = {{term.ffn.up.inner, first.ffn.up.inner}};
    if (member.slot->is(Kind::Digit))
      same[member.slot] = first.member.slot;
    bool agrees = pool.substitute(x, same) == input && pool.substitute(member.ids, same) == first.member.ids &&
                  pool.substitute(member.weight, same) == first.member.weight && member.capacity == first.member.capacity &&
                  (!member.count || member.count->value == first.member.count->value) && term.scaleInput == first.scaleInput;
    if (!agrees || member.expert >= int64_t(experts.size()) || experts[member.expert])
      return false;
    experts[member.expert] = term.ffn;
    return true;
  }

  /// How many experts the ids choose from: they are places along the axis of a top-k or of a maximum.
  std::optional<int64_t> idsOf(E ids) {
    auto choice = ids->value.getDefiningOp<onnx::NodeOp>();
    if (!choice || !(choice.is("ArgMax") || (choice.is("TopK") && ids->value == choice.getResult(1))))
      return std::nullopt;
    int64_t rank = cast<RankedTensorType>(choice.getOperand(0).getType()).getRank(), axis = choice.intAttribute("axis", choice.is("TopK") ? -1 : 0);
    return view.extent(choice.getOperand(0), axis < 0 ? axis + rank : axis).constant();
  }

  //===- a loop over the experts --------------------------------------------------------------------------------===//

  static Value unchanged(Value value) {
    for (auto node = value.getDefiningOp<onnx::NodeOp>(); node && node.is("Identity"); node = value.getDefiningOp<onnx::NodeOp>())
      value = node.getOperand(0);
    return value;
  }

  bool loop() {
    Region *body = root.subgraph("body");
    auto trips = root.input(0) ? view.shapes.constants(root.input(0)) : std::nullopt;
    if (!body || !trips || trips->size() != 1 || root.getNumResults() != 1 || body->front().getNumArguments() != 3)
      return false;
    Block &block = body->front();
    Operation *yield = block.getTerminator();
    // It ends after its trips alone: the condition is passed on, or stays true.
    Value condition = unchanged(yield->getOperand(0));
    auto stays = view.shapes.constants(condition);
    if ((condition != block.getArgument(1) && !(stays && stays->front() != 0)) || (root.input(1) && view.shapes.constants(root.input(1)) != stays))
      return false;
    E expert = pool.digit(SymExpr(trips->front()));
    view.assume(pool.load(block.getArgument(0), {}), expert);
    auto next = unchanged(yield->getOperand(1)).getDefiningOp<onnx::NodeOp>();
    if (!next || !expert->is(Kind::Digit))
      return false;
    auto [term, below] = addition(next, expert);
    if (!term || below != block.getArgument(2))
      return false;
    first = *term;
    return idsOf(term->member.ids) == trips->front() && build(bankTensors(make, term->ffn), root.input(2));
  }

  //===- the layer ----------------------------------------------------------------------------------------------===//

  bool build(const ExpertTensors &tensors, Value rest) {
    const Membership &member = first.member;
    SymExpr slots = member.slot->is(Kind::Digit) ? member.slot->extents[0] : SymExpr(1);
    Value ids = asMatrix(view, make, rows, member.ids, member.slot, slots);
    if (ids && member.count)
      ids = withinCapacity(ids);
    Value weights = weightMatrix(view, make, rows, member.weight, member.slot, slots);
    Value result = ids && weights ? buildLayer(view, make, rows, first.ffn, tensors, ids, weights, first.scaleInput) : Value();
    if (!result)
      return false;
    bool nothing = rest.getType() == root.getResult(0).getType() && isZero(rest);
    replaceRaised(root.getResult(0), nothing ? result : make.node("Add", {rest, result}));
    return true;
  }

  /// The ids [T, 1] with -1 for the tokens that their expert has no room for; null where the count has other rows.
  Value withinCapacity(Value ids) {
    const Membership &member = first.member;
    E expert = pool.digit(SymExpr(int64_t(experts.size())));
    std::vector<E> at = member.count->args;
    at.back() = expert;
    Value counts = asMatrix(view, make, rows, pool.load(member.count->value, at), expert, expert->extents[0]);
    if (!counts)
      return {};
    Value own = make.node("GatherElements", {counts, ids}, make.attr("axis", 1));
    Type number = cast<RankedTensorType>(counts.getType()).getElementType(), id = cast<RankedTensorType>(ids.getType()).getElementType();
    Value fits = make.node("LessOrEqual", {own, make.number(member.capacity, number)});
    return make.node("Where", {fits, ids, make.number(-1, id)});
  }

  View &view;
  ExprPool &pool;
  onnx::NodeOp root;
  NodeMaker make;
  Rows rows;
  E hidden = nullptr, input = nullptr;
  Contribution first;
  std::vector<std::optional<FfnPart>> experts; ///< by their number
};

} // namespace

bool raiseAddedExperts(View &view, onnx::NodeOp node) {
  if (!node.is("Add") && !node.is("ScatterElements") && !node.is("ScatterND") && !node.is("Loop"))
    return false;
  return AddedExperts(view, node).run();
}

} // namespace moe::raise
