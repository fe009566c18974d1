//===- Experts.cpp - the kernels of moe.experts -----------------------------------------------------------------===//
//
// Three launches. `experts_order` sorts the (token, slot) pairs by expert: only their numbers move. `experts_up`: a task is one expert and a
// block of its inner width; rows are gathered as they are read, activation and biases are applied in registers. `experts_down`: a task is
// a block of outputs, for which it goes through all experts in order and adds each row, weighted, to its token: nobody else writes there, and
// the order of additions does not depend on the number of threads.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "ExpertBytes.h"
#include "Lowerings.h"
#include "Scalars.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {
namespace {

class ExpertsLowering {
public:
  ExpertsLowering(ExpertsOp op, RewriterBase &rewriter) : op(op), rewriter(rewriter), b(op.getLoc(), rewriter), c(b) {
    auto up = cast<RankedTensorType>(op.getUp().getType());
    experts = up.getDimSize(0);
    inner = up.getDimSize(1);
    hidden = cast<RankedTensorType>(op.getType()).getDimSize(1);
    depth = up.getDimSize(2);
  }

  void run() {
    tokens = tensorDim(op.getX(), 0);
    slots = tensorDim(op.getIds(), 1);
    pairs = c.mul(tokens, slots);
    order();
    rt::RoutedOp::create(b, bufferOf(b, op.getIds()), experts, expertBytes(op)); // its ids are valid from here on
    up();
    down();
    rewriter.replaceOp(op, tensorOf(b, output, op.getType()));
  }

private:
  Value tensorDim(Value tensor, int64_t axis) {
    return getValueOrCreateConstantIndexOp(b, b.getLoc(), tensor::getMixedSize(b, b.getLoc(), tensor, axis));
  }
  /// All elements in one axis.
  Value flat(Value buffer) {
    auto type = cast<MemRefType>(buffer.getType());
    int64_t count = type.hasStaticShape() ? type.getNumElements() : ShapedType::kDynamic;
    SmallVector<ReassociationIndices> groups = {llvm::to_vector<2>(llvm::seq<int64_t>(0, type.getRank()))};
    return memref::CollapseShapeOp::create(b, MemRefType::get({count}, type.getElementType()), buffer, groups);
  }

  /// offsets[e] .. offsets[e+1] are the places of expert e in `sorted`, which holds pair numbers in rising order.
  void order() {
    offsets = memref::AllocOp::create(b, MemRefType::get({experts + 1}, b.getI32Type()));
    sorted = memref::AllocOp::create(b, MemRefType::get({ShapedType::kDynamic}, b.getI32Type()), pairs);
    Value cursors = memref::AllocOp::create(b, MemRefType::get({experts}, b.getI32Type()));
    SmallVector<Value> args = {flat(bufferOf(b, op.getIds())), offsets, sorted, cursors, pairs};
    launch(b, "experts_order", args, c.index(1), c.mul(pairs, c.index(3)), [&](ImplicitLocOpBuilder &kb, ValueRange in, Value, Value) {
      Code k(kb);
      Value ids = in[0], offsets = in[1], sorted = in[2], cursors = in[3], pairs = in[4];
      Value zero = k.index(0), count = k.index(experts), i32zero = k.constant(kb.getI32Type(), 0), i32one = k.constant(kb.getI32Type(), 1);
      k.loop(zero, count, [&](Code k, Value e) { k.store(i32zero, cursors, {e}); });
      // An id of -1 is no expert; others out of range end the run.
      auto expertOf = [&](Code k, Value pair, llvm::function_ref<void(Code, Value)> body) {
        Value id = k.asIndex(k.load(ids, {pair}));
        k.when(k.less(id, count), [&](Code k) { body(k, id); });
        return id;
      };
      k.loop(zero, pairs, [&](Code k, Value pair) {
        Value id = expertOf(k, pair, [&](Code k, Value id) { k.store(k.add(k.load(cursors, {id}), i32one), cursors, {id}); });
        Value fine = k.either(k.less(id, count), k.equal(id, k.index(-1)));
        rt::CheckOp::create(k.b, fine, "moe.experts: an expert's index is out of range");
      });
      SmallVector<Value> total = k.loop(zero, count, ValueRange(i32zero), [&](Code k, Value e, ValueRange sum) -> SmallVector<Value> {
        Value here = k.load(cursors, {e});
        k.store(sum[0], offsets, {e});
        k.store(sum[0], cursors, {e});
        return {k.add(sum[0], here)};
      });
      k.store(total[0], offsets, {count});
      k.loop(zero, pairs, [&](Code k, Value pair) {
        expertOf(k, pair, [&](Code k, Value id) {
          Value place = k.load(cursors, {id});
          k.store(k.asInteger(pair, kb.getI32Type()), sorted, {k.asIndex(place)});
          k.store(k.add(place, i32one), cursors, {id});
        });
      });
    });
  }

