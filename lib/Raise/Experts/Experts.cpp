//===- Experts.cpp - experts whose results are summed over an axis ----------------------------------------------===//
//
//     result[t, h] = sum_j  w[t, j] * ffn(ids[t, j], x[t])[h]          gathered and sorted forms: j runs over the token's experts
//     result[t, h] = sum_e  r[t, e] * ffn(e, x[t])[h]                  dense forms: e runs over all experts, r is 0 for most
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Experts.h"
#include "../Replace.h"
#include "Layer.h"
#include "Membership.h"

using namespace mlir;

namespace moe::raise {
namespace {

/// The tensors of a sparse choice: r = scatter(c, ids, w) along the experts, which is c but at the ids.
struct Scattered {
  E ids = nullptr, weights = nullptr; ///< at (rows, slot)
  std::vector<std::string> functions; ///< applied to the weights, first one first
  E slot = nullptr;
  SymExpr slots;
};

/// r[t, e] as a scatter of the chosen experts' weights into values that come to 0. `function` is what is applied to the scattered values.
std::optional<Scattered> matchScatter(View &view, E routing, E expert) {
  // Follow elementwise functions of one operand down to the scatter; f(rest) must be 0.
  std::vector<std::string> functions;
  E expr = routing;
  while (true) {
    expr = view.head(expr, Follow::Layout);
    if (!expr->is(Kind::Load))
      return std::nullopt;
    auto node = expr->value.getDefiningOp<onnx::NodeOp>();
    if (!node)
      return std::nullopt;
    if (node.is("ScatterElements"))
      break;
    E next = view.step(expr, Follow::All);
    if (!next || !next->is(Kind::Apply) || next->args.size() != 1)
      return std::nullopt;
    functions.push_back(next->op);
    expr = next->arg(0);
  }
  auto scatter = expr->value.getDefiningOp<onnx::NodeOp>();
  int64_t rank = expr->args.size(), axis = scatter.intAttribute("axis", 0);
  axis = axis < 0 ? axis + rank : axis;
  if (scatter.stringAttribute("reduction", "none") != "none" || expr->args[axis] != expert)
    return std::nullopt;
  E rest = view.open(view.pool.load(scatter.getOperand(0), expr->args));
  for (const std::string &function : llvm::reverse(functions))
    rest = view.pool.apply(function, {rest});
  if (!rest->isConst(0))
    return std::nullopt;
  Scattered result;
  result.slots = view.extent(scatter.getOperand(1), axis);
  result.slot = view.pool.digit(result.slots);
  std::vector<E> at = expr->args;
  at[axis] = result.slot;
  result.ids = view.layout(view.pool.load(scatter.getOperand(1), at));
  result.weights = view.layout(view.pool.load(scatter.getOperand(2), at));
  result.functions.assign(functions.rbegin(), functions.rend());
  return result;
}

class SummedExperts {
public:
  SummedExperts(View &view, onnx::NodeOp root) : view(view), root(root), make(OpBuilder(root), root.getLoc(), view.shapes) {}

  bool run() {
    auto type = dyn_cast<RankedTensorType>(root.getResult(0).getType());
    if (!type || type.getRank() < 2 || type.getRank() > 3 || !isa<FloatType>(type.getElementType()))
      return false;
    std::vector<E> digits;
    E load = view.at(root.getResult(0), digits);
    for (unsigned axis = 0; axis + 1 < digits.size(); ++axis) {
      rows.digits.push_back(digits[axis]);
      rows.extents.push_back(view.extent(root.getResult(0), axis));
    }
    hidden = digits.back();
    E sum = view.step(load, Follow::All);
    if (!sum || !sum->isReduce("Sum") || !sum->arg(1)->is(Kind::Digit))
      return single(sum);
    E slot = sum->arg(1);
    std::vector<E> weights;
    E result = splitFactors(view, sum->arg(0), hidden, weights);
    return sparse(result, weights, slot) || dense(result, weights, slot);
  }

private:
  /// One expert per token: there is nothing to sum, the axis of slots has length 1.
  bool single(E expr) {
    if (!expr || !expr->is(Kind::Load))
      return false;
    std::vector<E> weights;
    E result = splitFactors(view, expr, hidden, weights);
    return sparse(result, weights, view.pool.constant(0));
  }

