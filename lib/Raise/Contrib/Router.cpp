//===- Router.cpp - ONNX Runtime's routers ----------------------------------------------------------------------===//
#include "Expansion.h"

using namespace mlir;

namespace moe::raise {
namespace {

constexpr double kSmallest = 1e-20; ///< scores are not smaller where their logarithm is taken

/// x * W^T in float32.
Value project(Expansion &e, Value x, Value weight) {
  auto type = RankedTensorType::get({e.length(x, 0), e.length(weight, 0)}, e.make.b.getF32Type());
  return e.make.known(LinearOp::create(e.make.b, e.make.loc, type, x, weight, Value()));
}

/// The ids of the top_k experts of the best groups, by sigmoid plus bias.
FailureOr<Value> select(Expansion &e, Value logits, Value bias) {
  int64_t experts = e.length(logits, 1), k = e.node.intAttribute("top_k", 1), groups = e.node.intAttribute("n_group", 1);
  int64_t kept = e.node.intAttribute("topk_group", 1), summed = e.node.intAttribute("group_topk", 2);
  if (groups < 1 || experts % groups != 0 || kept < 1 || kept > groups)
    return e.fail("n_group " + Twine(groups) + " and topk_group " + Twine(kept) + " do not fit " + Twine(experts) + " experts");
  int64_t size = experts / groups;
  if (k < 1 || k > kept * size)
    return e.fail("top_k is " + Twine(k) + " for " + Twine(kept * size) + " experts in the groups that are kept");
  summed = std::min(summed, size);
  if (groups > 1 && summed != 1 && summed != 2)
    return e.fail("group_topk is " + Twine(summed) + "; the score of a group is the best or the sum of the two best");
  OpBuilder &b = e.make.b;
  SmallVector<int64_t> shape = {e.length(logits, 0), k};
  auto route = e.make.known(RouteOp::create(b, e.make.loc, RankedTensorType::get(shape, b.getI32Type()), RankedTensorType::get(shape, b.getF32Type()),
                                            logits, bias, Value(), Value(), Value(), k, Score::sigmoid, Select::topk, Renorm::none, groups, kept,
                                            summed == 1 ? GroupScore::max : GroupScore::top2_sum, APFloat(1.0), APFloat(0.0), APFloat(0.0), 0, APFloat(0.0)));
  return e.cast(route.getIds(), b.getI64Type());
}

/// Log-scores of the selected experts, a sentinel elsewhere; or the scores of all experts, with and without the bias.
LogicalResult groupRouter(Expansion &e) {
  Value x = e.in(0), bias = e.in(1), weight = e.in(2);
  if (failed(e.needRank(1, 1)) || e.rankOf(x) < 1)
    return e.fail("logits needs a rank of at least 1");
  int64_t experts = e.length(bias, 0);
  if (failed(e.needLength(experts, "the number of experts")) || failed(e.needLength(e.length(x, -1), "the last axis of logits")) ||
      failed(e.needShape(2, {experts, e.length(x, -1)})))
    return failure();
  if (!weight && e.length(x, -1) != experts)
    return e.fail("logits has " + Twine(e.length(x, -1)) + " columns for " + Twine(experts) + " experts");
  bool full = e.wants(1) || e.wants(2);
  if (full && (e.wants(0) || e.node.intAttribute("n_group", 1) != 1))
    return e.fail("selection_scores and router_weights exclude router_probs and groups");
  if (weight && !full)
    return e.fail("projection_weight needs the outputs selection_scores and router_weights");
  Value rows = e.asRows(x), logits = e.widened(weight ? project(e, rows, weight) : rows);
  Value scores = e.sigmoid(logits);
  if (full)
    return e.done({Value(), e.add(scores, bias), scores});
  FailureOr<Value> ids = select(e, logits, bias);
  if (failed(ids))
    return failure();
  Value picked = e.op("GatherElements", {scores, *ids}, e.attr("axis", 1));
  Value logs = e.op("Log", e.op("Max", {picked, e.make.number(kSmallest, e.elementOf(picked))}));
  Value table = e.filled(e.lengths(logits, 0, 2), e.node.floatAttribute("router_sentinel", -1e4), e.elementOf(logits));
  Value result = e.op("ScatterElements", {table, *ids, logs}, e.attr("axis", 1));
  return e.done(e.cast(result, e.elementOf(x)));
}

/// One product for the router's logits and the gate and up parts of a shared expert, whose unit is applied.
LogicalResult routerGateUp(Expansion &e) {
  Value x = e.in(0), weight = e.in(1);
  int64_t router = e.node.intAttribute("router_size", 0), columns = e.length(weight, -1);
  if (failed(e.needRank(1, 2)) || failed(e.needLength(columns, "the second axis of W")))
    return failure();
  if (e.node.stringAttribute("activation", "swiglu") != "swiglu")
    return e.fail("activation '" + e.node.stringAttribute("activation", "") + "' is not swiglu");
  if (router < 1 || router > columns || (columns - router) % 2 != 0)
    return e.fail("router_size " + Twine(router) + " does not leave two halves of the " + Twine(columns) + " columns of W");
  int64_t middle = router + (columns - router) / 2;
  Value product = e.op("MatMul", {x, weight});
  Value gate = e.widened(e.slice(product, -1, router, middle)), up = e.widened(e.slice(product, -1, middle, columns));
  if (double limit = e.node.floatAttribute("limit", 0); limit > 0) {
    Value high = e.make.number(limit, e.elementOf(gate));
    gate = e.op("Min", {gate, high});
    up = e.op("Clip", {up, e.make.number(-limit, e.elementOf(up)), high});
  }
  Value unit = e.mul(e.swish(gate, e.node.floatAttribute("activation_alpha", 1)), e.shifted(up, e.node.floatAttribute("activation_beta", 0)));
  return e.done({e.slice(product, -1, 0, router), e.cast(unit, e.elementOf(x))});
}

} // namespace

void addRouters(ExpandTable &table) {
  addMicrosoft(table, "MoEGroupRouter", groupRouter);
  addMicrosoft(table, "RouterGateUpProj", routerGateUp);
}

} // namespace moe::raise
