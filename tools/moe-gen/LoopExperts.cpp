//===- LoopExperts.cpp - one expert after another on its own tokens, found by NonZero ---------------------------===//
#include "Experts.h"

namespace moe::gen {

/// The (row, column) pairs of what is not zero in a matrix: [n] each.
static std::pair<Name, Name> nonZero(Graph &g, const Name &matrix) {
  Name pairs = g.node("Transpose", {g.node("NonZero", {matrix})}, {{"perm", std::vector<int64_t>{1, 0}}});
  auto columns = g.nodes("Split", 2, {pairs}, {{"axis", 1}, {"num_outputs", 2}});
  return {g.node("Squeeze", {columns[0], g.ints({1})}), g.node("Squeeze", {columns[1], g.ints({1})})};
}

/// sum[tokens] += rows.
static Name addAt(Graph &g, const Name &sum, const Name &tokens, const Name &rows) {
  Name places = g.node("Expand", {g.node("Unsqueeze", {tokens, g.ints({-1})}), g.node("Shape", {rows})});
  return g.node("ScatterElements", {sum, places, rows}, {{"axis", 0}, {"reduction", std::string("add")}});
}

/// weights[tokens, slots] as a column.
static Name weightsAt(Graph &g, const Name &weights, const Name &tokens, const Name &slots) {
  Name places = g.node("Concat", {g.node("Unsqueeze", {tokens, g.ints({-1})}), g.node("Unsqueeze", {slots, g.ints({-1})})}, {{"axis", -1}});
  return g.node("Unsqueeze", {g.node("GatherND", {weights, places}), g.ints({-1})});
}

Name loopExperts(const Bank &bank, const Name &x, const Routed &routed) {
  Graph &g = bank.g;
  const Options &o = bank.o;
  Name onOff = g.node("Concat", {g.ints({0}), g.ints({1})}, {{"axis", 0}});
  Name hot = g.node("OneHot", {routed.ids, g.ints({o.experts}), onOff}, {{"axis", -1}});          // [T, K, E]
  Name mask = g.node("Transpose", {hot}, {{"perm", std::vector<int64_t>{2, 1, 0}}});              // [E, K, T]
  Name sum = g.node("Expand", {g.number(0), g.node("Shape", {x})});
  for (int64_t e = 0; e < o.experts; ++e) {
    auto [slots, tokens] = nonZero(g, g.node("Gather", {mask, g.integer(e)}, {{"axis", 0}}));
    auto project = [&](llvm::StringRef projection, const Name &value) {
      Name product = g.node("MatMul", {value, bank.single(projection, e, Layout::Columns)});
      return o.biases ? g.node("Add", {product, bank.singleBias(projection, e)}) : product;
    };
    Name rows = g.node("Gather", {x, tokens}, {{"axis", 0}});
    Name down = project("down", bank.unit(o.gated() ? project("gate", rows) : Name(), project("up", rows)));
    sum = addAt(g, sum, tokens, g.node("Mul", {down, weightsAt(g, routed.weights, tokens, slots)}));
  }
  return sum;
}

Name loopOpExperts(const Bank &bank, const Name &x, const Routed &routed) {
  Graph &g = bank.g;
  const Options &o = bank.o;
  Name first = bank.first(Layout::Columns, bank.order()), down = bank.down(Layout::Columns);
  Name firstBias = o.biases ? bank.firstBias(bank.order(), {o.experts, bank.firstRows()}) : Name();
  Name downBias = o.biases ? bank.downBias({o.experts, o.hidden}) : Name();
  onnx::GraphProto proto;
  Graph body(proto, g);
  Name expert = body.input(bank.prefix + "expert", onnx::TensorProto::INT64, {});
  Name condition = body.input(bank.prefix + "condition", onnx::TensorProto::BOOL, {});
  std::vector<std::string> rowsOfX = {"tokens", std::to_string(o.hidden)};
  Name sum = body.input(bank.prefix + "sum", g.type, rowsOfX);
  auto [tokens, slots] = nonZero(body, body.node("Equal", {routed.ids, expert}));
  auto own = [&](const Name &tensor) { return body.node("Gather", {tensor, expert}, {{"axis", 0}}); };
  auto project = [&](const Name &value, const Name &matrices, const Name &biases) {
    Name product = body.node("MatMul", {value, own(matrices)});
    return o.biases ? body.node("Add", {product, own(biases)}) : product;
  };
  Bank inner{body, o, bank.prefix};
  auto [gate, up] = inner.split(project(body.node("Gather", {x, tokens}, {{"axis", 0}}), first, firstBias), bank.order(), 1);
  Name rows = project(inner.unit(gate, up), down, downBias);
  Name next = addAt(body, sum, tokens, body.node("Mul", {rows, weightsAt(body, routed.weights, tokens, slots)}));
  body.output(condition, bank.prefix + "condition_out", onnx::TensorProto::BOOL, {});
  body.output(next, bank.prefix + "sum_out", g.type, rowsOfX);
  Name zeros = g.node("Expand", {g.number(0), g.node("Shape", {x})});
  return g.node("Loop", {g.integer(o.experts), "", zeros}, {{"body", &proto}});
}

} // namespace moe::gen