  /// j runs over the token's experts: the weights are picked by ids[t, j].
  bool sparse(E result, ArrayRef<E> weights, E slot) {
    E key = findKey(result);
    if (!key || !key->is(Kind::Load))
      return false;
    auto ffn = matchFfn(view, result, hidden, key);
    if (!ffn)
      return false;
    SymExpr slots = slot->is(Kind::Digit) ? slot->extents[0] : SymExpr(1);
    std::vector<E> factors(weights);
    auto scaled = inputFactors(*ffn, factors);
    return scaled && build(*ffn, asMatrix(view, make, rows, key, slot, slots), weightMatrix(view, make, rows, factors, slot, slots), *scaled);
  }

  /// e runs over all experts; r says which of them count.
  bool dense(E result, ArrayRef<E> weights, E expert) {
    if (!expert->is(Kind::Digit))
      return false;
    auto ffn = matchFfn(view, result, hidden, expert);
    if (!ffn)
      return false;
    std::vector<E> factors(weights);
    auto scaled = inputFactors(*ffn, factors);
    if (!scaled || factors.empty() || (*scaled && !vanishesAtZero(*ffn)))
      return false;
    if (auto scattered = factors.size() == 1 ? matchScatter(view, factors[0], expert) : std::nullopt) {
      Value ids = asMatrix(view, make, rows, scattered->ids, scattered->slot, scattered->slots);
      Value weight = asMatrix(view, make, rows, scattered->weights, scattered->slot, scattered->slots);
      for (const std::string &function : scattered->functions)
        weight = weight && function != "Cast" ? make.node(function, weight) : Value();
      return build(*ffn, ids, weight, *scaled);
    }
    auto member = matchMembership(view, factors, expert);
    if (!member)
      return false;
    SymExpr slots = member->slot->is(Kind::Digit) ? member->slot->extents[0] : SymExpr(1);
    return build(*ffn, asMatrix(view, make, rows, member->ids, member->slot, slots),
                 weightMatrix(view, make, rows, member->weight, member->slot, slots), *scaled);
  }

  /// The index that picks the expert: the one in a weight's load that depends on a tensor.
  E findKey(E result) {
    // The last product's matrix is reached through additions and the product's factors.
    E expr = view.head(result);
    if (expr->isApply("Add")) {
      E left = findKey(expr->arg(0));
      return left ? left : findKey(expr->arg(1));
    }
    if (!expr->isReduce("Sum"))
      return nullptr;
    E body = view.head(expr->arg(0));
    for (E factor : body->isApply("Mul") ? body->args : std::vector<E>()) {
      E load = view.layout(factor);
      if (!load->is(Kind::Load) || !isa_and_nonnull<GetParamOp, onnx::ConstantOp, onnx::NodeOp>(load->value.getDefiningOp()))
        continue;
      for (E index : load->args)
        if (index->is(Kind::Load) && ExprPool::mentions(load, hidden))
          return index;
    }
    return nullptr;
  }

  bool build(const FfnPart &ffn, Value ids, Value weights, bool scaleInput) {
    Value result = ids && weights ? buildLayer(view, make, rows, ffn, bankTensors(make, ffn), ids, weights, scaleInput) : Value();
    if (result)
      replaceRaised(root.getResult(0), result);
    return bool(result);
  }

  View &view;
  onnx::NodeOp root;
  NodeMaker make;
  Rows rows;
  E hidden = nullptr; ///< the digit of the result's last axis
};

} // namespace

bool raiseSummedExperts(View &view, onnx::NodeOp node) {
  if (!node.is("ReduceSum"))
    return false;
  return SummedExperts(view, node).run();
}

} // namespace moe::raise
