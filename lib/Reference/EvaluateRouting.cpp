//===- EvaluateRouting.cpp - rules of routing ops ---------------------------------------------------------------===//
#include "Evaluation.h"
#include "moe/Dialect/Moe.h"
#include <cmath>
#include <numeric>

using namespace mlir;

namespace moe::reference {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// True where x comes before y: NaN is the largest.
bool larger(double x, double y) { return std::isnan(x) ? !std::isnan(y) : x > y; }

/// The numbers of [0, count) in the order that `before` says; those that it leaves open rise.
std::vector<int64_t> sorted(int64_t count, llvm::function_ref<bool(int64_t, int64_t)> before) {
  std::vector<int64_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](int64_t a, int64_t b) { return before(a, b) || (!before(b, a) && a < b); });
  return order;
}

/// The places of the elements, largest first; equal ones keep their order.
std::vector<int64_t> descending(ArrayRef<double> values) {
  return sorted(values.size(), [&](int64_t a, int64_t b) { return larger(values[a], values[b]); });
}

void softmax(MutableArrayRef<double> values) {
  double high = -kInfinity, sum = 0;
  for (double value : values)
    high = larger(value, high) ? value : high;
  for (double &value : values)
    sum += value = std::exp(value - high);
  for (double &value : values)
    value /= sum;
}

//===- moe.top_k ------------------------------------------------------------------------------------------------===//

LogicalResult evaluate(TopKOp op, Evaluation &e) {
  const Tensor &input = e.tensor(op.getInput());
  int64_t width = input.shape().back(), k = e.integer(op.getK());
  if (k < 0 || k > width)
    return e.fail("k is " + Twine(k) + " for an axis of length " + Twine(width));
  SmallVector<int64_t> shape(input.shape());
  shape.back() = k;
  std::optional<Tensor> values = e.make(op.getValues(), shape), indices = e.make(op.getIndices(), shape);
  if (!values || !indices)
    return failure();
  bool largest = op.getLargest(), isFloat = input.format().isFloat();
  for (int64_t row = 0; row < (k ? values->count() / k : 0); ++row) {
    std::vector<int64_t> order = sorted(width, [&](int64_t a, int64_t b) {
      int64_t first = row * width + (largest ? a : b), second = row * width + (largest ? b : a);
      return isFloat ? larger(input.real(first), input.real(second)) : input.integer(first) > input.integer(second);
    });
    for (int64_t j = 0; j < k; ++j) {
      indices->setInteger(row * k + j, order[j]);
      int64_t from = row * width + order[j];
      isFloat ? values->setReal(row * k + j, input.real(from)) : values->setInteger(row * k + j, input.integer(from));
    }
  }
  return failure(failed(e.set(op.getValues(), *values)) || failed(e.set(op.getIndices(), *indices)));
}

//===- moe.route ------------------------------------------------------------------------------------------------===//

using Rows = std::vector<std::vector<double>>;
using Ids = std::vector<std::vector<int64_t>>;

/// s[t,:] of one token.
std::vector<double> scores(Score score, std::vector<double> logits) {
  if (score == Score::softmax)
    softmax(logits);
  for (double &x : logits)
    if (score == Score::sigmoid)
      x = 1 / (1 + std::exp(-x));
    else if (score == Score::sqrt_softplus)
      x = std::sqrt(std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))));
  return logits;
}

/// c[t,e] = -inf where e's group is not kept.
void limitGroups(RouteOp op, std::vector<double> &c) {
  int64_t groups = op.getGroups(), width = c.size() / groups;
  std::vector<double> best;
  for (int64_t group = 0; group < groups; ++group) {
    auto members = ArrayRef(c).slice(group * width, width);
    std::vector<int64_t> order = descending(members);
    bool two = op.getGroupScore() == GroupScore::top2_sum && width > 1;
    best.push_back(members[order[0]] + (two ? members[order[1]] : 0));
  }
  std::vector<int64_t> order = descending(best);
  for (int64_t group : ArrayRef(order).drop_front(op.getGroupsKept()))
    std::fill_n(c.begin() + group * width, width, -kInfinity);
}

/// The k best experts of each token.
Ids best(const Rows &c, int64_t k) {
  Ids ids;
  for (const std::vector<double> &row : c) {
    ids.push_back(descending(row));
    ids.back().resize(k);
  }
  return ids;
}

void dropBelow(double threshold, const Rows &c, Ids &ids) {
  for (auto [row, chosen] : llvm::zip(c, ids))
    for (int64_t &id : chosen)
      if (larger(threshold, row[id]))
        id = -1;
}

void dropBeyond(int64_t capacity, int64_t experts, int64_t sequence, Ids &ids) {
  std::vector<int64_t> taken(experts);
  for (auto [token, chosen] : llvm::enumerate(ids)) {
    if (token % sequence == 0)
      taken.assign(experts, 0);
    for (int64_t &id : chosen)
      if (taken[id]++ >= capacity)
        id = -1;
  }
}

