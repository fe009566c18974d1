//===- Mamba2.cpp - Mamba-2 step by step and in chunks ----------------------------------------------------------===//
#include "Layers.h"
#include "Mamba.h"
#include "Recurrence.h"
#include <cmath>

namespace moe::gen {
namespace {

constexpr auto kFloat = onnx::TensorProto::FLOAT;

/// What the scan of one layer reads, all in float32.
struct Scanned {
  Name values;       ///< dt u, [batch, length, heads, width]
  Name logDecay;     ///< dt A, [batch, length, heads]
  Name b, c;         ///< [batch, length, state]
  Name first;        ///< [batch, heads, width, state]
  int64_t heads;
};

Swept stepByStep(Graph &g, const Options &o, const std::string &prefix, const Scanned &s) {
  auto step = [](Graph &body, const Name &h, llvm::ArrayRef<Name> now) {
    Name kept = body.node("Mul", {unsqueezed(body, body.node("Exp", {now[1]}), {2, 3}), h});
    Name next = body.node("Add", {kept, body.node("Mul", {unsqueezed(body, now[0], {3}), unsqueezed(body, now[2], {1, 2})})});
    Name read = body.node("MatMul", {next, unsqueezed(body, now[3], {1, 3})});
    return std::pair(next, body.node("Squeeze", {read, body.ints({-1})}));
  };
  std::vector<int64_t> byHead = {s.heads, o.headDim}, state = {s.heads, o.headDim, o.state};
  return sweep(g, o, prefix, {{s.values, byHead}, {s.logDecay, {s.heads}}, {s.b, {o.state}}, {s.c, {o.state}}}, s.first, state, byHead, step);
}

/// exp(sums[..., i] - sums[..., j]) for j <= i, 0 above: what is left at i of what came in at j. `n`: their number, of rank 1.
Name decays(Graph &g, const Name &sums, const Name &n) {
  Name difference = g.node("Sub", {unsqueezed(g, sums, {-1}), unsqueezed(g, sums, {-2})});
  Name ones = g.node("Expand", {g.number(1, kFloat), g.node("Concat", {n, n}, {{"axis", 0}})});
  Name lower = g.cast(g.node("Trilu", {ones}, {{"upper", 0}}), onnx::TensorProto::BOOL);
  return g.node("Exp", {g.node("Where", {lower, difference, g.number(-INFINITY, kFloat)})});
}

Name einsum(Graph &g, llvm::StringRef equation, llvm::ArrayRef<Name> operands) { return g.node("Einsum", operands, {{"equation", equation.str()}}); }

/// The chunks' own parts by products of matrices, then what the states at their beginnings add. Axes: b batch, c z chunks, l s steps of a
/// chunk, h heads, p width, n state.
Swept byChunks(Graph &g, const Options &o, const Scanned &s) {
  Name length = slice(g, g.node("Shape", {s.values}), 0, 1, 2), chunk = g.ints({o.chunk});
  Name missing = g.node("Mod", {g.node("Sub", {chunk, g.node("Mod", {length, chunk})}), chunk});
  auto chunked = [&](const Name &value, std::vector<int64_t> inner) {
    Name pads = g.node("Concat", {g.ints({0}), missing}, {{"axis", 0}});
    Name padded = g.node("Pad", {value, pads, g.number(0, kFloat), g.ints({1})});
    inner.insert(inner.begin(), {0, -1, o.chunk});
    return g.node("Reshape", {padded, g.ints(inner)});
  };
  Name values = chunked(s.values, {s.heads, o.headDim}), b = chunked(s.b, {o.state}), c = chunked(s.c, {o.state});
  Name logs = transposed(g, chunked(s.logDecay, {s.heads}), {0, 3, 1, 2});  // b h c l
  Name sums = g.node("CumSum", {logs, g.integer(3)});
  Name scores = g.node("Mul", {unsqueezed(g, einsum(g, "bcln,bcsn->bcls", {c, b}), {1}), decays(g, sums, chunk)});
  Name inside = einsum(g, "bhcls,bcshp->bclhp", {scores, values});

  Name ends = slice(g, sums, 3, -1, INT64_MAX);                             // b h c 1
  Name toEnd = transposed(g, g.node("Exp", {g.node("Sub", {ends, sums})}), {0, 2, 3, 1});
  Name added = einsum(g, "bcln,bclhp->bchpn", {b, g.node("Mul", {values, unsqueezed(g, toEnd, {-1})})});
  Name own = g.node("Concat", {unsqueezed(g, s.first, {1}), added}, {{"axis", 1}});
  Name endsAfterFirst = g.node("Pad", {g.node("Squeeze", {ends, g.ints({3})}), g.ints({1, 0}), g.number(0, kFloat), g.ints({2})});
  Name count = slice(g, g.node("Shape", {own}), 0, 1, 2);
  Name states = einsum(g, "bhzc,bchpn->bzhpn", {decays(g, g.node("CumSum", {endsAfterFirst, g.integer(2)}), count), own});
  Name begins = slice(g, states, 1, 0, -1), last = slice(g, states, 1, -1, INT64_MAX);

  Name fromBegin = unsqueezed(g, transposed(g, g.node("Exp", {sums}), {0, 2, 3, 1}), {-1});
  Name carried = g.node("Mul", {einsum(g, "bcln,bchpn->bclhp", {c, begins}), fromBegin});
  Name all = g.node("Reshape", {g.node("Add", {inside, carried}), g.ints({0, -1, s.heads, o.headDim})});
  return {g.node("Slice", {all, g.ints({0}), length, g.ints({1})}), g.node("Squeeze", {last, g.ints({1})})};
}

} // namespace

Name mamba2(Graph &g, const Options &o, int64_t layer, const Name &x) {
  std::string prefix = "layers." + std::to_string(layer) + ".mixer.";
  int64_t inner = o.inner, heads = inner / o.headDim, convolved = inner + 2 * o.state;
  Name all = linear(g, o, prefix + "in_proj.weight", x, o.hidden, inner + convolved + heads);
  std::vector<Name> projected = split(g, all, 2, {inner, convolved, heads});
  Name dt = stepLengths(g, o, prefix + "dt_bias", widened(g, projected[2]), heads);
  std::vector<Name> parts = split(g, widened(g, causalConv(g, o, layer, prefix, projected[1], convolved)), 2, {inner, o.state, o.state});
  Name u = g.node("Reshape", {parts[0], g.ints({0, 0, heads, o.headDim})});

  Scanned s;
  s.heads = heads;
  s.values = g.node("Mul", {u, unsqueezed(g, dt, {-1})});
  s.logDecay = g.node("Mul", {dt, decayRates(g, prefix + "A_log", {heads}, [&](int64_t head) { return 1.0 + 15.0 * double(head) / double(heads); })});
  s.b = parts[1];
  s.c = parts[2];
  std::vector<int64_t> stateShape = {heads, o.headDim, o.state};
  s.first = pastState(g, o, layer, "recurrent", x, stateShape, kFloat);
  Swept swept = o.recurrence == RecurrenceForm::Chunked ? byChunks(g, o, s) : stepByStep(g, o, prefix, s);
  presentState(g, o, layer, "recurrent", swept.last, stateShape, kFloat);

  Name y = g.node("Add", {swept.results, g.node("Mul", {u, skipWeights(g, o, prefix + "D", {heads, 1})})});
  Name flat = narrowed(g, g.node("Reshape", {y, g.ints({0, 0, inner})}));
  Name gated = rmsNorm(g, o, prefix + "norm.weight", g.node("Mul", {flat, silu(g, projected[0])}), inner);
  return linear(g, o, prefix + "out_proj.weight", gated, inner, o.hidden);
}

} // namespace moe::gen