  /// inner[row, i] = act(gate) * (up + beta) for the sorted rows.
  void up() {
    bool gated = bool(op.getGate());
    // Where the second product rounds to bfloat16, so does what it reads.
    auto elementOf = [](Value tensor) { return cast<RankedTensorType>(tensor.getType()).getElementType(); };
    bool narrow = elementOf(op.getX()).isBF16() && elementOf(op.getDown()).isBF16();
    int64_t padded = (inner + kBlock - 1) / kBlock * kBlock;
    hiddenRows = memref::AllocOp::create(b, MemRefType::get({ShapedType::kDynamic, padded}, narrow ? Type(b.getBF16Type()) : b.getF32Type()), pairs);
    SmallVector<Value> args = {bufferOf(b, op.getX()), offsets, sorted, hiddenRows, slots};
    PackedWeight upPanels = packedWeight(b, op.getUp()), gatePanels = gated ? packedWeight(b, op.getGate()) : PackedWeight();
    SmallVector<const PackedWeight *> weights = {&upPanels};
    if (gated)
      weights.push_back(&gatePanels);
    bool tiles = fitsTiles(args[0], weights);
    if (!tiles) // which gather rows themselves
      args[0] = apart(args[0]);
    upPanels.pass(args);
    if (gated)
      gatePanels.pass(args);
    int upBiasAt = optionalBuffer(b, args, op.getUpBias()), gateBiasAt = optionalBuffer(b, args, op.getGateBias());
    int weightsAt = optional(args, op.getScaleInput() ? flat(bufferOf(b, op.getWeights())) : Value());
    int64_t width = (gated ? kBlock / 2 : kBlock) * (tiles ? 4 : 1); // tiles gather a task's rows first, which wider tasks pay for
    int64_t blocks = llvm::divideCeil(padded, width);
    Value perExpert = c.ceilDiv(pairs, c.index(experts));
    Value cost = c.div(c.mul(perExpert, c.index(depth * width)), c.index(32));
    auto body = [&](Code k, const RegisterBlock &block, ValueRange in, Value begin, Value end) {
      Value x = in[0], offsets = in[1], sorted = in[2], rows = in[3], slots = in[4];
      PackedWeight upWeight = upPanels.inside(in), gateWeight = gated ? gatePanels.inside(in) : PackedWeight();
      k.loop(begin, end, [&](Code k, Value task) {
        // Neighbouring tasks are of different experts: a busy expert's work is shared.
        Value expert = k.rem(task, k.index(experts)), start = k.mul(k.div(task, k.index(experts)), k.index(width));
        RowProduct product{x, k.index(depth), {&upWeight}, {expert}, {}, {}, start, k.minIndex(k.add(start, k.index(width)), k.index(padded))};
        std::tie(product.firstRow, product.lastRow) = rowsOf(k, offsets, expert);
        if (gated)
          product.weights.push_back(&gateWeight);
        auto pairAt = [&](Code k, Value row) { return k.asIndex(k.load(sorted, {row})); };
        auto place = [&](Code k, Value row) { return k.div(pairAt(k, row), slots); };
        auto finish = [&](Code k, Value row, Value output, ArrayRef<Value> sums) {
          Value scale = weightsAt < 0 ? Value() : k.splat(k.widen(k.load(in[weightsAt], {pairAt(k, row)})), block.lanes);
          size_t each = sums.size() / product.weights.size();
          for (size_t v = 0; v < each; ++v) {
            Value at = k.add(output, k.index(v * block.lanes));
            ColumnGuard guard(k, at, block.lanes, each * block.lanes, inner);
            auto biased = [&](Value sum, int bias) {
              if (scale)
                sum = k.mul(sum, scale);
              return bias < 0 ? sum : k.add(sum, guard.load(k, in[bias], {expert, at}));
            };
            Value u = biased(sums[v], upBiasAt), g = gated ? biased(sums[each + v], gateBiasAt) : Value();
            k.storeVector(gatedUnit(k, op, g, u), rows, {row, at});
          }
        };
        product.place = place;
        product.finish = finish;
        multiplyRows(k, block, product);
      });
    };
    launchBlocked(b, "experts_up", args, c.index(experts * blocks), cost, body, tiles);
  }

  /// Rows whose length is a multiple of half a page share the sets of the first-level cache, which holds fewer than a register block reads at
  /// once: a copy with a cache line between rows does not. Other rows stay where they are.
  Value apart(Value rows) {
    Type element = cast<MemRefType>(rows.getType()).getElementType();
    int64_t bytes = element.getIntOrFloatBitWidth() / 8, line = 64 / bytes;
    if (depth * bytes % 2048 != 0)
      return rows;
    Value copy = memref::AllocOp::create(b, MemRefType::get({ShapedType::kDynamic, depth + line}, element), tokens);
    launch(b, "experts_rows", {rows, copy}, tokens, c.index(depth / 16), [&](ImplicitLocOpBuilder &kb, ValueRange in, Value begin, Value end) {
      Code(kb).loop(begin, end, [&](Code k, Value token) {
        k.loop(k.index(0), k.index(depth), [&](Code k, Value at) { k.storeVector(k.loadVector(in[0], {token, at}, kPanel), in[1], {token, at}); }, kPanel);
      });
    });
    return copy;
  }

