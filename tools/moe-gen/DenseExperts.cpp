//===- DenseExperts.cpp - every expert on every token, as optimum writes gpt-oss --------------------------------===//
#include "Experts.h"

namespace moe::gen {

Name denseExperts(const Bank &bank, const Name &x, const Routed &routed) {
  Graph &g = bank.g;
  const Options &o = bank.o;
  Name zeros = g.node("Expand", {g.number(0), g.node("Shape", {routed.logits})});
  Name table = g.node("ScatterElements", {zeros, routed.ids, routed.weights}, {{"axis", 1}}); // [T, E]
  Name tiled = g.node("Reshape", {g.node("Tile", {x, g.ints({o.experts, 1})}), g.ints({o.experts, -1, o.hidden})});
  Name first = g.node("MatMul", {tiled, bank.first(Layout::Columns, bank.order())});
  if (o.biases)
    first = g.node("Add", {first, bank.firstBias(bank.order(), {o.experts, 1, bank.firstRows()})});
  auto [gate, up] = bank.split(first, bank.order(), 2);
  Name down = g.node("MatMul", {bank.unit(gate, up), bank.down(Layout::Columns)});
  if (o.biases)
    down = g.node("Add", {down, bank.downBias({o.experts, 1, o.hidden})});
  Name weights = g.node("Unsqueeze", {g.node("Transpose", {table}, {{"perm", std::vector<int64_t>{1, 0}}}), g.ints({-1})});
  return g.node("ReduceSum", {g.node("Mul", {down, weights}), g.ints({0})}, {{"keepdims", 0}});
}

} // namespace moe::gen
