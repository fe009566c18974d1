//===- Bank.cpp - the weights of a layer's experts --------------------------------------------------------------===//
#include "Bank.h"
#include "llvm/ADT/Twine.h"

using llvm::StringRef;
using llvm::Twine;

namespace moe::gen {

static std::string nameOf(const Bank &bank, StringRef projection, int64_t expert) {
  return (Twine(bank.prefix) + "experts." + Twine(expert) + "." + projection).str();
}

Matrix Bank::matrix(StringRef projection, int64_t expert) const {
  bool down = projection == "down";
  return Matrix(o.seed, nameOf(*this, projection, expert), down ? o.hidden : o.ffn, down ? o.ffn : o.hidden, Grid{o.bits, o.block});
}

std::pair<StringRef, int64_t> Bank::firstRow(Order order, int64_t row) const {
  if (!o.gated())
    return {"up", row};
  if (order == Order::Interleaved)
    return {row % 2 == 0 ? "gate" : "up", row / 2};
  return {row < o.ffn ? "gate" : "up", row % o.ffn};
}

/// Appends element (row, column) = at(row, column) of a matrix in the layout.
static void lay(Layout layout, int64_t rows, int64_t columns, llvm::function_ref<float(int64_t, int64_t)> at, std::vector<float> &out) {
  for (int64_t a = 0; a < (layout == Layout::Rows ? rows : columns); ++a)
    for (int64_t b = 0; b < (layout == Layout::Rows ? columns : rows); ++b)
      out.push_back(layout == Layout::Rows ? at(a, b) : at(b, a));
}

static std::vector<int64_t> shapeOf(Layout layout, std::vector<int64_t> outer, int64_t rows, int64_t columns) {
  outer.push_back(layout == Layout::Rows ? rows : columns);
  outer.push_back(layout == Layout::Rows ? columns : rows);
  return outer;
}

Name Bank::first(Layout layout, Order order) const {
  auto shape = shapeOf(layout, {o.experts}, firstRows(), o.hidden);
  return g.weight(prefix + (o.gated() ? "experts.gate_up_proj" : "experts.up_proj"), shape, o.experts, [&](int64_t e, std::vector<float> &out) {
    std::vector<float> gate = o.gated() ? matrix("gate", e).values() : std::vector<float>(), up = matrix("up", e).values();
    lay(layout, firstRows(), o.hidden,
        [&](int64_t row, int64_t column) {
          auto [projection, at] = firstRow(order, row);
          return (projection == "gate" ? gate : up)[at * o.hidden + column];
        },
        out);
  });
}

Name Bank::down(Layout layout) const {
  return g.weight(prefix + "experts.down_proj", shapeOf(layout, {o.experts}, o.hidden, o.ffn), o.experts, [&](int64_t e, std::vector<float> &out) {
    std::vector<float> values = matrix("down", e).values();
    lay(layout, o.hidden, o.ffn, [&](int64_t row, int64_t column) { return values[row * o.ffn + column]; }, out);
  });
}

Name Bank::single(StringRef projection, int64_t expert, Layout layout) const {
  Matrix own = matrix(projection, expert);
  return g.weight(nameOf(*this, projection, expert) + "_proj.weight", shapeOf(layout, {}, own.rows, own.columns), 1, [&](int64_t, std::vector<float> &out) {
    std::vector<float> values = own.values();
    lay(layout, own.rows, own.columns, [&](int64_t row, int64_t column) { return values[row * own.columns + column]; }, out);
  });
}

float Bank::bias(StringRef projection, int64_t expert, int64_t row) const {
  if (!o.biases)
    return 0;
  return Matrix(o.seed, nameOf(*this, projection, expert) + ".bias", 1, projection == "down" ? o.hidden : o.ffn).at(0, row);
}

Name Bank::firstBias(Order order, llvm::ArrayRef<int64_t> shape) const {
  return g.weight(prefix + "experts.gate_up_proj_bias", shape, o.experts, [&](int64_t e, std::vector<float> &out) {
    for (int64_t row = 0; row < firstRows(); ++row) {
      auto [projection, at] = firstRow(order, row);
      out.push_back(bias(projection, e, at));
    }
  });
}

Name Bank::downBias(llvm::ArrayRef<int64_t> shape) const {
  return g.weight(prefix + "experts.down_proj_bias", shape, o.experts, [&](int64_t e, std::vector<float> &out) {
    for (int64_t row = 0; row < o.hidden; ++row)
      out.push_back(bias("down", e, row));
  });
}

Name Bank::singleBias(StringRef projection, int64_t expert) const {
  int64_t rows = projection == "down" ? o.hidden : o.ffn;
  return g.weight(nameOf(*this, projection, expert) + "_proj.bias", {rows}, 1, [&](int64_t, std::vector<float> &out) {
    for (int64_t row = 0; row < rows; ++row)
      out.push_back(bias(projection, expert, row));
  });
}

std::pair<Name, Name> Bank::split(const Name &product, Order order, int64_t axis) const {
  if (!o.gated())
    return {Name(), product};
  if (order == Order::Halves) {
    auto parts = g.nodes("Split", 2, {product}, {{"axis", axis}, {"num_outputs", 2}});
    return {parts[0], parts[1]};
  }
  auto everySecond = [&](int64_t start) {
    return g.node("Slice", {product, g.ints({start}), g.ints({INT64_MAX}), g.ints({axis}), g.ints({2})});
  };
  return {everySecond(0), everySecond(1)};
}

Name Bank::unit(const Name &gate, const Name &up) const {
  switch (o.unit) {
  case Unit::Relu: return g.node("Relu", {up});
  case Unit::Silu: return g.node("Mul", {g.node("Mul", {gate, g.node("Sigmoid", {gate})}), up});
  case Unit::GptOss: {
    Name limited = g.node("Clip", {gate, "", g.number(kLimit)});
    Name clamped = g.node("Clip", {up, g.number(-kLimit), g.number(kLimit)});
    Name sigmoid = g.node("Sigmoid", {g.node("Mul", {limited, g.number(kAlpha)})});
    return g.node("Mul", {g.node("Add", {clamped, g.number(kBeta)}), g.node("Mul", {limited, sigmoid})});
  }
  }
  return {};
}

} // namespace moe::gen
