//===- Experts.cpp - the kernels of moe.experts for GPUs ----------------------------------------------------------===//
//
// Four launches. `experts_order` sorts the (token, slot) pairs by expert: only their numbers move. `experts_up`: a block is a tile of one expert's rows
// and inner width; rows are gathered as they are read, activation and biases are applied to the sums. `experts_down`: the same with the outputs; a
// row goes, weighted, to its pair's place. `experts_sum` adds the pairs of a token in the order of its slots, so that results do not depend on
// the order of blocks. Tiles are counted over all experts, so that the grid is as large as the work whatever the routing: at most one tile
// per expert is not full.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "../MoeToKernels/ExpertBytes.h"
#include "../MoeToKernels/Scalars.h"
#include "Lowerings.h"
#include "moe/Dialect/Rt.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {
namespace {

constexpr int64_t kThreads = 128; ///< of kernels without products

class GpuExpertsLowering {
public:
  GpuExpertsLowering(ExpertsOp op, const Chip &chip, RewriterBase &rewriter) : op(op), chip(chip), rewriter(rewriter), b(op.getLoc(), rewriter), c(b) {
    auto up = cast<RankedTensorType>(op.getUp().getType());
    experts = up.getDimSize(0);
    inner = up.getDimSize(1);
    depth = up.getDimSize(2);
    hidden = cast<RankedTensorType>(op.getType()).getDimSize(1);
  }

  void run() {
    auto length = [&](Value tensor, int64_t axis) {
      return getValueOrCreateConstantIndexOp(b, b.getLoc(), tensor::getMixedSize(b, b.getLoc(), tensor, axis));
    };
    tokens = length(op.getX(), 0);
    slots = length(op.getIds(), 1);
    pairs = c.mul(tokens, slots);
    rowTiles = c.add(c.div(pairs, c.index(TileProduct::kRows)), c.index(experts));
    order();
    rt::RoutedOp::create(b, bufferOf(b, op.getIds()), experts, expertBytes(op)); // its ids are valid from here on
    up();
    down();
    sum();
  }

private:
  Value scratch(ArrayRef<int64_t> shape, Type element) {
    SmallVector<Value> lengths;
    if (ShapedType::isDynamic(shape.front()))
      lengths.push_back(pairs);
    return memref::AllocOp::create(b, MemRefType::get(shape, element), lengths);
  }

  /// The places of an expert's pairs in `sorted`: from the first to behind the last.
  static std::pair<Value, Value> rowsOf(Code k, Value offsets, Value expert) {
    return {k.asIndex(k.load(offsets, {expert})), k.asIndex(k.load(offsets, {k.add(expert, k.index(1))}))};
  }

  /// offsets[e] .. offsets[e+1] are the places of expert e in `sorted`, which holds pair numbers in rising order. A thread counts and places the
  /// pairs of its experts.
  void order() {
    offsets = scratch({experts + 1}, b.getI32Type());
    sorted = scratch({ShapedType::kDynamic}, b.getI32Type());
    SmallVector<Value> args = {bufferOf(b, op.getIds()), offsets, sorted, pairs, slots};
    SharedArray counts{{experts + 1}, b.getI32Type()};
    launchGrid(b, "experts_order", args, {{c.index(1)}, kThreads}, counts, [&](Code k, ValueRange in, ValueRange shared) {
      Value ids = in[0], offsets = in[1], sorted = in[2], pairs = in[3], slots = in[4], counts = shared[0];
      Type i32 = k.b.getI32Type();
      Value zero = k.index(0), all = k.index(experts), thread = threadOf(k), none = k.constant(i32, 0), one = k.constant(i32, 1);
      auto idOf = [&](Code k, Value pair) { return k.asIndex(k.load(ids, {k.div(pair, slots), k.rem(pair, slots)})); };
      k.loop(thread, pairs, [&](Code k, Value pair) {
        Value id = idOf(k, pair);
        rt::CheckOp::create(k.b, k.either(k.less(id, all), k.equal(id, k.index(-1))), "moe.experts: an expert's index is out of range");
      }, kThreads);
      k.loop(thread, all, [&](Code k, Value expert) {
        Value count = k.loop(zero, pairs, ValueRange(none), [&](Code k, Value pair, ValueRange now) -> SmallVector<Value> {
          return {k.choose(k.equal(idOf(k, pair), expert), k.add(now[0], one), now[0])};
        })[0];
        k.store(count, counts, {expert});
      }, kThreads);
      barrier(k);
      k.loop(thread, k.index(experts + 1), [&](Code k, Value expert) {
        Value start = k.loop(zero, expert, ValueRange(none), [&](Code k, Value before, ValueRange now) -> SmallVector<Value> {
          return {k.add(now[0], k.load(counts, {before}))};
        })[0];
        k.store(start, offsets, {expert});
        k.when(k.less(expert, all), [&](Code k) {
          k.loop(zero, pairs, ValueRange(start), [&](Code k, Value pair, ValueRange next) -> SmallVector<Value> {
            Value mine = k.equal(idOf(k, pair), expert);
            k.when(mine, [&](Code k) { k.store(k.asInteger(pair, i32), sorted, {k.asIndex(next[0])}); });
            return {k.choose(mine, k.add(next[0], one), next[0])};
          });
        });
      }, kThreads);
    });
  }

