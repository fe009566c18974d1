//===- EvaluateScan.cpp - rules of recurrences and causal convolutions ------------------------------------------===//
#include "Activation.h"
#include "Evaluation.h"
#include <cmath>

using namespace mlir;

namespace moe::reference {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

//===- moe.scan -------------------------------------------------------------------------------------------------===//

/// The head of `count` that head h of `heads` reads, where they are shared.
int64_t shared(int64_t h, int64_t heads, int64_t count) { return h / (heads / count); }

/// exp(x - high); nothing is left of a weight of zero.
double weight(double x, double high) { return x == -kInfinity ? 0 : std::exp(x - high); }

/// One head of one batch entry: its state and how it changes.
class Head {
public:
  Head(ScanOp op, Evaluation &e, const Axes &n, int64_t b, int64_t h)
      : op(op), e(e), n(n), b(b), h(h), K(n['K']), V(n['V']), W(op.hasColumnGates() ? V : 1), S(K * V), N(K * W), m(W, -kInfinity) {
    if (op.getStates().empty())
      return;
    for (auto [state, values] : llvm::zip(op.getStates(), std::array<std::vector<double> *, 3>{&S, &N, &m}))
      *values = reals(e.tensor(state), (b * n['H'] + h) * values->size(), values->size());
  }

  void update(int64_t l) {
    std::vector<double> old = S;
    if (op.getNormalized())
      return average(l);
    for (int64_t j = 0; j < V; ++j) {
      double seen = 0;
      for (int64_t d = 0; op.getB() && d < K; ++d)
        seen += key(op.getB(), l, d) * old[d * V + j];
      for (int64_t i = 0; i < K; ++i)
        S[i * V + j] = std::exp(logDecay(l, i, j)) * old[i * V + j] + (op.getA() ? key(op.getA(), l, i) * seen : 0) + input(l, i, j);
    }
  }

  /// What a query reads: [dv], or [dk, dv] without queries. `l` is the token's first update.
  std::vector<double> read(int64_t t, int64_t query, int64_t l) {
    if (op.getBonus()) { // the token itself, as if by an update without decay
      Head seen = *this;
      seen.average(l, /*readout=*/true);
      return seen.value(t, query);
    }
    return value(t, query);
  }

  void store(MutableArrayRef<Tensor> final) const {
    for (auto [tensor, values] : llvm::zip(final, std::array<const std::vector<double> *, 3>{&S, &N, &m}))
      for (auto [place, value] : llvm::enumerate(*values))
        tensor.setReal((b * n['H'] + h) * values->size() + place, value);
  }

private:
  double gate(Value value, int64_t l, int64_t i, int64_t j, double otherwise) {
    return value ? e.tensor(value).real(broadcastPlace(e.tensor(value), {b, l, h, i, j})) : otherwise;
  }
  double perHead(Value value, int64_t i, int64_t j, double otherwise) {
    return value ? e.tensor(value).real(broadcastPlace(e.tensor(value), {h, i, j})) : otherwise;
  }
  double logDecay(int64_t l, int64_t i, int64_t j) { return gate(op.getDecay(), l, i, j, 0) * perHead(op.getRate(), i, j, 1); }
  /// Element i of k, a or b.
  double key(Value keys, int64_t l, int64_t i) {
    int64_t heads = e.tensor(keys).size(2);
    return e.tensor(keys).real(((b * n['L'] + l) * heads + shared(h, n['H'], heads)) * K + i);
  }
  double input(int64_t l, int64_t i, int64_t j) {
    int64_t row = (b * n['L'] + l) * n['H'] + h;
    return op.getK() ? key(op.getK(), l, i) * e.tensor(op.getV()).real(row * V + j) : e.tensor(op.getV()).real((row * K + i) * V + j);
  }

