//===- Layers.cpp - what all kinds of layers are made of --------------------------------------------------------===//
#include "Layers.h"
#include "Random.h"

namespace moe::gen {

constexpr auto kFloat = onnx::TensorProto::FLOAT;

Name linear(Graph &g, const Options &o, const std::string &name, const Name &x, int64_t in, int64_t out) {
  Matrix matrix(o.seed, name, out, in);
  Name weight = g.weight(name, {in, out}, in, [&](int64_t column, std::vector<float> &values) {
    for (int64_t row = 0; row < out; ++row)
      values.push_back(matrix.at(row, column));
  });
  return g.node("MatMul", {x, weight});
}

Name widened(Graph &g, const Name &value) { return g.type == kFloat ? value : g.cast(value, kFloat); }

Name narrowed(Graph &g, const Name &value) { return g.type == kFloat ? value : g.cast(value, g.type); }

Name rmsNorm(Graph &g, const Options &o, const std::string &name, const Name &x, int64_t width) {
  Matrix deviation(o.seed, name, 1, width);
  Name weight = g.weight(name, {width}, 1, [&](int64_t, std::vector<float> &values) {
    for (int64_t i = 0; i < width; ++i)
      values.push_back(1 + deviation.at(0, i));
  });
  Name wide = widened(g, x);
  Name mean = g.node("ReduceMean", {g.node("Pow", {wide, g.number(2, kFloat)}), g.ints({-1})}, {{"keepdims", 1}});
  Name scale = g.node("Reciprocal", {g.node("Sqrt", {g.node("Add", {mean, g.number(1e-6, kFloat)})})});
  return g.node("Mul", {narrowed(g, g.node("Mul", {wide, scale})), weight});
}

Name silu(Graph &g, const Name &x) { return g.node("Mul", {x, g.node("Sigmoid", {x})}); }

Name lengthOf(Graph &g, const Name &value, int64_t axis) { return g.node("Gather", {g.node("Shape", {value}), g.integer(axis)}, {{"axis", 0}}); }

Name unsqueezed(Graph &g, const Name &value, llvm::ArrayRef<int64_t> axes) { return g.node("Unsqueeze", {value, g.ints(axes)}); }

Name transposed(Graph &g, const Name &value, std::vector<int64_t> order) { return g.node("Transpose", {value}, {{"perm", std::move(order)}}); }

Name slice(Graph &g, const Name &value, int64_t axis, int64_t begin, int64_t end) {
  return g.node("Slice", {value, g.ints({begin}), g.ints({end}), g.ints({axis})});
}

std::vector<Name> split(Graph &g, const Name &value, int64_t axis, llvm::ArrayRef<int64_t> lengths) {
  return g.nodes("Split", lengths.size(), {value, g.ints(lengths)}, {{"axis", axis}});
}

} // namespace moe::gen