  /// Runs `body` for the block's expert and rows where there are any: expert, first row, behind the last.
  void whereRows(Code k, Value offsets, llvm::function_ref<void(Code, Value expert, Value first, Value last)> body) {
    // Goes through the experts until the tiles before it are used up; -1 tiles are left once it is found.
    Value tile = blockOf(k, 1), none = k.index(experts);
    SmallVector<Value> found = k.loop(k.index(0), none, ValueRange{none, tile}, [&](Code k, Value expert, ValueRange now) -> SmallVector<Value> {
      auto [first, last] = rowsOf(k, offsets, expert);
      Value count = k.ceilDiv(k.sub(last, first), k.index(TileProduct::kRows));
      Value here = k.both(k.equal(now[0], none), k.less(now[1], count));
      Value left = k.choose(k.equal(now[0], none), k.sub(now[1], k.choose(here, k.index(0), count)), now[1]);
      return {k.choose(here, expert, now[0]), left};
    });
    k.when(k.less(found[0], none), [&](Code k) {
      auto [first, last] = rowsOf(k, offsets, found[0]);
      Value start = k.add(first, k.mul(found[1], k.index(TileProduct::kRows)));
      body(k, found[0], start, k.minIndex(last, k.add(start, k.index(TileProduct::kRows))));
    });
  }

  /// The element of an expert's weight as the products take it.
  static auto weightSource(Value weight, Value expert, Value firstColumn, int64_t columns, int64_t depth, Type operand) {
    return [=](Code k, Value column, Value at) {
      Value place = k.add(firstColumn, column);
      return loadInside(k, k.both(k.less(place, k.index(columns)), k.less(at, k.index(depth))), weight, {expert, place, at}, operand);
    };
  }

  /// inner[row, i] = act(gate) * (up + beta) for the sorted rows.
  void up() {
    bool gated = bool(op.getGate());
    Type operand = operandType(op.getX(), gated ? ValueRange{op.getUp(), op.getGate()} : ValueRange{op.getUp()});
    Type innerType = operandType(op.getX(), op.getDown()); // where the second product rounds to bfloat16, so does what it reads
    innerRows = scratch({ShapedType::kDynamic, inner}, innerType);
    SmallVector<Value> args = {bufferOf(b, op.getX()), offsets, sorted, innerRows, slots, bufferOf(b, op.getUp())};
    int gateAt = optionalBuffer(b, args, op.getGate()), upBiasAt = optionalBuffer(b, args, op.getUpBias());
    int gateBiasAt = optionalBuffer(b, args, op.getGateBias());
    int weightsAt = optionalBuffer(b, args, op.getScaleInput() ? op.getWeights() : Value());
    MatrixUnit unit(chip, operand);
    TileProduct product(unit, gated ? 2 : 1);
    Grid grid{{c.index(llvm::divideCeil(inner, TileProduct::kColumns)), rowTiles}, product.threads()};
    launchGrid(b, "experts_up", args, grid, product.shared(), [&](Code k, ValueRange in, ValueRange shared) {
      Value x = in[0], sorted = in[2], rows = in[3], slots = in[4];
      Value firstColumn = k.mul(blockOf(k), k.index(TileProduct::kColumns));
      whereRows(k, in[1], [&](Code k, Value expert, Value first, Value last) {
        auto pairAt = [&](Code k, Value row) { return k.asIndex(k.load(sorted, {row})); };
        auto row = [&](Code k, Value row, Value at) {
          Value place = k.add(first, row), inside = k.both(k.less(place, last), k.less(at, k.index(depth)));
          Value token = k.div(pairAt(k, k.minIndex(place, k.sub(last, k.index(1)))), slots);
          return loadInside(k, inside, x, {token, at}, operand);
        };
        auto upColumn = weightSource(in[5], expert, firstColumn, inner, depth, operand);
        auto gateColumn = weightSource(gated ? in[gateAt] : in[5], expert, firstColumn, inner, depth, operand);
        SmallVector<TileProduct::Source> columns = {upColumn};
        if (gated)
          columns.push_back(gateColumn);
        product.write(k, shared, k.index(depth), row, columns, [&](Code k, Value row, Value column, ArrayRef<Value> sums) {
          Value place = k.add(first, row), i = k.add(firstColumn, column);
          k.when(k.both(k.less(place, last), k.less(i, k.index(inner))), [&](Code k) {
            auto biased = [&](Value sum, int bias) {
              if (weightsAt >= 0) {
                Value pair = pairAt(k, place);
                sum = k.mul(sum, k.widen(k.load(in[weightsAt], {k.div(pair, slots), k.rem(pair, slots)})));
              }
              return bias < 0 ? sum : k.add(sum, k.widen(k.load(in[bias], {expert, i})));
            };
            Value u = biased(sums[0], upBiasAt), g = gated ? biased(sums[1], gateBiasAt) : Value();
            k.store(k.narrow(gatedUnit(k, op, g, u), innerType), rows, {place, i});
          });
        });
      });
    });
  }