  /// An update of the normalised state.
  void average(int64_t l, bool readout = false) {
    std::vector<double> kept(W), added(W);
    for (int64_t j = 0; j < W; ++j) {
      double old = (readout ? 0 : logDecay(l, 0, j)) + m[j], fresh = gate(op.getGate(), l, 0, j, 0) + (readout ? perHead(op.getBonus(), 0, j, 0) : 0);
      m[j] = std::max(old, fresh);
      kept[j] = weight(old, m[j]);
      added[j] = weight(fresh, m[j]);
    }
    for (int64_t i = 0; i < K; ++i) {
      for (int64_t j = 0; j < V; ++j)
        S[i * V + j] = kept[W == 1 ? 0 : j] * S[i * V + j] + added[W == 1 ? 0 : j] * input(l, i, j);
      for (int64_t j = 0; j < W; ++j)
        N[i * W + j] = kept[j] * N[i * W + j] + added[j] * (op.getK() ? key(op.getK(), l, i) : 1);
    }
  }

  /// sum_i q[i] * rows[i, :], or the rows themselves.
  std::vector<double> project(ArrayRef<double> rows, int64_t width, int64_t t, int64_t query) {
    if (!op.getQ())
      return rows.vec();
    std::vector<double> sums(width);
    for (int64_t i = 0; i < K; ++i) {
      double q = op.getScale().convertToDouble() * e.tensor(op.getQ()).real(((b * n['T'] + t) * n['Q'] + query) * K + i);
      for (int64_t j = 0; j < width; ++j)
        sums[j] += q * rows[i * width + j];
    }
    return sums;
  }

  std::vector<double> value(int64_t t, int64_t query) {
    std::vector<double> y = project(S, V, t, query);
    if (!op.getNormalized())
      return y;
    std::vector<double> d = project(N, W, t, query);
    for (int64_t place = 0; place < int64_t(y.size()); ++place) {
      int64_t j = W == 1 ? 0 : place % V;
      double size = std::abs(d[place / V * W + j]), floor = op.getFloor().convertToDouble();
      y[place] /= (floor == 0 ? size : std::max(size, floor * std::exp(-m[j]))) + op.getEpsilon().convertToDouble();
    }
    return y;
  }

  ScanOp op;
  Evaluation &e;
  const Axes &n;
  int64_t b, h, K, V, W;
  std::vector<double> S, N, m; ///< [dk, dv], [dk, W], [W]
};

/// Fails where gates do not broadcast or heads do not divide.
LogicalResult checkLengths(ScanOp op, Evaluation &e, const Axes &n) {
  int64_t heads = n['H'], full[5] = {n['B'], n['L'], heads, n['K'], n['V']};
  for (Value gate : {op.getDecay(), op.getGate(), op.getRate(), op.getBonus()})
    for (int64_t axis = 1; gate && axis <= e.tensor(gate).rank(); ++axis)
      if (int64_t length = e.tensor(gate).size(e.tensor(gate).rank() - axis); length != 1 && length != full[5 - axis])
        return e.fail("a gate with the lengths " + describe(e.tensor(gate).shape()));
  for (Value keys : {op.getK(), op.getA(), op.getB()})
    if (int64_t count = keys ? e.tensor(keys).size(2) : heads; count == 0 ? heads != 0 : heads % count != 0)
      return e.fail(Twine(heads) + " state heads for " + Twine(count) + " key heads");
  if (int64_t count = op.getQ() ? n['Q'] : heads; count == 0 || heads == 0 ? count != heads : count % heads != 0 && heads % count != 0)
    return e.fail(Twine(heads) + " state heads for " + Twine(count) + " query heads");
  return success();
}

LogicalResult evaluate(ScanOp op, Evaluation &e) {
  Value initial[3] = {};
  llvm::copy(op.getStates(), initial);
  auto n = e.axes({{op.getV(), op.getK() ? "BLHV" : "BLHKV"}, {op.getK(), "BLGK"}, {op.getQ(), "BTQK"}, {op.getA(), "BLAK"}, {op.getB(), "BLCK"},
                   {initial[0], "BHKV"}, {initial[1], op.hasColumnGates() ? "BHKV" : "BHKO"}, {initial[2], op.hasColumnGates() ? "BHOV" : "BHOO"}});
  if (!n)
    return failure();
  int64_t updates = op.getUpdates(), length = (*n)['L'], batch = (*n)['B'], heads = (*n)['H'], K = (*n)['K'], V = (*n)['V'];
  if (!op.getQ())
    n->bind("T", length / updates);
  if (length != (*n)['T'] * updates)
    return e.fail(Twine((*n)['T']) + " tokens of " + Twine(updates) + " updates for values of length " + Twine(length));
  if (failed(checkLengths(op, e, *n)))
    return failure();
  int64_t tokens = (*n)['T'], W = op.hasColumnGates() ? V : 1, outer = op.getQ() ? std::max(heads, (*n)['Q']) : heads;
  std::optional<Tensor> result = e.make(op.getResult(), op.getQ() ? ArrayRef<int64_t>{batch, tokens, outer, V} : ArrayRef<int64_t>{batch, tokens, heads, K, V});
  SmallVector<Tensor> final;
  const int64_t shapes[3][4] = {{batch, heads, K, V}, {batch, heads, K, W}, {batch, heads, 1, W}};
  for (auto [value, shape] : llvm::zip(op.getFinal(), shapes)) {
    std::optional<Tensor> made = e.make(value, shape);
    if (!made)
      return failure();
    final.push_back(*made);
  }
  if (!result)
    return failure();
  int64_t width = op.getQ() ? V : K * V;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t h = 0; h < heads; ++h) {
      Head head(op, e, *n, b, h);
      for (int64_t t = 0; t < tokens; ++t) {
        auto read = [&] {
          for (int64_t o = h * outer / heads; o < (h + 1) * outer / heads; ++o)
            for (auto [place, value] : llvm::enumerate(head.read(t, op.getQ() ? shared(o, outer, (*n)['Q']) : 0, t * updates)))
              result->setReal(((b * tokens + t) * outer + o) * width + place, value);
        };
        if (op.getExclusive())
          read();
        for (int64_t l = t * updates; l < (t + 1) * updates; ++l)
          head.update(l);
        if (!op.getExclusive())
          read();
      }
      head.store(final);
    }
  for (auto [value, tensor] : llvm::zip(op.getFinal(), final))
    if (failed(e.set(value, tensor)))
      return failure();
  return e.set(op.getResult(), *result);
}

