//===- ChunkedDelta.cpp - the gated delta rule, worked off in chunks --------------------------------------------===//
//
// Within a chunk of n tokens the rule solves a triangular system: with A[i,j] = (beta k_i . k_j) exp(g_i + ... + g_{j+1}) below the diagonal,
//     (I + A)^-1 row by row:   M = -A;   M[i,:i] += sum_j M[i,j] * M[j,:i]   for i = 1 ... n-1          the nodes of each row written out
// and some thirty more nodes. Exporters and authors write them in many ways, so only the outline is matched: the chain of rows; the tensors
// that are cut into chunks; the state; the tokens' result and the next state behind the chain. Which tensor is which, and that the nodes
// between them compute the rule, is found out by running them beside a moe.scan on random inputs of several lengths.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "../NodeMaker.h"
#include "../Replace.h"
#include "Collect.h"
#include "Region.h"
#include "Scan.h"
#include "moe/Check/Execution.h"
#include "moe/Dialect/Moe.h"
#include "moe/Reference/Interpreter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace moe::raise {
namespace {

/// The parts of the rule, over [batch, heads, tokens(, width)]; kb is beta * k, vb is beta * v.
struct DeltaParts {
  Value q, k, kb, vb, g, state;
};

struct DeltaResults {
  Value tokens, state;
};

/// The rule as a moe.scan.
DeltaResults makeScan(NodeMaker &make, const DeltaParts &parts) {
  auto byToken = [&](Value value) { return make.transpose(value, {0, 2, 1, 3}); };
  Value k = byToken(parts.k), v = byToken(parts.vb), gate = make.transpose(parts.g, {0, 2, 1});
  Value decay = make.node("Unsqueeze", {gate, make.ints({3, 4})}), wide = make.node("Unsqueeze", {gate, make.ints(3)});
  Value a = make.node("Neg", k), b = make.node("Mul", {make.node("Exp", wide), byToken(parts.kb)}), q = byToken(parts.q);
  auto type = cast<RankedTensorType>(v.getType()), keys = cast<RankedTensorType>(k.getType());
  auto last = RankedTensorType::get({type.getDimSize(0), type.getDimSize(2), keys.getDimSize(3), type.getDimSize(3)}, type.getElementType());
  auto op = ScanOp::create(make.b, make.loc, type, last, v, k, q, decay, Value(), a, b, Value(), Value(), parts.state ? ValueRange(parts.state) : ValueRange(),
                           APFloat(1.0), false, false, APFloat(0.0), APFloat(0.0), 1, IntegerAttr());
  make.known(op);
  make.shapes.define(op.getResult(), *make.shapes.dims(v));
  return {byToken(op.getResult()), op.getFinal().front()};
}

class ChunkedDeltaMatcher {
public:
  ChunkedDeltaMatcher(View &view, onnx::NodeOp node) : view(view), shapes(view.shapes), node(node) {}

  bool run() {
    return findChain() && findResults() && findChunks() && findState() && proveAndOrder() && replace();
  }

private:
  static RankedTensorType typeOf(Value value) { return dyn_cast<RankedTensorType>(value.getType()); }
  static bool isFloat(Value value) { return typeOf(value) && isa<FloatType>(typeOf(value).getElementType()); }

  /// Rows 1 to n-1 of the last two axes, written one after the other.
  bool findChain() {
    auto chain = collectScatters(view, node);
    auto type = typeOf(node.getResult(0));
    if (!chain || chain->first != 1 || !type || type.getRank() != 5 || chain->axis != 3)
      return false;
    size = type.getDimSize(3);
    heads = type.getDimSize(1);
    return size == type.getDimSize(4) && int64_t(chain->values.size()) == size - 1 && !ShapedType::isDynamic(heads);
  }

  /// The first value behind the chain that is over all tokens instead of a chunk's, and what may be the next state before it.
  bool findResults() {
    DenseSet<Value> behind = {node.getResult(0)};
    for (Operation *op = node->getNextNode(); op; op = op->getNextNode()) {
      if (llvm::none_of(op->getOperands(), [&](Value operand) { return behind.contains(operand); }))
        continue;
      for (Value result : op->getResults()) {
        behind.insert(result);
        auto type = typeOf(result);
        if (!type || type.getRank() != 4 || !isFloat(result) || type.getDimSize(1) != heads || type.isDynamicDim(3))
          continue;
        if (type.getDimSize(2) == size)
          continue;
        if (onnx::NodeOp node = dyn_cast<onnx::NodeOp>(op); node && node.is("Slice")) {
          tokens = result;
          break;
        }
        if (!type.isDynamicDim(2))
          states.push_back(result);
      }
      if (tokens)
        break;
    }
    return bool(tokens);
  }

