//===- Mamba.cpp - Mamba-1, as transformers writes it -----------------------------------------------------------===//
#include "Mamba.h"
#include "Layers.h"
#include "Random.h"
#include "Recurrence.h"
#include <cmath>

namespace moe::gen {

constexpr auto kFloat = onnx::TensorProto::FLOAT;

static int64_t product(llvm::ArrayRef<int64_t> shape) {
  int64_t elements = 1;
  for (int64_t length : shape)
    elements *= length;
  return elements;
}

Name stepLengths(Graph &g, const Options &o, const std::string &name, const Name &values, int64_t width) {
  Matrix spread(o.seed, name, 1, 1); // uniform between -sqrt(3) and sqrt(3)
  Name bias = g.weight(name, kFloat, {width}, 1, [&](int64_t, std::vector<float> &row) {
    for (int64_t i = 0; i < width; ++i) {
      double dt = 0.01 * std::pow(10.0, double(spread.at(0, i)) / std::sqrt(3.0));
      row.push_back(float(std::log(std::expm1(dt)))); // softplus of it is dt
    }
  });
  return g.node("Softplus", {g.node("Add", {values, bias})});
}

Name skipWeights(Graph &g, const Options &o, const std::string &name, std::vector<int64_t> shape) {
  int64_t elements = product(shape);
  Matrix deviation(o.seed, name, 1, elements);
  return g.weight(name, kFloat, shape, 1, [&](int64_t, std::vector<float> &values) {
    for (int64_t i = 0; i < elements; ++i)
      values.push_back(1 + deviation.at(0, i));
  });
}

Name decayRates(Graph &g, const std::string &name, std::vector<int64_t> shape, llvm::function_ref<double(int64_t)> rate) {
  Name logs = g.weight(name, kFloat, shape, 1, [&](int64_t, std::vector<float> &values) {
    for (int64_t i = 0; i < product(shape); ++i)
      values.push_back(float(std::log(rate(i))));
  });
  return g.node("Neg", {g.node("Exp", {logs})});
}

Name mamba(Graph &g, const Options &o, int64_t layer, const Name &x) {
  std::string prefix = "layers." + std::to_string(layer) + ".mixer.";
  int64_t inner = o.inner, state = o.state, rank = (o.hidden + 15) / 16;
  std::vector<Name> projected = split(g, linear(g, o, prefix + "in_proj.weight", x, o.hidden, 2 * inner), 2, {inner, inner});
  Name u = causalConv(g, o, layer, prefix, projected[0], inner);
  std::vector<Name> selected = split(g, linear(g, o, prefix + "x_proj.weight", u, inner, rank + 2 * state), 2, {rank, state, state});
  Name dt = stepLengths(g, o, prefix + "dt_proj.bias", widened(g, linear(g, o, prefix + "dt_proj.weight", selected[0], rank, inner)), inner);

  // S4D-real: element n of a state decays at rate n + 1.
  Name rates = decayRates(g, prefix + "A_log", {inner, state}, [&](int64_t i) { return double(i % state + 1); });
  Name decay = g.node("Exp", {g.node("Mul", {unsqueezed(g, dt, {-1}), rates})}); // [batch, length, inner, state]
  Name wide = widened(g, u);
  Name driven = unsqueezed(g, g.node("Mul", {dt, wide}), {-1});
  Name input = g.node("Mul", {driven, unsqueezed(g, widened(g, selected[1]), {2})});

  Name first = pastState(g, o, layer, "recurrent", x, {inner, state}, kFloat);
  auto step = [](Graph &body, const Name &h, llvm::ArrayRef<Name> now) {
    Name next = body.node("Add", {body.node("Mul", {now[0], h}), now[1]});
    Name read = body.node("MatMul", {next, unsqueezed(body, now[2], {-1})});
    return std::pair(next, body.node("Squeeze", {read, body.ints({-1})}));
  };
  Swept swept = sweep(g, o, prefix, {{decay, {inner, state}}, {input, {inner, state}}, {widened(g, selected[2]), {state}}}, first, {inner, state},
                      {inner}, step);
  presentState(g, o, layer, "recurrent", swept.last, {inner, state}, kFloat);
  Name y = g.node("Add", {swept.results, g.node("Mul", {wide, skipWeights(g, o, prefix + "D", {inner})})});
  return linear(g, o, prefix + "out_proj.weight", g.node("Mul", {narrowed(g, y), silu(g, projected[1])}), inner, o.hidden);
}

} // namespace moe::gen
