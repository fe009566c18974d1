//===- EvaluateAttention.cpp - rules of attention, positions and normalisation ----------------------------------===//
#include "Evaluation.h"
#include "moe/Dialect/Moe.h"
#include <cmath>

using namespace mlir;

namespace moe::reference {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

//===- moe.attention --------------------------------------------------------------------------------------------===//

/// One query: its batch, head and place among the queries.
struct Query {
  int64_t b, h, s;
};

/// What the mask adds to z[s,l].
double maskAt(const Tensor &mask, const Query &query, int64_t key) {
  int64_t place = broadcastPlace(mask, {query.b, query.h, query.s, key});
  return mask.format().isFloat() ? mask.real(place) : mask.integer(place) ? 0 : -kInfinity;
}

/// z[s,:], -inf where the query may not see the key. `keys` is the place of the head's first key.
std::vector<double> logits(AttentionOp op, Evaluation &e, const Axes &n, const Query &query, int64_t keys) {
  int64_t length = n['L'], past = op.getPast() ? e.tensor(op.getPast()).integer(query.b) : length - n['S'];
  int64_t position = past + query.s, total = op.getTotal() ? e.tensor(op.getTotal()).integer(query.b) : length, window = op.getWindow();
  double scale = op.getScale().convertToDouble(), softcap = op.getSoftcap().convertToDouble();
  std::vector<double> q = reals(e.tensor(op.getQ()), ((query.b * n['Q'] + query.h) * n['S'] + query.s) * n['D'], n['D']);
  std::vector<double> z(length, -kInfinity);
  for (int64_t l = 0; l < length; ++l) {
    if ((op.getCausal() && l > position) || (window > 0 && l <= position - window) || l >= total)
      continue;
    z[l] = scale * dot(e.tensor(op.getK()), (keys + l) * n['D'], q);
    if (softcap > 0)
      z[l] = softcap * std::tanh(z[l] / softcap);
    if (op.getMask())
      z[l] += maskAt(e.tensor(op.getMask()), query, l);
  }
  return z;
}

/// r[s,:]: the softmax with the sink in its sum; zeros where nothing may be seen.
std::vector<double> probabilities(std::vector<double> z, double sink) {
  double high = sink, sum = 0;
  for (double value : z)
    high = std::isnan(value) || value > high ? value : high;
  for (double &value : z)
    sum += value = high == -kInfinity ? 0 : std::exp(value - high);
  sum += high == -kInfinity ? 1 : std::exp(sink - high);
  for (double &value : z)
    value /= sum;
  return z;
}

LogicalResult evaluate(AttentionOp op, Evaluation &e) {
  auto n = e.axes({{op.getQ(), "BQSD"}, {op.getK(), "BGLD"}, {op.getV(), "BGLW"}, {op.getSinks(), "Q"}, {op.getPast(), "B"}, {op.getTotal(), "B"}});
  if (!n)
    return failure();
  int64_t batch = (*n)['B'], heads = (*n)['Q'], groups = (*n)['G'], queries = (*n)['S'], keys = (*n)['L'], width = (*n)['W'];
  if (groups == 0 ? heads != 0 : heads % groups != 0)
    return e.fail(Twine(heads) + " query heads for " + Twine(groups) + " key heads");
  int64_t full[4] = {batch, heads, queries, keys};
  for (int64_t axis = 0; op.getMask() && axis < 4; ++axis)
    if (int64_t length = e.tensor(op.getMask()).size(axis); length != 1 && length != full[axis])
      return e.fail("a mask with the lengths " + describe(e.tensor(op.getMask()).shape()));
  std::optional<Tensor> result = e.make(op, {batch, heads, queries, width});
  if (!result)
    return failure();
  for (int64_t row = 0; row < batch * heads * queries; ++row) {
    Query query{row / (heads * queries), row / queries % heads, row % queries};
    int64_t first = (query.b * groups + query.h / (heads / groups)) * keys;
    double sink = op.getSinks() ? e.tensor(op.getSinks()).real(query.h) : -kInfinity;
    std::vector<double> r = probabilities(logits(op, e, *n, query, first), sink), sums(width);
    for (int64_t l = 0; l < keys; ++l)
      if (r[l] != 0) // values that nobody sees may be anything
        addScaled(sums, r[l], e.tensor(op.getV()), (first + l) * width);
    for (int64_t column = 0; column < width; ++column)
      result->setReal(row * width + column, sums[column]);
  }
  return e.set(op, *result);
}

//===- moe.rotary -----------------------------------------------------------------------------------------------===//

LogicalResult evaluate(RotaryOp op, Evaluation &e) {
  Tensor x = e.tensor(op.getX());
  const Tensor &cos = e.tensor(op.getCos()), &sin = e.tensor(op.getSin());
  auto n = e.axes({{op.getX(), "BNSD"}, {op.getCos(), "PSR"}, {op.getSin(), "PSR"}});
  if (!n)
    return failure();
  int64_t heads = (*n)['N'], length = (*n)['S'], width = (*n)['D'], half = (*n)['R'];
  if (((*n)['P'] != 1 && (*n)['P'] != (*n)['B']) || 2 * half > width)
    return e.fail("cos and sin with the lengths " + describe(cos.shape()) + " for x with " + describe(x.shape()));
  Tensor result = x;
  for (int64_t row = 0; row < (*n)['B'] * heads * length; ++row) {
    int64_t b = (*n)['P'] == 1 ? 0 : row / (heads * length), s = row % length;
    for (int64_t i = 0; i < half; ++i) {
      int64_t a = row * width + (op.getInterleaved() ? 2 * i : i), c = row * width + (op.getInterleaved() ? 2 * i + 1 : i + half);
      double cosine = cos.real((b * length + s) * half + i), sine = sin.real((b * length + s) * half + i);
      result.setReal(a, x.real(a) * cosine - x.real(c) * sine);
      result.setReal(c, x.real(c) * cosine + x.real(a) * sine);
    }
  }
  return e.set(op, result);
}

//===- moe.norm -------------------------------------------------------------------------------------------------===//

/// What x - mean is divided by.
double sizeOf(NormKind kind, ArrayRef<double> x, double mean, double epsilon) {
  double squares = 0;
  for (double value : x)
    squares += (value - mean) * (value - mean);
  return kind == NormKind::l2 ? std::max(std::sqrt(squares), epsilon) : std::sqrt(squares / double(x.size()) + epsilon);
}

LogicalResult evaluate(NormOp op, Evaluation &e) {
  const Tensor &x = e.tensor(op.getX());
  int64_t width = x.shape().back();
  Axes n;
  n.bind("N", width);
  for (Value operand : {op.getScale(), op.getBias()})
    if (operand && !n.bind("N", e.tensor(operand).shape()))
      return e.fail("scale or bias with the lengths " + describe(e.tensor(operand).shape()) + " for rows of " + Twine(width));
  std::optional<Tensor> result = e.make(op, x.shape());
  if (!result)
    return failure();
  for (int64_t start = 0; start < x.count(); start += width) {
    std::vector<double> row = reals(x, start, width);
    double mean = op.getKind() == NormKind::layer ? std::accumulate(row.begin(), row.end(), 0.0) / double(width) : 0;
    double size = sizeOf(op.getKind(), row, mean, op.getEpsilon().convertToDouble());
    for (int64_t i = 0; i < width; ++i) {
      double scale = op.getScale() ? e.tensor(op.getScale()).real(i) : 1, shift = op.getBias() ? e.tensor(op.getBias()).real(i) : 0;
      result->setReal(start + i, (row[i] - mean) / size * scale + shift);
    }
  }
  return e.set(op, *result);
}

} // namespace

void addAttention(Rules &rules) {
  add<AttentionOp>(rules, evaluate);
  add<RotaryOp>(rules, evaluate);
  add<NormOp>(rules, evaluate);
}

} // namespace moe::reference
