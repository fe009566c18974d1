//===- SortedExperts.cpp - pairs sorted by expert, as transformers' exporter writes them ------------------------===//
#include "Experts.h"

namespace moe::gen {
namespace {

constexpr auto kFloat = onnx::TensorProto::FLOAT, kInt = onnx::TensorProto::INT64;

/// The rows of each expert: Range(off[e-1], off[e]).
std::vector<Name> ranges(Graph &g, const Options &o, const Name &sortedIds) {
  // A histogram of the ids over bins between 0 and E - 1, added up.
  Name bins = g.node("Div", {g.cast(sortedIds, kFloat), g.number(double(o.experts - 1) / double(o.experts), kFloat)});
  if (o.experts == 1)
    bins = g.cast(sortedIds, kFloat);
  Name bin = g.node("Clip", {g.cast(bins, kInt), g.integer(0), g.integer(o.experts - 1)});
  Name ones = g.node("Expand", {g.number(1, kFloat), g.node("Shape", {bin})});
  Name zeros = g.node("Expand", {g.number(0, kFloat), g.ints({o.experts})});
  Name counts = g.node("ScatterElements", {zeros, bin, ones}, {{"axis", 0}, {"reduction", std::string("add")}});
  Name ends = g.cast(g.node("CumSum", {g.cast(counts, onnx::TensorProto::INT32), g.integer(0)}), kInt);
  std::vector<Name> parts = g.nodes("Split", o.experts, {ends}, {{"axis", 0}, {"num_outputs", o.experts}}), result;
  Name begin = g.integer(0);
  for (const Name &part : parts) {
    Name end = g.node("Squeeze", {part, g.ints({0})});
    result.push_back(g.node("Range", {begin, end, g.integer(1)}));
    begin = end;
  }
  return result;
}

/// Row s of the result is row s of x times the matrix of the expert in whose range s is.
Name groupedProduct(Graph &g, const Name &x, const Name &bank, const std::vector<Name> &rows) {
  int64_t experts = rows.size();
  std::vector<Name> matrices = g.nodes("Split", experts, {bank}, {{"axis", 0}, {"num_outputs", experts}}), products;
  for (int64_t e = 0; e < experts; ++e)
    products.push_back(g.node("MatMul", {g.node("Gather", {x, rows[e]}, {{"axis", 0}}), g.node("Squeeze", {matrices[e], g.ints({0})})}));
  return g.node("Concat", products, {{"axis", 0}});
}

/// values[places] for places of rank 1.
Name pick(Graph &g, const Name &values, const Name &places) {
  return g.node("GatherND", {values, g.node("Unsqueeze", {places, g.ints({-1})})});
}

} // namespace

Name sortedExperts(const Bank &bank, const Name &x, const Routed &routed) {
  Graph &g = bank.g;
  const Options &o = bank.o;
  Name ids = g.node("Reshape", {routed.ids, g.ints({-1})});
  Name pairs = g.node("Shape", {ids});
  auto sort = g.nodes("TopK", 2, {ids, pairs}, {{"axis", -1}, {"largest", 0}});
  Name sortedIds = sort[0], order = sort[1];
  Name tokens = g.node("Div", {order, g.integer(o.topk)});
  Name weights = pick(g, g.node("Reshape", {routed.weights, g.ints({-1})}), order);
  std::vector<Name> rows = ranges(g, o, sortedIds);

  Name first = groupedProduct(g, pick(g, x, tokens), bank.first(Layout::Columns, bank.order()), rows);
  if (o.biases)
    first = g.node("Add", {first, pick(g, bank.firstBias(bank.order(), {o.experts, bank.firstRows()}), sortedIds)});
  auto [gate, up] = bank.split(first, bank.order(), 1);
  Name down = groupedProduct(g, bank.unit(gate, up), bank.down(Layout::Columns), rows);
  if (o.biases)
    down = g.node("Add", {down, pick(g, bank.downBias({o.experts, o.hidden}), sortedIds)});
  Name weighted = g.node("Mul", {down, g.node("Unsqueeze", {weights, g.ints({-1})})});

  // Back into the order of the pairs: the inverse of the sort.
  Name zeros = g.node("Expand", {g.integer(0), g.node("Shape", {order})});
  Name places = g.node("Range", {g.integer(0), g.node("Squeeze", {pairs, g.ints({0})}), g.integer(1)});
  Name inverse = g.node("ScatterND", {zeros, g.node("Unsqueeze", {order, g.ints({-1})}), places});
  Name byToken = g.node("Reshape", {pick(g, weighted, inverse), g.ints({-1, o.topk, o.hidden})});
  return g.node("ReduceSum", {byToken, g.ints({1})}, {{"keepdims", 0}});
}

} // namespace moe::gen
