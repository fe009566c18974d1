//===- ChunkTrial.cpp - what chunks stand for, found out by running them ----------------------------------------===//
#include "ChunkTrial.h"
#include "Region.h"
#include "moe/Check/Execution.h"
#include "moe/Reference/Interpreter.h"
#include "mlir/IR/Verifier.h"
#include <cmath>

using namespace mlir;

namespace moe::raise {
namespace {

constexpr double kTolerance = 1e-4;
constexpr int64_t kBatch = 2;

/// Random tokens, and what the nodes make of them.
struct Sample {
  std::vector<Tensor> wholes;
  std::optional<Tensor> initial; ///< [B, H, *, *]
  std::vector<Tensor> results;   ///< the merged value, the states
};

Tensor transposed(const Tensor &state) {
  int64_t rows = state.size(2), columns = state.size(3);
  Tensor result(state.elementType(), {state.size(0), state.size(1), columns, rows});
  for (int64_t place = 0; place < state.count(); ++place) {
    int64_t matrix = place / (rows * columns), row = place / columns % rows, column = place % columns;
    result.setReal((matrix * columns + column) * rows + row, state.real(place));
  }
  return result;
}

bool same(const Tensor &got, const Tensor &want) { return got.shape() == want.shape() && compare(got, want, 1e-6).worst <= kTolerance; }

class Trial {
public:
  Trial(View &view, const Chunks &chunks) : shapes(view.shapes), chunks(chunks) {
    SmallVector<Value> inputs, results = {chunks.merged};
    for (const Cut &cut : chunks.cuts)
      inputs.push_back(cut.whole);
    if (chunks.initial)
      inputs.push_back(chunks.initial);
    llvm::append_range(results, chunks.states);
    region.emplace(inputs, results);
  }

  std::optional<ChunkMeaning> run() {
    int64_t few = chunks.count.value_or(1);
    auto full = sample(few, 0), part = full ? sample(few, chunks.size / 2) : std::nullopt;
    if (!full || !part)
      return std::nullopt;
    // A graph that fails for more chunks was made for these; one that computes something else is no scan.
    auto many = chunks.count ? std::nullopt : sample(few + 2, 0);
    auto fixed = many ? std::nullopt : std::optional(few);
    for (const ChunkRoles &roles : possibleRoles(chunks))
      for (StateOrder order : {StateOrder::RowsFirst, StateOrder::ColumnsFirst}) {
        ChunkMeaning meaning{roles, order, 1, fixed, {}};
        if (agrees(*full, meaning, true) && agrees(*part, meaning, false) && (!many || agrees(*many, meaning, false)))
          return meaning;
        if (!chunks.initial)
          break;
      }
    return std::nullopt;
  }

private:
  /// Tokens of `count` chunks, the last `missing` of them zeros.
  std::optional<Sample> sample(int64_t count, int64_t missing) {
    std::map<std::string, int64_t> lengths;
    auto give = [&](const SymExpr &expr, int64_t value) {
      if (auto name = expr.symbolName())
        lengths[*name] = value;
      return expr.constant().value_or(value);
    };
    Sample made;
    std::mt19937_64 random(count);
    int64_t padded = count * chunks.size;
    for (const Cut &cut : chunks.cuts) {
      int64_t batch = give((*shapes.dims(cut.whole))[0], kBatch);
      SmallVector<int64_t> shape;
      giveTokens(cut, padded - missing, lengths);
      for (auto [axis, length] : llvm::enumerate(cut.shape)) {
        if (axis != 0 && axis != cut.axis && ShapedType::isDynamic(length))
          return std::nullopt;
        shape.push_back(axis == 0 ? batch : axis == cut.axis ? padded : length);
      }
      made.wholes.push_back(tokens(cast<RankedTensorType>(cut.whole.getType()).getElementType(), shape, cut.axis, missing, random));
    }
    std::vector<Tensor> values = made.wholes;
    if (chunks.initial) {
      auto type = cast<RankedTensorType>(chunks.initial.getType());
      SmallVector<int64_t> shape(type.getShape());
      shape[0] = give((*shapes.dims(chunks.initial))[0], kBatch);
      SmallVector<int64_t> four = {shape[0]};
      if (llvm::is_contained(shape, ShapedType::kDynamic))
        return std::nullopt;
      for (int64_t length : ArrayRef(shape).drop_front())
        if (length != 1 || shape.size() == 4)
          four.push_back(length);
      if (four.size() != 4)
        return std::nullopt;
      values.push_back(randomNormal(type.getElementType(), shape, random));
      made.initial = values.back().reshaped(four);
    }
    auto results = region->run(shapes, values, lengths);
    if (!results)
      return std::nullopt;
    made.results = std::move(*results);
    return made;
  }

