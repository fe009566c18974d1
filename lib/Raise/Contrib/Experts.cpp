//===- Experts.cpp - MoE, and what it shares with QMoE ----------------------------------------------------------===//
#include "Experts.h"

using namespace mlir;

namespace moe::raise {

FailureOr<ExpertUnit> expertUnit(Expansion &e, bool hasThird) {
  StringRef name = e.node.stringAttribute("activation_type", "relu");
  int64_t fusion = e.node.intAttribute("swiglu_fusion", 0);
  if (e.node.intAttribute("use_sparse_mixer", 0))
    return e.fail("use_sparse_mixer is not supported; export the router's scores as nodes, and without it");
  if (e.node.intAttribute("swiglu_limit_after_activation", 0))
    return e.fail("swiglu_limit_after_activation is not supported; export with the clamp before the activation");
  if (fusion < 0 || fusion > 2)
    return e.fail("swiglu_fusion is " + Twine(fusion) + "; it needs 0, 1 or 2");
  ExpertUnit unit;
  // ONNX Runtime's kernels take gelu for its tanh form.
  std::optional<Activation> activation = llvm::StringSwitch<std::optional<Activation>>(name)
                                             .Case("relu", Activation::relu)
                                             .Case("relu2", Activation::relu2)
                                             .Cases({"gelu", "geglu"}, Activation::gelu_tanh)
                                             .Cases({"silu", "swiglu"}, Activation::silu)
                                             .Case("identity", Activation::identity)
                                             .Default(std::nullopt);
  if (!activation)
    return e.fail("activation_type '" + name + "' is none of relu, relu2, gelu, geglu, silu, swiglu, identity");
  unit.activation = *activation;
  bool glu = name == "swiglu" || name == "geglu";
  unit.fused = glu && fusion != 0;
  unit.interleaved = fusion == 1;
  unit.gated = unit.fused || hasThird;
  if (glu && !unit.gated)
    return e.fail("activation_type '" + name + "' needs swiglu_fusion 1 or 2, or fc3_experts_weights");
  if (unit.fused && hasThird)
    return e.fail("fc3_experts_weights contradict swiglu_fusion " + Twine(fusion) + ", which puts them into fc1_experts_weights");
  if (name == "swiglu") {
    unit.alpha = e.node.floatAttribute("activation_alpha", 1);
    unit.beta = e.node.floatAttribute("activation_beta", 0);
    if (e.node.attribute("swiglu_limit"))
      unit.limit = e.node.floatAttribute("swiglu_limit", 0);
    if (unit.limit && !std::isfinite(*unit.limit))
      unit.limit.reset();
  }
  return unit;
}

std::pair<Value, Value> splitFused(Expansion &e, const ExpertUnit &unit, Value fused) {
  if (!fused || !unit.fused)
    return {fused, Value()};
  int64_t width = e.length(fused, 1);
  if (unit.interleaved)
    return {e.slice(fused, 1, 0, width, 2), e.slice(fused, 1, 1, width, 2)};
  return {e.slice(fused, 1, 0, width / 2), e.slice(fused, 1, width / 2, width)};
}

/// `table` [T, E] with the number of rows of `rows`; where that is not proved it is checked when the model runs.
static Value asManyRows(Expansion &e, Value table, Value rows) {
  const auto *have = e.make.shapes.dims(table), *want = e.make.shapes.dims(rows);
  if (have && want && have->front() == want->front())
    return table;
  return e.op("Reshape", {table, e.concat({e.lengths(rows, 0, 1), e.make.ints(e.length(table, 1))}, 0)});
}

FailureOr<std::pair<Value, Value>> routeTokens(Expansion &e, Value logits, Value weightsOf) {
  int64_t experts = e.length(logits, 1), k = e.node.intAttribute("k", 1);
  if (k < 1 || k > experts)
    return e.fail("k is " + Twine(k) + " for " + Twine(experts) + " experts");
  bool normalize = e.node.intAttribute("normalize_routing_weights", 0) != 0;
  Value rows = e.asRows(e.in(0));
  logits = asManyRows(e, logits, rows);
  weightsOf = weightsOf ? asManyRows(e, weightsOf, rows) : Value();
  OpBuilder &b = e.make.b;
  SmallVector<int64_t> shape = {e.length(logits, 0), k};
  auto route = e.make.known(RouteOp::create(b, e.make.loc, RankedTensorType::get(shape, b.getI32Type()), RankedTensorType::get(shape, b.getF32Type()),
                                            logits, Value(), Value(), Value(), Value(), k, Score::softmax, Select::topk,
                                            normalize ? Renorm::sum : Renorm::none, 1, 1, GroupScore::max, APFloat(1.0), APFloat(0.0), APFloat(0.0), 0, APFloat(0.0)));
  if (!weightsOf)
    return std::pair<Value, Value>(route.getIds(), route.getWeights());
  Value picked = e.widened(e.op("GatherElements", {weightsOf, e.cast(route.getIds(), b.getI64Type())}, e.attr("axis", 1)));
  if (normalize)
    picked = e.div(picked, e.reduce("ReduceSum", picked, int64_t(1)));
  return std::pair<Value, Value>(route.getIds(), picked);
}

Value runExperts(Expansion &e, const ExpertUnit &unit, Value ids, Value weights, const ExpertBanks &banks) {
  OpBuilder &b = e.make.b;
  Value x = e.asRows(e.in(0));
  auto type = RankedTensorType::get({e.length(x, 0), e.length(banks.down, 1)}, e.elementOf(x));
  auto limit = unit.limit ? b.getF64FloatAttr(*unit.limit) : FloatAttr();
  Value rows = e.make.known(ExpertsOp::create(b, e.make.loc, type, x, ids, weights, banks.gate, banks.up, banks.down, banks.gateBias, banks.upBias,
                                              banks.downBias, unit.activation, APFloat(unit.alpha), APFloat(unit.beta), limit, /*scale_input=*/false));
  return e.fromRows(rows, e.in(0));
}

namespace {

/// Routes by the softmax of router_probs, and runs each token through its experts.
LogicalResult experts(Expansion &e) {
  Value x = e.in(0), first = e.in(2), second = e.in(4), third = e.in(6);
  FailureOr<ExpertUnit> unit = expertUnit(e, bool(third));
  if (failed(unit) || failed(e.needRank(0, {2, 3})) || failed(e.needRank(1, 2)) || failed(e.needRank(2, 3)) || failed(e.needRank(4, 3)))
    return failure();
  int64_t count = e.length(first, 0), hidden = e.length(x, -1), rows = e.length(first, 1), inner = unit->fused ? rows / 2 : rows;
  if (failed(e.needLength(count, "the number of experts")) || failed(e.needLength(hidden, "the last axis of input")) ||
      failed(e.needLength(rows, "the second axis of fc1_experts_weights")))
    return failure();
  if (unit->fused && rows % 2 != 0)
    return e.fail("fc1_experts_weights hold gate and up in an odd number of rows, " + Twine(rows));
  if (failed(e.needShape(1, {ShapedType::kDynamic, count})) || failed(e.needShape(2, {count, rows, hidden})) ||
      failed(e.needShape(3, {count, rows})) || failed(e.needShape(4, {count, hidden, inner})) || failed(e.needShape(5, {count, hidden})) ||
      failed(e.needShape(6, {count, inner, hidden})) || failed(e.needShape(7, {count, inner})))
    return failure();
  if (e.in(7) && !third)
    return e.fail("fc3_experts_bias needs fc3_experts_weights");
  auto routed = routeTokens(e, e.in(1), {});
  if (failed(routed))
    return failure();
  ExpertBanks banks;
  std::tie(banks.gate, banks.up) = splitFused(e, *unit, first);
  std::tie(banks.gateBias, banks.upBias) = splitFused(e, *unit, e.in(3));
  if (third) {
    banks.up = third;
    banks.upBias = e.in(7);
  } else if (!unit->gated) {
    std::swap(banks.gate, banks.up);
    std::swap(banks.gateBias, banks.upBias);
  }
  banks.down = second;
  banks.downBias = e.in(5);
  return e.done(runExperts(e, *unit, routed->first, routed->second, banks));
}

} // namespace

void addExpertLayers(ExpandTable &table) { addMicrosoft(table, "MoE", experts); }

} // namespace moe::raise
