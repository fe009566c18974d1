//===- Recurrence.cpp - a state carried over the steps of sequences ---------------------------------------------===//
#include "Recurrence.h"
#include "Layers.h"
#include "Random.h"

namespace moe::gen {
namespace {

constexpr auto kFloat = onnx::TensorProto::FLOAT, kBool = onnx::TensorProto::BOOL, kInt = onnx::TensorProto::INT64;

std::vector<std::string> withBatch(llvm::ArrayRef<int64_t> inner) {
  std::vector<std::string> shape = {"batch"};
  for (int64_t length : inner)
    shape.push_back(std::to_string(length));
  return shape;
}

Name at(Graph &g, const Name &sequence, const Name &step) { return g.node("Gather", {sequence, step}, {{"axis", 1}}); }

Swept unrolled(Graph &g, const Options &o, llvm::ArrayRef<Sequence> sequences, Name state, Step step) {
  std::vector<Name> results;
  for (int64_t i = 0; i < o.steps; ++i) {
    Name index = g.integer(i);
    std::vector<Name> slices;
    for (const Sequence &sequence : sequences)
      slices.push_back(at(g, sequence.value, index));
    auto [next, result] = step(g, state, slices);
    state = next;
    results.push_back(unsqueezed(g, result, {1}));
  }
  return {g.node("Concat", results, {{"axis", 1}}), state};
}

} // namespace

Swept sweep(Graph &g, const Options &o, const std::string &prefix, llvm::ArrayRef<Sequence> sequences, const Name &state,
            llvm::ArrayRef<int64_t> stateShape, llvm::ArrayRef<int64_t> resultShape, Step step) {
  if (o.recurrence == RecurrenceForm::Unrolled)
    return unrolled(g, o, sequences, state, step);
  bool loop = o.recurrence == RecurrenceForm::Loop;
  onnx::GraphProto proto;
  Graph body(proto, g);
  Name index = loop ? body.input(prefix + "step", kInt, {}) : "", condition = loop ? body.input(prefix + "condition", kBool, {}) : "";
  Name carried = body.input(prefix + "state", kFloat, withBatch(stateShape));
  std::vector<Name> slices, operands = loop ? std::vector<Name>{lengthOf(g, sequences.front().value, 1), "", state} : std::vector<Name>{state};
  for (const auto &sequence : sequences) {
    slices.push_back(loop ? at(body, sequence.value, index)
                          : body.input(prefix + "slice_" + std::to_string(slices.size()), kFloat, withBatch(sequence.inner)));
    if (!loop)
      operands.push_back(sequence.value);
  }
  auto [next, result] = step(body, carried, slices);
  if (loop)
    body.output(condition, prefix + "condition_out", kBool, {});
  body.output(next, prefix + "state_out", kFloat, withBatch(stateShape));
  body.output(result, prefix + "result", kFloat, withBatch(resultShape));
  if (!loop) {
    std::vector<int64_t> axes(sequences.size(), 1);
    auto results = g.nodes("Scan", 2, operands,
                           {{"body", &proto}, {"num_scan_inputs", int64_t(sequences.size())}, {"scan_input_axes", axes},
                            {"scan_output_axes", std::vector<int64_t>{1}}});
    return {results[1], results[0]};
  }
  auto results = g.nodes("Loop", 2, operands, {{"body", &proto}}); // a Loop's results lie along axis 0
  std::vector<int64_t> order = {1, 0};
  for (size_t axis = 0; axis < resultShape.size(); ++axis)
    order.push_back(axis + 2);
  return {transposed(g, results[1], order), results[0]};
}

static std::string stateName(const char *when, int64_t layer, const char *what) {
  return std::string(when) + "." + std::to_string(layer) + "." + what;
}

Name pastState(Graph &g, const Options &o, int64_t layer, const char *what, const Name &tokens, llvm::ArrayRef<int64_t> shape, Type type) {
  if (o.cache)
    return g.input(stateName("past", layer, what), type, withBatch(shape));
  Name batch = slice(g, g.node("Shape", {tokens}), 0, 0, 1);
  return g.node("Expand", {g.number(0, type), g.node("Concat", {batch, g.ints(shape)}, {{"axis", 0}})});
}

void presentState(Graph &g, const Options &o, int64_t layer, const char *what, const Name &value, llvm::ArrayRef<int64_t> shape, Type type) {
  if (o.cache)
    g.output(value, stateName("present", layer, what), type, withBatch(shape));
}

Name causalConv(Graph &g, const Options &o, int64_t layer, const std::string &prefix, const Name &x, int64_t channels) {
  Matrix taps(o.seed, prefix + "conv1d.weight", channels, o.conv), shift(o.seed, prefix + "conv1d.bias", channels, channels);
  Name weight = g.weight(prefix + "conv1d.weight", {channels, 1, o.conv}, 1, [&](int64_t, std::vector<float> &values) { values = taps.values(); });
  Name bias = g.weight(prefix + "conv1d.bias", {channels}, channels, [&](int64_t row, std::vector<float> &values) { values = {shift.at(row, 0)}; });
  Name rows = transposed(g, x, {0, 2, 1});
  std::vector<int64_t> pastShape = {channels, o.conv - 1};
  Name all = g.node("Concat", {pastState(g, o, layer, "conv", x, pastShape, g.type), rows}, {{"axis", 2}});
  if (o.cache)
    presentState(g, o, layer, "conv", slice(g, all, 2, -(o.conv - 1), INT64_MAX), pastShape, g.type);
  Name convolved = g.node("Conv", {all, weight, bias}, {{"group", channels}, {"kernel_shape", std::vector<int64_t>{o.conv}}});
  return transposed(g, silu(g, convolved), {0, 2, 1});
}

} // namespace moe::gen