/// Each expert takes its best tokens; a token lists its experts in rising order.
Ids expertChoice(const Rows &c, int64_t experts, int64_t capacity) {
  Ids ids(c.size());
  for (int64_t expert = 0; expert < experts; ++expert) {
    std::vector<double> column;
    for (const std::vector<double> &row : c)
      column.push_back(row[expert]);
    std::vector<int64_t> tokens = descending(column);
    tokens.resize(std::min<int64_t>(capacity, tokens.size()));
    for (int64_t token : tokens)
      ids[token].push_back(expert);
  }
  for (std::vector<int64_t> &chosen : ids)
    chosen.resize(experts, -1);
  return ids;
}

/// The table's rows of the tokens; nullopt where a token or an expert is out of range.
std::optional<Ids> looked(RouteOp op, Evaluation &e, int64_t tokens, int64_t experts) {
  const Tensor &table = e.tensor(op.getTable()), &tokenIds = e.tensor(op.getTokenIds());
  int64_t k = table.size(1);
  Ids ids(tokens);
  for (int64_t t = 0; t < tokens; ++t) {
    int64_t token = tokenIds.integer(t);
    if (token < 0 || token >= table.size(0))
      return (void)e.fail("token id " + Twine(token) + " is not in a table of " + Twine(table.size(0)) + " rows"), std::nullopt;
    for (int64_t j = 0; j < k; ++j) {
      ids[t].push_back(table.integer(token * k + j));
      if (ids[t].back() < -1 || ids[t].back() >= experts)
        return (void)e.fail("the table names expert " + Twine(ids[t].back()) + " of " + Twine(experts)), std::nullopt;
    }
  }
  return ids;
}

/// The weights of the chosen experts: their scores, renormalised over those that are left, scaled; 0 for no expert.
std::vector<double> weigh(RouteOp op, ArrayRef<double> s, ArrayRef<int64_t> ids) {
  std::vector<double> chosen;
  for (int64_t id : ids)
    if (id >= 0)
      chosen.push_back(s[id]);
  if (op.getRenorm() == Renorm::softmax)
    softmax(chosen);
  double sum = std::accumulate(chosen.begin(), chosen.end(), op.getEpsilon().convertToDouble());
  if (double floor = op.getFloor().convertToDouble(); floor > 0)
    sum = std::max(sum, floor);
  double factor = op.getScale().convertToDouble();
  std::vector<double> weights;
  auto *next = chosen.begin().base();
  for (int64_t id : ids)
    weights.push_back(id < 0 ? 0 : factor * (op.getRenorm() == Renorm::sum ? *next++ / sum : *next++));
  return weights;
}

LogicalResult evaluate(RouteOp op, Evaluation &e) {
  auto n = e.axes({{op.getLogits(), "TE"}, {op.getBias(), "E"}, {op.getTokenIds(), "T"}, {op.getTable(), "VK"}});
  if (!n)
    return failure();
  int64_t tokens = (*n)['T'], experts = (*n)['E'], k = op.getK(), capacity = op.getCapacity();
  Rows s, c;
  for (int64_t t = 0; t < tokens; ++t) {
    s.push_back(scores(op.getScore(), reals(e.tensor(op.getLogits()), t * experts, experts)));
    c.push_back(s.back());
    for (int64_t expert = 0; op.getBias() && expert < experts; ++expert)
      c[t][expert] += e.tensor(op.getBias()).real(expert);
    limitGroups(op, c[t]);
  }
  std::optional<Ids> ids;
  if (op.getSelect() == Select::expert_choice)
    ids = expertChoice(c, experts, capacity);
  else if (op.getSelect() == Select::hash)
    ids = looked(op, e, tokens, experts);
  else
    ids = best(c, k);
  if (!ids)
    return failure();
  if (op.getSelect() == Select::threshold)
    dropBelow(op.getThreshold().convertToDouble(), c, *ids);
  if (op.getSelect() == Select::capacity) {
    int64_t sequence = op.getSequence() ? e.tensor(op.getSequence()).integer(0) : std::max<int64_t>(tokens, 1);
    if (sequence < 1 && tokens)
      return e.fail("sequences of " + Twine(sequence) + " tokens");
    dropBeyond(capacity, experts, sequence, *ids);
  }

  int64_t slots = tokens ? ids->front().size() : cast<RankedTensorType>(op.getIds().getType()).getDimSize(1);
  std::optional<Tensor> idResult = e.make(op.getIds(), {tokens, slots}), weightResult = e.make(op.getWeights(), {tokens, slots});
  if (!idResult || !weightResult)
    return failure();
  for (int64_t t = 0; t < tokens; ++t)
    for (auto [j, weight] : llvm::enumerate(weigh(op, s[t], (*ids)[t]))) {
      idResult->setInteger(t * slots + j, (*ids)[t][j]);
      weightResult->setReal(t * slots + j, weight);
    }
  return failure(failed(e.set(op.getIds(), *idResult)) || failed(e.set(op.getWeights(), *weightResult)));
}

} // namespace

void addRouting(Rules &rules) {
  add<TopKOp>(rules, evaluate);
  add<RouteOp>(rules, evaluate);
}

} // namespace moe::reference
