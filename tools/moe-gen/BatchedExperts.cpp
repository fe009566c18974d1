//===- BatchedExperts.cpp - the matrices of every (token, k) gathered, as torch's exporter writes batched_mm ----===//
#include "Experts.h"

namespace moe::gen {

Name batchedExperts(const Bank &bank, const Name &x, const Routed &routed) {
  Graph &g = bank.g;
  const Options &o = bank.o;
  Name repeated = g.node("Expand", {g.node("Unsqueeze", {x, g.ints({1})}), g.ints({1, o.topk, 1})});
  Name rows = g.node("Reshape", {repeated, g.ints({-1, o.hidden})});
  Name ids = g.node("Reshape", {routed.ids, g.ints({-1})});
  Name places = g.node("Unsqueeze", {ids, g.ints({-1})});
  auto product = [&](const Name &matrices, const Name &values) {
    Name column = g.node("Unsqueeze", {values, g.ints({-1})});
    return g.node("Squeeze", {g.node("MatMul", {g.node("GatherND", {matrices, places}), column}), g.ints({-1})});
  };
  Name first = product(bank.first(Layout::Rows, bank.order()), rows);
  if (o.biases)
    first = g.node("Add", {first, g.node("GatherND", {bank.firstBias(bank.order(), {o.experts, bank.firstRows()}), places})});
  auto [gate, up] = bank.split(first, bank.order(), 1);
  Name down = product(bank.down(Layout::Rows), bank.unit(gate, up));
  if (o.biases)
    down = g.node("Add", {down, g.node("GatherND", {bank.downBias({o.experts, o.hidden}), places})});
  Name weights = g.node("Reshape", {routed.weights, g.ints({-1, 1})});
  Name byToken = g.node("Reshape", {g.node("Mul", {down, weights}), g.ints({-1, o.topk, o.hidden})});
  return g.node("ReduceSum", {byToken, g.ints({1})}, {{"keepdims", 0}});
}

} // namespace moe::gen