  /// The value in front of zeros that fill up its third axis; null where something else was done to it.
  Value unpadded(NodeMaker &make, Value value) {
    auto op = value.getDefiningOp<onnx::NodeOp>();
    if (!op || !op.getDomain().empty())
      return {};
    if (op.is("Pad")) {
      const auto *pads = shapes.content(op.getOperand(1));
      auto rank = typeOf(value) ? typeOf(value).getRank() : 0;
      if (!pads || int64_t(pads->size()) != 2 * rank || op.stringAttribute("mode", "constant") != "constant")
        return {};
      if (Value fill = op.input(2); fill && !view.open(view.pool.load(fill, {}))->isConst(0))
        return {};
      for (auto [place, pad] : llvm::enumerate(*pads))
        if (int64_t(place) != rank + 2 && !pad.is(0))
          return {};
      return op.getOperand(0);
    }
    if (op.is("Unsqueeze")) {
      Value inner = unpadded(make, op.getOperand(0));
      return inner ? make.node("Unsqueeze", {inner, op.getOperand(1)}) : Value();
    }
    if (!op.is("Mul"))
      return {};
    Value left = unpadded(make, op.getOperand(0)), right = unpadded(make, op.getOperand(1));
    return left && right ? make.node("Mul", {left, right}) : Value();
  }

  /// The tensors that are cut into chunks of n tokens.
  bool findChunks() {
    llvm::SetVector<Operation *> seen;
    SmallVector<Value> pending = results();
    while (!pending.empty()) {
      Value value = pending.pop_back_val();
      auto op = value.getDefiningOp<onnx::NodeOp>();
      if (!op || !seen.insert(op))
        continue;
      auto type = typeOf(op.getResult(0)), from = op.getNumOperands() ? typeOf(op.getOperand(0)) : RankedTensorType();
      if (op.is("Reshape") && isFloat(value) && from && type.getRank() == from.getRank() + 1 && type.getRank() >= 4 && type.getDimSize(3) == size &&
          (*shapes.dims(op.getOperand(0)))[0] == (*shapes.dims(value))[0]) {
        chunked.push_back(op.getOperand(0));
        continue;
      }
      llvm::append_range(pending, op->getOperands());
    }
    chunked = llvm::SetVector<Value>(chunked.begin(), chunked.end()).takeVector();
    // The scan stands in front of all that it replaces.
    place = tokens.getDefiningOp();
    for (Value value : states)
      if (value.getDefiningOp()->isBeforeInBlock(place))
        place = value.getDefiningOp();
    return chunked.size() == 5 && llvm::all_of(chunked, [&](Value value) { return value.getDefiningOp() && value.getDefiningOp()->isBeforeInBlock(place); });
  }

  /// The state that the chunks start with: what the nodes read besides; none where they start from zeros that they make.
  bool findState() {
    Region region(chunked, results());
    for (Value value : region.others())
      if (isFloat(value)) {
        if (state || typeOf(value).getRank() != 4 || (value.getDefiningOp() && !value.getDefiningOp()->isBeforeInBlock(place)))
          return false;
        state = value;
      }
    return true;
  }

  SmallVector<Value> results() const {
    SmallVector<Value> all = {tokens};
    llvm::append_range(all, states);
    return all;
  }

  /// Finds the order q, k, kb, vb, g of the tensors in which the rule gives what the nodes give, for several lengths.
  bool proveAndOrder() {
    NodeMaker make(OpBuilder(place), node.getLoc(), shapes);
    for (Value value : chunked) {
      sources.push_back(unpadded(make, value));
      if (!sources.back())
        return false;
    }
    std::vector<unsigned> order = {0, 1, 2, 3, 4};
    do {
      if (agrees(order, size / 2 + 1)) {
        for (int64_t length : {int64_t(1), size - 1, size})
          if (!agrees(order, length))
            return false;
        Value *places[] = {&parts.q, &parts.k, &parts.kb, &parts.vb, &parts.g};
        for (auto [place, from] : llvm::zip(places, order))
          *place = sources[from];
        parts.state = state;
        return true;
      }
    } while (std::next_permutation(order.begin(), order.end()));
    return false;
  }

  struct Sample {
    std::vector<Tensor> sources; ///< as the scan takes them
    std::optional<Tensor> state;
    std::vector<Tensor> results;
  };

  /// What the nodes make of random inputs of a length; made once.
  const Sample *sample(int64_t length) {
    auto [entry, isNew] = samples.try_emplace(length);
    Sample &made = entry->second;
    if (!isNew)
      return made.results.empty() ? nullptr : &made;
    std::map<std::string, int64_t> lengths;
    auto give = [&](const SymExpr &expr, int64_t value) {
      if (auto name = expr.symbolName())
        lengths[*name] = value;
    };
    constexpr int64_t batch = 2;
    std::mt19937_64 random(length);
    std::vector<Tensor> padded;
    for (auto [chunkedValue, source] : llvm::zip(chunked, sources)) {
      const auto &dims = *shapes.dims(source);
      give(dims[0], batch);
      give(dims[2], length);
      SmallVector<int64_t> shape = {batch, heads, length}, whole = {batch, heads, size};
      int64_t width = 1;
      if (typeOf(source).getRank() == 4) {
        width = typeOf(chunkedValue).getShape().back();
        if (ShapedType::isDynamic(width))
          return nullptr;
        shape.push_back(width);
        whole.push_back(width);
      }
      Type element = typeOf(source).getElementType();
      // Small enough for the system to be well conditioned; decays are negative.
      Tensor value = randomNormal(element, shape, random, 0.3), filled(element, whole);
      for (int64_t place = 0; place < filled.count(); ++place)
        filled.setReal(place, 0);
      for (int64_t place = 0; place < value.count(); ++place) {
        if (typeOf(source).getRank() == 3)
          value.setReal(place, -std::fabs(value.real(place)));
        int64_t row = place / width, line = row / length;
        filled.setReal((line * size + row % length) * width + place % width, value.real(place));
      }
      made.sources.push_back(std::move(value));
      padded.push_back(std::move(filled));
    }
    SmallVector<Value> inputs(chunked);
    if (state) {
      SmallVector<int64_t> shape(typeOf(state).getShape());
      shape[0] = batch;
      if (llvm::is_contained(shape, ShapedType::kDynamic))
        return nullptr;
      made.state = randomNormal(typeOf(state).getElementType(), shape, random);
      padded.push_back(*made.state);
      inputs.push_back(state);
    }
    if (auto results = Region(inputs, this->results()).run(shapes, padded, lengths))
      made.results = *results;
    return made.results.empty() ? nullptr : &made;
  }

