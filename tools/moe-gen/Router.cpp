//===- Router.cpp - routers of generated layers -----------------------------------------------------------------===//
#include "Router.h"
#include "Random.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace moe::gen {

constexpr auto kFloat = onnx::TensorProto::FLOAT;

/// Shares of k choices: proportional to 1 / (rank + 1)^zipf, none above 1.
static std::vector<double> shares(int64_t experts, int64_t k, double zipf) {
  std::vector<double> result(experts, 0);
  double open = 0, left = double(k);
  for (int64_t e = 0; e < experts; ++e)
    open += std::pow(e + 1, -zipf);
  for (int64_t e = 0; e < experts; ++e) { // what the first ones cannot take goes to the others
    double weight = std::pow(e + 1, -zipf);
    result[e] = std::min(0.98, left * weight / open);
    left -= result[e];
    open -= weight;
  }
  return result;
}

std::vector<float> popularity(const Options &o, const std::string &prefix) {
  if (o.zipf == 0)
    return {};
  // Found by trial: the biases move until the shares among sampled tokens are those wanted.
  constexpr int64_t tokens = 4096, rounds = 60;
  std::vector<double> wanted = shares(o.experts, o.topk, o.zipf);
  std::mt19937_64 engine(o.seed);
  std::normal_distribution<float> normal;
  std::vector<float> noise(tokens * o.experts), bias(o.experts, 0), score(o.experts);
  for (float &x : noise)
    x = normal(engine);
  std::vector<int64_t> order(o.experts);
  for (int64_t round = 0; round < rounds; ++round) {
    std::vector<double> chosen(o.experts, 0.5);
    for (int64_t t = 0; t < tokens; ++t) {
      for (int64_t e = 0; e < o.experts; ++e)
        score[e] = noise[t * o.experts + e] + bias[e];
      std::iota(order.begin(), order.end(), 0);
      std::partial_sort(order.begin(), order.begin() + o.topk, order.end(), [&](int64_t a, int64_t b) { return score[a] > score[b]; });
      for (int64_t j = 0; j < o.topk; ++j)
        chosen[order[j]] += 1;
    }
    for (int64_t e = 0; e < o.experts; ++e)
      bias[e] += 0.5f * float(std::log(wanted[e] * tokens / chosen[e]));
  }
  // Which expert is the popular one depends on the layer.
  std::seed_seq seeds(prefix.begin(), prefix.end());
  std::mt19937_64 shuffler(seeds);
  for (int64_t e = o.experts - 1; e > 0; --e)
    std::swap(bias[e], bias[shuffler() % uint64_t(e + 1)]);
  return bias;
}

/// values / sum over the last axis.
static Name renormalised(Graph &g, const Name &values) {
  return g.node("Div", {values, g.node("ReduceSum", {values, g.ints({-1})}, {{"keepdims", 1}})});
}

/// The scores + bias of the experts in the best groups by the sum of the two best members; -inf for the others.
static Name withinGroups(Graph &g, const Options &o, const Name &scores) {
  int64_t size = o.experts / o.groups;
  Name byGroup = g.node("Reshape", {scores, g.ints({-1, o.groups, size})});
  Name two = g.nodes("TopK", 2, {byGroup, g.ints({std::min<int64_t>(2, size)})}, {{"axis", -1}})[0];
  Name groupScores = g.node("ReduceSum", {two, g.ints({-1})}, {{"keepdims", 0}});
  Name best = g.nodes("TopK", 2, {groupScores, g.ints({o.groupsKept})}, {{"axis", -1}})[1];
  Name zeros = g.node("Expand", {g.number(0, kFloat), g.node("Shape", {groupScores})});
  Name ones = g.node("Expand", {g.number(1, kFloat), g.node("Shape", {best})});
  Name mask = g.node("ScatterElements", {zeros, best, ones}, {{"axis", 1}});
  Name members = g.node("Expand", {g.node("Unsqueeze", {mask, g.ints({-1})}), g.ints({1, o.groups, size})});
  Name kept = g.cast(g.node("Reshape", {members, g.ints({-1, o.experts})}), onnx::TensorProto::BOOL);
  return g.node("Where", {kept, scores, g.number(-INFINITY, kFloat)});
}

Routed route(Graph &g, const Options &o, const std::string &prefix, const Name &x) {
  Matrix matrix(o.seed, prefix + "router.weight", o.experts, o.hidden);
  Name weight = g.weight(prefix + "router.weight", {o.experts, o.hidden}, o.experts, [&](int64_t e, std::vector<float> &row) {
    for (int64_t h = 0; h < o.hidden; ++h)
      row.push_back(matrix.at(e, h));
  });
  std::vector<Name> operands = {x, weight};
  if (std::vector<float> bias = popularity(o, prefix); !bias.empty())
    operands.push_back(g.weight(prefix + "router.bias", {o.experts}, 1, [&](int64_t, std::vector<float> &row) { row = bias; }));
  Routed result;
  result.logits = g.node("Gemm", operands, {{"transB", 1}});
  Name logits = g.type == kFloat ? result.logits : g.cast(result.logits, kFloat); // scores are computed in float32
  auto topK = [&](const Name &scores) { return g.nodes("TopK", 2, {scores, g.ints({o.topk})}, {{"axis", -1}}); };
  Name weights;
  switch (o.router) {
  case Router::Softmax: {
    auto best = topK(g.node("Softmax", {logits}, {{"axis", -1}}));
    result.ids = best[1];
    weights = renormalised(g, best[0]);
    break;
  }
  case Router::TopkSoftmax: {
    auto best = topK(logits);
    result.ids = best[1];
    weights = g.node("Softmax", {best[0]}, {{"axis", -1}});
    break;
  }
  case Router::Sigmoid: {
    Name scores = g.node("Sigmoid", {logits});
    Matrix bias(o.seed, prefix + "router.correction", 1, o.experts);
    Name correction = g.weight(prefix + "router.correction", kFloat, {o.experts}, 1,
                               [&](int64_t, std::vector<float> &row) { row = bias.values(); });
    Name choice = g.node("Add", {scores, correction});
    result.ids = topK(o.groups > 1 ? withinGroups(g, o, choice) : choice)[1];
    weights = renormalised(g, g.node("GatherElements", {scores, result.ids}, {{"axis", 1}}));
    break;
  }
  }
  result.weights = g.type == kFloat ? weights : g.cast(weights, g.type);
  return result;
}

} // namespace moe::gen