  /// The rows of an expert: from the first to behind the last.
  static std::pair<Value, Value> rowsOf(Code k, Value offsets, Value expert) {
    return {k.asIndex(k.load(offsets, {expert})), k.asIndex(k.load(offsets, {k.add(expert, k.index(1))}))};
  }

  /// output[t] = sum over the token's pairs of weight * (inner[row] * down + bias).
  void down() {
    int64_t blocks = (hidden + kBlock - 1) / kBlock;
    output = newBuffer(b, cast<RankedTensorType>(op.getType()), {getAsOpFoldResult(tokens), b.getIndexAttr(hidden)});
    // Sums over experts are kept in float32.
    bool direct = cast<RankedTensorType>(op.getType()).getElementType().isF32();
    Value sums = direct ? output : memref::AllocOp::create(b, MemRefType::get({ShapedType::kDynamic, hidden}, b.getF32Type()), tokens).getResult();
    SmallVector<Value> args = {hiddenRows, offsets, sorted, sums, slots, tokens};
    PackedWeight panels = packedWeight(b, op.getDown());
    panels.pass(args);
    int biasAt = optionalBuffer(b, args, op.getDownBias());
    int weightsAt = optional(args, op.getScaleInput() ? Value() : flat(bufferOf(b, op.getWeights())));
    int outputAt = optional(args, direct ? Value() : output);
    Value cost = c.div(c.mul(pairs, c.index(inner * kBlock)), c.index(32));
    auto body = [&](Code k, const RegisterBlock &block, ValueRange in, Value begin, Value end) {
      Value rows = in[0], offsets = in[1], sorted = in[2], sums = in[3], slots = in[4], tokens = in[5];
      PackedWeight weight = panels.inside(in);
      k.loop(begin, end, [&](Code k, Value task) {
        Value start = k.mul(task, k.index(kBlock)), stop = k.minIndex(k.add(start, k.index(kBlock)), k.index(hidden));
        auto columns = [&](Code k, llvm::function_ref<void(Code, Value, const ColumnGuard &)> body) {
          k.loop(start, stop, [&](Code k, Value at) { body(k, at, ColumnGuard(k, at, block.lanes, block.lanes, hidden)); }, block.lanes);
        };
        k.loop(k.index(0), tokens, [&](Code k, Value token) {
          columns(k, [&](Code k, Value at, const ColumnGuard &guard) { guard.store(k, k.constant(k.vector(block.lanes), 0), sums, {token, at}); });
        });
        k.loop(k.index(0), k.index(experts), [&](Code k, Value expert) {
          auto [low, high] = rowsOf(k, offsets, expert);
          RowProduct product{rows, k.index(inner), {&weight}, {expert}, low, high, start, stop};
          auto place = [](Code, Value row) { return row; };
          auto finish = [&](Code k, Value row, Value output, ArrayRef<Value> products) {
            Value pair = k.asIndex(k.load(sorted, {row})), token = k.div(pair, slots);
            Value scale = weightsAt < 0 ? Value() : k.splat(k.widen(k.load(in[weightsAt], {pair})), block.lanes);
            for (auto [v, y] : llvm::enumerate(products)) {
              Value at = k.add(output, k.index(v * block.lanes));
              ColumnGuard guard(k, at, block.lanes, products.size() * block.lanes, hidden);
              Value biased = biasAt < 0 ? y : k.add(y, guard.load(k, in[biasAt], {expert, at})), old = guard.load(k, sums, {token, at});
              guard.store(k, scale ? k.fma(biased, scale, old) : k.add(biased, old), sums, {token, at});
            }
          };
          product.place = place;
          product.finish = finish;
          multiplyRows(k, block, product);
        });
        if (outputAt >= 0)
          k.loop(k.index(0), tokens, [&](Code k, Value token) {
            columns(k, [&](Code k, Value at, const ColumnGuard &guard) { guard.store(k, guard.load(k, sums, {token, at}), in[outputAt], {token, at}); });
          });
      });
    };
    launchBlocked(b, "experts_down", args, c.index(blocks), cost, body, fitsTiles(hiddenRows, {&panels}));
  }

  /// Appends an argument where there is one; its place, or -1.
  static int optional(SmallVector<Value> &args, Value value) {
    if (!value)
      return -1;
    args.push_back(value);
    return args.size() - 1;
  }

  ExpertsOp op;
  RewriterBase &rewriter;
  ImplicitLocOpBuilder b;
  Code c;
  int64_t experts, inner, hidden, depth;
  Value tokens, slots, pairs, offsets, sorted, hiddenRows, output;
};

} // namespace

void lowerExperts(ExpertsOp op, RewriterBase &rewriter) { ExpertsLowering(op, rewriter).run(); }

} // namespace moe