  bool agrees(ArrayRef<unsigned> order, int64_t length) {
    // Ranks and widths first: they need no run.
    auto widthOf = [&](unsigned place) { return typeOf(chunked[order[place]]).getRank() == 4 ? typeOf(chunked[order[place]]).getDimSize(3) : 0; };
    if (widthOf(4) != 0 || widthOf(0) == 0 || widthOf(0) != widthOf(1) || widthOf(1) != widthOf(2) || widthOf(3) != typeOf(tokens).getDimSize(3))
      return false;
    const Sample *given = sample(length);
    if (!given)
      return false;
    std::vector<Tensor> inputs;
    for (unsigned from : order)
      inputs.push_back(given->sources[from]);
    if (given->state)
      inputs.push_back(*given->state);
    auto found = runScan(inputs);
    if (!found)
      return false;
    auto same = [](const Tensor &got, const Tensor &want) { return compare(got, want).worst <= 1e-4; };
    if (!same(found->front(), given->results.front()))
      return false;
    for (auto [value, want] : llvm::zip(states, ArrayRef(given->results).drop_front()))
      if (!next && same(found->back(), want))
        next = value;
      else if (value == next && !same(found->back(), want))
        return false;
    return true;
  }

  /// The results of makeScan on tensors in the order of DeltaParts.
  std::optional<std::vector<Tensor>> runScan(ArrayRef<Tensor> inputs) {
    Location loc = node.getLoc();
    OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
    OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
    SmallVector<Type> types;
    for (const Tensor &input : inputs)
      types.push_back(RankedTensorType::get(input.shape(), input.elementType()));
    auto function = func::FuncOp::create(b, loc, "main", b.getFunctionType(types, {}));
    b.setInsertionPointToStart(function.addEntryBlock());
    ShapeAnalysis local;
    local.begin(function);
    NodeMaker make(b, loc, local);
    auto argument = [&](unsigned i) { return i < function.getNumArguments() ? Value(function.getArgument(i)) : Value(); };
    DeltaResults made = makeScan(make, {argument(0), argument(1), argument(2), argument(3), argument(4), argument(5)});
    func::ReturnOp::create(make.b, loc, ValueRange{made.tokens, made.state});
    function.setFunctionType(b.getFunctionType(types, TypeRange{made.tokens.getType(), made.state.getType()}));
    auto results = Interpreter(*module).run("main", inputs);
    if (results)
      return std::move(*results);
    llvm::consumeError(results.takeError());
    return std::nullopt;
  }

  bool replace() {
    NodeMaker make(OpBuilder(place), node.getLoc(), shapes);
    parts.g = oneChunk(make, parts.g);
    DeltaResults made = makeScan(make, parts);
    if (!make.valid)
      return false;
    if (next)
      replaceRaised(next, made.state);
    replaceRaised(tokens, made.tokens);
    return true;
  }

  /// The gate, with an error where there is more than one chunk: the nodes compute one.
  Value oneChunk(NodeMaker &make, Value gate) {
    Value padded = *llvm::find_if(chunked, [](Value value) { return typeOf(value).getRank() == 3; });
    Value chunks = make.node("Reshape", {padded, make.ints({0, heads, -1, size})});
    Value one = make.node("Squeeze", {chunks, make.ints(2)});
    Value length = make.node("Shape", gate, {make.attr("start", 2), make.attr("end", 3)});
    return make.node("Slice", {one, make.ints(0), length, make.ints(2)});
  }

  View &view;
  ShapeAnalysis &shapes;
  onnx::NodeOp node;
  int64_t size = 0, heads = 0;
  Value tokens, state;
  Value next; ///< the one of `states` that is the state behind the tokens; null where none is
  SmallVector<Value> states, chunked, sources;
  Operation *place = nullptr; ///< where the scan goes
  DeltaParts parts;
  std::map<int64_t, Sample> samples;
};

} // namespace

bool raiseChunkedDelta(View &view, onnx::NodeOp node) { return ChunkedDeltaMatcher(view, node).run(); }

} // namespace moe::raise