  /// The length of the axis in front of padding.
  void giveTokens(const Cut &cut, int64_t length, std::map<std::string, int64_t> &lengths) {
    for (Value value = cut.whole; value;) {
      const auto *dims = shapes.dims(value);
      if (auto name = dims && cut.axis < dims->size() ? (*dims)[cut.axis].symbolName() : std::nullopt; name && name->find('(') == std::string::npos)
        lengths[*name] = length;
      auto node = value.getDefiningOp<onnx::NodeOp>();
      value = node && llvm::is_contained({"Pad", "Mul"}, node.getOpType()) ? node.getOperand(0) : Value();
    }
  }

  /// Small enough for triangular systems to be well conditioned; what may be a gate decays.
  static Tensor tokens(Type element, ArrayRef<int64_t> shape, unsigned axis, int64_t missing, std::mt19937_64 &random) {
    Tensor result = randomNormal(element, shape, random, shape.size() == 4 ? std::min(0.3, 1 / std::sqrt(double(shape.back()))) : 0.3);
    int64_t inner = 1;
    for (int64_t length : shape.drop_front(axis + 1))
      inner *= length;
    for (int64_t place = 0; place < result.count(); ++place)
      if (place / inner % shape[axis] >= shape[axis] - missing)
        result.setReal(place, 0);
      else if (shape.size() == 3)
        result.setReal(place, -std::fabs(result.real(place)));
    return result;
  }

  /// True where the scan gives what the nodes give. The first sample settles the scale and the final states.
  bool agrees(const Sample &sample, ChunkMeaning &meaning, bool first) {
    auto found = runScan(sample, meaning);
    if (!found)
      return false;
    Tensor &y = found->front();
    const Tensor &want = sample.results.front();
    if (y.shape() != want.shape())
      return false;
    if (first)
      meaning.scale = ratio(y, want);
    if (!std::isfinite(meaning.scale) || meaning.scale == 0)
      return false;
    for (int64_t place = 0; place < y.count(); ++place)
      y.setReal(place, y.real(place) * meaning.scale);
    if (!same(y, want))
      return false;
    Tensor rows = found->back(), columns = transposed(rows);
    if (first)
      for (auto [value, state] : llvm::zip(chunks.states, ArrayRef(sample.results).drop_front()))
        for (StateOrder order : {StateOrder::RowsFirst, StateOrder::ColumnsFirst})
          if (same(order == StateOrder::RowsFirst ? rows : columns, state)) {
            meaning.finals.push_back({value, order});
            break;
          }
    llvm::erase_if(meaning.finals, [&](auto &final) {
      size_t place = llvm::find(chunks.states, final.first) - chunks.states.begin();
      return !same(final.second == StateOrder::RowsFirst ? rows : columns, sample.results[1 + place]);
    });
    return true;
  }

  /// want / got where `want` is largest: 1 where it is close to it.
  static double ratio(const Tensor &got, const Tensor &want) {
    int64_t largest = 0;
    for (int64_t place = 0; place < want.count(); ++place)
      if (std::fabs(want.real(place)) > std::fabs(want.real(largest)))
        largest = place;
    double value = want.real(largest) / got.real(largest);
    return std::fabs(value - 1) < kTolerance ? 1 : value;
  }

  /// The tokens' results in the form of the merged value, and the last state.
  std::optional<std::vector<Tensor>> runScan(const Sample &sample, const ChunkMeaning &meaning) {
    Location loc = chunks.merged.getLoc();
    OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
    OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
    std::vector<Tensor> inputs = sample.wholes;
    if (sample.initial)
      inputs.push_back(*sample.initial);
    SmallVector<Type> types;
    for (const Tensor &input : inputs)
      types.push_back(RankedTensorType::get(input.shape(), input.elementType()));
    auto function = func::FuncOp::create(b, loc, "main", b.getFunctionType(types, {}));
    b.setInsertionPointToStart(function.addEntryBlock());
    ShapeAnalysis local;
    local.begin(function);
    NodeMaker make(b, loc, local);
    SmallVector<Value> arguments(function.getArguments());
    Value initial = sample.initial ? arguments.pop_back_val() : Value();
    ScanOp op = makeChunkedScan(make, chunks, meaning.roles, arguments, initial, meaning.initialOrder, 1);
    Value y = chunks.axis == 1 ? op.getResult() : make.transpose(op.getResult(), {0, 2, 1, 3});
    func::ReturnOp::create(make.b, loc, ValueRange{y, op.getFinal().front()});
    function.setFunctionType(b.getFunctionType(types, TypeRange{y.getType(), op.getFinal().front().getType()}));
    auto results = make.valid && succeeded(verify(*module)) ? Interpreter(*module).run("main", inputs) : llvm::Expected<std::vector<Tensor>>(std::vector<Tensor>());
    if (results && !results->empty())
      return std::move(*results);
    if (!results)
      llvm::consumeError(results.takeError());
    return std::nullopt;
  }

  const ShapeAnalysis &shapes;
  const Chunks &chunks;
  std::optional<Region> region;
};

} // namespace

std::optional<ChunkMeaning> findMeaning(View &view, const Chunks &chunks) { return Trial(view, chunks).run(); }

} // namespace moe::raise