  /// products[pair] = weight * (inner[row] * down + bias).
  void down() {
    Type operand = operandType(op.getX(), op.getDown());
    products = scratch({ShapedType::kDynamic, hidden}, b.getF32Type());
    SmallVector<Value> args = {innerRows, offsets, sorted, products, slots, bufferOf(b, op.getDown())};
    int biasAt = optionalBuffer(b, args, op.getDownBias());
    int weightsAt = optionalBuffer(b, args, op.getScaleInput() ? Value() : op.getWeights());
    MatrixUnit unit(chip, operand);
    TileProduct product(unit, 1);
    Grid grid{{c.index(llvm::divideCeil(hidden, TileProduct::kColumns)), rowTiles}, product.threads()};
    launchGrid(b, "experts_down", args, grid, product.shared(), [&](Code k, ValueRange in, ValueRange shared) {
      Value rows = in[0], sorted = in[2], products = in[3], slots = in[4];
      Value firstColumn = k.mul(blockOf(k), k.index(TileProduct::kColumns));
      whereRows(k, in[1], [&](Code k, Value expert, Value first, Value last) {
        auto row = [&](Code k, Value row, Value at) {
          Value place = k.add(first, row);
          return loadInside(k, k.both(k.less(place, last), k.less(at, k.index(inner))), rows, {place, at}, operand);
        };
        auto column = weightSource(in[5], expert, firstColumn, hidden, inner, operand);
        product.write(k, shared, k.index(inner), row, {column}, [&](Code k, Value row, Value column, ArrayRef<Value> sums) {
          Value place = k.add(first, row), h = k.add(firstColumn, column);
          k.when(k.both(k.less(place, last), k.less(h, k.index(hidden))), [&](Code k) {
            Value pair = k.asIndex(k.load(sorted, {place}));
            Value y = biasAt < 0 ? sums[0] : k.add(sums[0], k.widen(k.load(in[biasAt], {expert, h})));
            if (weightsAt >= 0)
              y = k.mul(y, k.widen(k.load(in[weightsAt], {k.div(pair, slots), k.rem(pair, slots)})));
            k.store(y, products, {pair, h});
          });
        });
      });
    });
  }

  /// output[t] = sum over the token's pairs that have an expert.
  void sum() {
    auto type = cast<RankedTensorType>(op.getType());
    Value output = newBuffer(b, type, {getAsOpFoldResult(tokens), b.getIndexAttr(hidden)}), points = c.mul(tokens, c.index(hidden));
    SmallVector<Value> args = {bufferOf(b, op.getIds()), products, output, slots, points};
    launchGrid(b, "experts_sum", args, {{c.ceilDiv(points, c.index(kThreads))}, kThreads}, {}, [&](Code k, ValueRange in, ValueRange) {
      Value ids = in[0], products = in[1], output = in[2], slots = in[3], point = k.add(k.mul(blockOf(k), k.index(kThreads)), threadOf(k));
      k.when(k.less(point, in[4]), [&](Code k) {
        Value token = k.div(point, k.index(hidden)), h = k.rem(point, k.index(hidden));
        Value total = k.loop(k.index(0), slots, ValueRange(k.real(0)), [&](Code k, Value slot, ValueRange now) -> SmallVector<Value> {
          Value chosen = k.less(k.asIndex(k.load(ids, {token, slot})), k.index(experts));
          return {k.add(now[0], loadInside(k, chosen, products, {k.add(k.mul(token, slots), slot), h}, k.b.getF32Type()))};
        })[0];
        k.store(k.narrow(total, type.getElementType()), output, {token, h});
      });
    });
    rewriter.replaceOp(op, tensorOf(b, output, type));
  }

  ExpertsOp op;
  const Chip &chip;
  RewriterBase &rewriter;
  ImplicitLocOpBuilder b;
  Code c;
  int64_t experts, inner, hidden, depth;
  Value tokens, slots, pairs, rowTiles, offsets, sorted, innerRows, products;
};

} // namespace

void lowerExpertsToGpu(ExpertsOp op, const Chip &chip, RewriterBase &rewriter) { GpuExpertsLowering(op, chip, rewriter).run(); }

} // namespace moe
