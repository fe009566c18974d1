//===- MaskedExperts.cpp - one expert after another on every token, added with a masked weight ------------------===//
#include "Experts.h"

namespace moe::gen {

Name maskedExperts(const Bank &bank, const Name &x, const Routed &routed) {
  Graph &g = bank.g;
  const Options &o = bank.o;
  // table[t, e]: the weight of expert e for token t, 0 where it was not chosen.
  Name experts = g.node("Range", {g.integer(0), g.integer(o.experts), g.integer(1)});
  Name chosen = g.cast(g.node("Equal", {g.node("Unsqueeze", {routed.ids, g.ints({-1})}), experts}), g.type);
  Name weighted = g.node("Mul", {chosen, g.node("Unsqueeze", {routed.weights, g.ints({-1})})});
  Name table = g.node("ReduceSum", {weighted, g.ints({1})}, {{"keepdims", 0}});
  Name sum = g.node("Expand", {g.number(0), g.node("Shape", {x})});
  for (int64_t e = 0; e < o.experts; ++e) {
    auto project = [&](llvm::StringRef projection, const Name &value) {
      std::vector<Name> operands = {value, bank.single(projection, e, Layout::Rows)};
      if (o.biases)
        operands.push_back(bank.singleBias(projection, e));
      return g.node("Gemm", operands, {{"transB", 1}});
    };
    Name down = project("down", bank.unit(o.gated() ? project("gate", x) : Name(), project("up", x)));
    Name weight = g.node("Slice", {table, g.ints({e}), g.ints({e + 1}), g.ints({1}), g.ints({1})});
    sum = g.node("Add", {sum, g.node("Mul", {down, weight})});
  }
  return sum;
}

} // namespace moe::gen
