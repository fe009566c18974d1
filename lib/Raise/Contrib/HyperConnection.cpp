//===- HyperConnection.cpp - ONNX Runtime's hyper-connections and Engram gates ----------------------------------===//
#include "Expansion.h"

using namespace mlir;

namespace moe::raise {
namespace {

/// Streams as (..., C, H), from that form or from (..., C * H).
FailureOr<Value> grouped(Expansion &e, Value streams, int64_t branches) {
  if (branches == 0) {
    if (e.rankOf(streams) >= 2)
      return streams;
    return e.fail("streams needs the shape [.., C, H], or num_branches");
  }
  int64_t width = e.length(streams, -1);
  if (branches < 0 || ShapedType::isDynamic(width) || width % branches != 0)
    return e.fail("num_branches " + Twine(branches) + " does not divide the last axis of streams, a constant");
  SmallVector<int64_t> shape(e.rankOf(streams) - 1, 0);
  shape.append({branches, width / branches});
  return e.reshape(streams, shape);
}

/// (..., C, H) as (..., C * H).
Value flattened(Expansion &e, Value streams) {
  SmallVector<int64_t> shape(e.rankOf(streams) - 2, 0);
  shape.push_back(e.length(streams, -1) * e.length(streams, -2));
  return e.reshape(streams, shape);
}

/// A gate (..., C) or (..., C, 1) or (..., C, H) as one that broadcasts with (..., C, H).
Value gateOf(Expansion &e, Value gate, int64_t rank) { return e.rankOf(gate) == rank - 1 ? e.unsqueeze(gate, int64_t(-1)) : gate; }

/// scale * sum over the branches of streams * gates, in float32.
LogicalResult preMix(Expansion &e) {
  int64_t branches = e.node.intAttribute("num_branches", 0);
  FailureOr<Value> streams = grouped(e, e.in(0), branches);
  if (failed(streams))
    return failure();
  int64_t rank = e.rankOf(*streams);
  Value gate = e.in(1);
  if (branches && e.rankOf(gate) == rank - 1 && e.length(gate, -1) == e.length(*streams, -1) * branches && e.length(*streams, -1) != 1)
    gate = *grouped(e, gate, branches);
  Value product = e.mul(e.widened(*streams), e.widened(gateOf(e, gate, rank)));
  Value sum = e.scaled(e.reduce("ReduceSum", product, int64_t(-2), /*keep=*/false), e.node.floatAttribute("reduction_scale", 1));
  return e.done(e.cast(sum, e.elementOf(e.in(0))));
}

/// streams mixed by stream_mix, whose axis -2 is summed, plus each branch's gate times the block's output; in float32.
LogicalResult postMix(Expansion &e) {
  int64_t branches = e.node.intAttribute("num_branches", 0);
  FailureOr<Value> streams = grouped(e, e.in(0), branches);
  if (failed(streams))
    return failure();
  Value wide = e.widened(*streams);
  if (Value mix = e.in(3)) {
    SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, e.rankOf(mix)));
    std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
    wide = e.op("MatMul", {e.make.transpose(e.widened(mix), perm), wide});
  }
  Value gate = gateOf(e, e.widened(e.in(2)), e.rankOf(*streams));
  Value sum = e.add(wide, e.mul(gate, e.unsqueeze(e.widened(e.in(1)), int64_t(-2))));
  Value result = e.cast(sum, e.elementOf(e.in(0)));
  return e.done(branches ? flattened(e, result) : result);
}

/// The steps of the operator's description, each rounded to the tensors' type where products and means are not taken.
LogicalResult lowRankMix(Expansion &e) {
  int64_t branches = e.node.intAttribute("num_branches", 0);
  Type type = e.elementOf(e.in(0));
  FailureOr<Value> found = branches < 1 ? FailureOr<Value>(e.fail("num_branches needs to be at least 1")) : grouped(e, e.in(0), branches);
  if (failed(found))
    return failure();
  if (bool(e.in(5)) != bool(e.in(6)))
    return e.fail("prev_block_output and prev_post_gate need each other");
  Value streams = *found;
  int64_t width = e.length(streams, -1);
  if (failed(e.needShape(1, branches * width)))
    return failure();
  if (e.in(5)) {
    Value injected = e.mul(e.unsqueeze(e.widened(e.in(6)), int64_t(-1)), e.unsqueeze(e.widened(e.in(5)), int64_t(-2)));
    streams = e.cast(e.add(e.widened(streams), injected), type);
  }
  Value normed = e.norm(e.widened(streams), {}, {}, NormKind::rms, e.node.floatAttribute("epsilon", 1e-5));
  normed = e.cast(e.mul(normed, e.widened(e.reshape(e.in(1), {branches, width}))), type);
  Value flat = flattened(e, normed);
  auto gate = [&](Value x) { return e.cast(e.sigmoid(e.widened(x)), type); };
  Value low = e.scaled(e.op("MatMul", {flat, e.in(2)}), e.node.floatAttribute("silu_alpha", 1));
  Value up = gate(e.op("MatMul", {e.mul(low, gate(low)), e.in(3)}));
  Value product = e.mul(e.widened(flat), e.widened(up));
  Value sum = e.reduce("ReduceSum", *grouped(e, product, branches), int64_t(-2), /*keep=*/false);
  Value output = e.cast(e.scaled(sum, e.node.floatAttribute("reduction_scale", 1)), type);
  double divisor = e.node.floatAttribute("gate_div", 1);
  if (divisor == 0)
    return e.fail("gate_div is 0");
  Value logits = e.op("MatMul", {flat, e.in(4)});
  if (divisor != 1)
    logits = e.div(logits, e.make.number(divisor, type));
  Value post = e.scaled(gate(logits), e.node.floatAttribute("gate_mul", 1));
  return e.done({output, post, e.wants(2) ? flattened(e, streams) : Value()});
}

/// sigmoid(sign(d) * sqrt(max(|d|, 1e-6))) * value with d the scaled product of the normalised key and query; in float32.
LogicalResult engramGate(Expansion &e) {
  double epsilon = e.node.floatAttribute("epsilon", 1e-5);
  Type type = e.elementOf(e.in(0));
  int64_t width = e.length(e.in(0), -1);
  if (failed(e.needRank(0, 4)) || failed(e.needLength(width, "the last axis of key")))
    return failure();
  if (e.wants(1) && !e.in(5))
    return e.fail("gated_value_normed needs conv_norm_scale");
  auto normed = [&](Value x, Value scale) { return e.mul(e.norm(e.widened(x), {}, {}, NormKind::rms, epsilon), e.widened(scale)); };
  Value dot = e.reduce("ReduceSum", e.mul(normed(e.in(0), e.in(3)), normed(e.in(1), e.in(4))), int64_t(-1));
  dot = e.scaled(dot, 1 / std::sqrt(double(width)));
  Value size = e.op("Sqrt", e.op("Max", {e.op("Abs", dot), e.make.number(1e-6, e.elementOf(dot))}));
  Value gate = e.sigmoid(e.mul(e.op("Sign", dot), size));
  Value gated = e.mul(gate, e.unsqueeze(e.widened(e.in(2)), 2));
  return e.done({e.cast(gated, type), e.wants(1) ? e.cast(normed(gated, e.in(5)), type) : Value()});
}

} // namespace

void addHyperConnections(ExpandTable &table) {
  addMicrosoft(table, "HyperConnectionPreMix", preMix);
  addMicrosoft(table, "HyperConnectionPostMix", postMix);
  addMicrosoft(table, "HyperConnectionLowRankMix", lowRankMix);
  addMicrosoft(table, "EngramGate", engramGate);
}

} // namespace moe::raise