//===- moe.causal_conv ------------------------------------------------------------------------------------------===//

LogicalResult evaluate(CausalConvOp op, Evaluation &e) {
  auto n = e.axes({{op.getX(), "BTC"}, {op.getWeight(), "CK"}, {op.getBias(), "C"}, {op.getState(), "BCP"}});
  if (!n)
    return failure();
  int64_t batch = (*n)['B'], tokens = (*n)['T'], channels = (*n)['C'], taps = (*n)['K'], dilation = op.getDilation(), past = dilation * (taps - 1);
  if (taps < 1 || (op.getState() && (*n)['P'] != past))
    return e.fail("a state of " + Twine((*n)['P']) + " tokens for " + Twine(taps) + " weights with dilation " + Twine(dilation));
  std::optional<Tensor> result = e.make(op.getResult(), {batch, tokens, channels}), final = e.make(op.getFinal(), {batch, channels, past});
  if (!result || !final)
    return failure();
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t c = 0; c < channels; ++c) {
      auto whole = [&](int64_t place) {
        if (place >= past)
          return e.tensor(op.getX()).real((b * tokens + place - past) * channels + c);
        return op.getState() ? e.tensor(op.getState()).real((b * channels + c) * past + place) : 0.0;
      };
      for (int64_t t = 0; t < tokens; ++t) {
        double sum = op.getBias() ? e.tensor(op.getBias()).real(c) : 0;
        for (int64_t k = 0; k < taps; ++k)
          sum += e.tensor(op.getWeight()).real(c * taps + k) * whole(t + dilation * k);
        result->setReal((b * tokens + t) * channels + c, activate(op.getActivation(), sum));
      }
      for (int64_t p = 0; p < past; ++p)
        final->setReal((b * channels + c) * past + p, whole(tokens + p));
    }
  return failure(failed(e.set(op.getResult(), *result)) || failed(e.set(op.getFinal(), *final)));
}

} // namespace

void addScan(Rules &rules) {
  add<ScanOp>(rules, evaluate);
  add<CausalConvOp>(rules, evaluate);
}

} // namespace moe::reference
