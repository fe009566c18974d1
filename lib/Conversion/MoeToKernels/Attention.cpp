//===- Attention.cpp - the kernel of moe.attention --------------------------------------------------------------===//
//
// A task is a key/value head of one batch entry and a block of rows, where a row is a query of one of the heads that share the key head:
// queries of a group are neighbours, so that a decoding step still has several rows per key. Keys are taken in blocks of 64: transposed
// into panels, multiplied, put through a running softmax, and multiplied with the values. Nothing of size queries x keys is stored.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Lowerings.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {
namespace {

constexpr int64_t kRows = 24; ///< rows of a task; a multiple of every register block's rows
constexpr int64_t kKeys = 64; ///< keys of a step
constexpr double kLowest = -std::numeric_limits<double>::infinity();

class AttentionLowering {
public:
  AttentionLowering(AttentionOp op, RewriterBase &rewriter) : op(op), rewriter(rewriter), b(op.getLoc(), rewriter), c(b) {}

  void run() {
    auto length = [&](Value tensor, int64_t axis) {
      return getValueOrCreateConstantIndexOp(b, b.getLoc(), tensor::getMixedSize(b, b.getLoc(), tensor, axis));
    };
    Value q = op.getQ(), k = op.getK(), v = op.getV();
    Value batch = length(q, 0), heads = length(q, 1), queries = length(q, 2), width = length(q, 3), keyHeads = length(k, 1), keys = length(k, 2), columns = length(v, 3);
    auto type = cast<RankedTensorType>(op.getType());
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), q);
    sizes.back() = getAsOpFoldResult(columns);
    Value result = newBuffer(b, type, sizes);
    Value group = c.div(heads, keyHeads), rows = c.mul(queries, group), blocks = c.ceilDiv(rows, c.index(kRows));
    Value tasks = c.mul(c.mul(batch, keyHeads), blocks);
    // Workspace of a task: keys as panels [D, 64], values [64, columns padded], scores [rows, 64], sums [rows, columns padded], maximum and sum.
    Value padded = c.mul(c.ceilDiv(columns, c.index(kBlock)), c.index(kBlock));
    auto space = [&](ArrayRef<int64_t> shape, ArrayRef<Value> lengths) -> Value {
      return memref::AllocOp::create(b, MemRefType::get(shape, b.getF32Type()), lengths);
    };
    constexpr int64_t any = ShapedType::kDynamic;
    SmallVector<Value> args = {bufferOf(b, q), stridedBufferOf(b, k), stridedBufferOf(b, v), result, group, queries, keys, width, columns, keyHeads, blocks,
                               space({any, kKeys / kPanel, any, kPanel}, {tasks, width}), space({any, any, kKeys, kPanel}, {tasks, c.div(padded, c.index(kPanel))}),
                               space({any, kRows, kKeys}, {tasks}), space({any, kRows, any}, {tasks, padded}), space({any, kRows, 2}, {tasks}),
                               space({any, kRows, any}, {tasks, width})};
    maskAt = optionalBuffer(b, args, op.getMask());
    sinksAt = optionalBuffer(b, args, op.getSinks());
    pastAt = optionalBuffer(b, args, op.getPast());
    totalAt = optionalBuffer(b, args, op.getTotal());
    Value cost = c.div(c.mul(c.mul(c.minIndex(rows, c.index(kRows)), keys), c.add(width, columns)), c.index(16));
    launchBlocked(b, "attention", args, tasks, cost, [&](Code k, const RegisterBlock &block, ValueRange in, Value begin, Value end) {
      k.loop(begin, end, [&](Code k, Value task) { Task(*this, block, in, task, k).run(k); });
    });
    rewriter.replaceOp(op, tensorOf(b, result, type));
  }

private:
  enum Arg { Q, K, V, Result, Group, Queries, Keys, Width, Columns, KeyHeads, Blocks, KeyPanels, ValuePanels, Scores, Sums, State, Rows };

  /// The code of one task.
  struct Task {
    Task(AttentionLowering &lowering, const RegisterBlock &block, ValueRange in, Value task, Code k)
        : lowering(lowering), op(lowering.op), block(block), in(in), task(task) {
      Value rowBlock = k.rem(task, in[Blocks]), rest = k.div(task, in[Blocks]);
      keyHead = k.rem(rest, in[KeyHeads]);
      batch = k.div(rest, in[KeyHeads]);
      first = k.mul(rowBlock, k.index(kRows));
      count = k.minIndex(k.sub(k.mul(in[Queries], in[Group]), first), k.index(kRows));
      // The position of query 0 and the number of keys that count.
      past = lowering.pastAt < 0 ? k.sub(in[Keys], in[Queries]) : k.asIndex(k.load(in[lowering.pastAt], {batch}));
      total = lowering.totalAt < 0 ? in[Keys] : k.minIndex(k.asIndex(k.load(in[lowering.totalAt], {batch})), in[Keys]);
    }

    void run(Code k) {
      prepare(k);
      auto [low, high] = keyRange(k);
      k.loop(low, high, [&](Code k, Value start) {
        Value here = k.minIndex(k.sub(total, start), k.index(kKeys));
        packKeys(k, start, here);
        packValues(k, start, here);
        forEachRowBlock(k, block, k.index(0), count, [&](Code k, Value row, int64_t rows) { multiplyKeys(k, row, rows); });
        k.loop(k.index(0), count, [&](Code k, Value row) { softmax(k, row, start, here); });
        forEachRowBlock(k, block, k.index(0), count, [&](Code k, Value row, int64_t rows) { multiplyValues(k, row, rows); });
      }, kKeys);
      finish(k);
    }

    Value queryOf(Code k, Value row) { return k.div(k.add(first, row), in[Group]); }
    Value headOf(Code k, Value row) { return k.add(k.mul(keyHead, in[Group]), k.rem(k.add(first, row), in[Group])); }

    /// Copies the queries side by side, scaled, and clears sums and state.
    void prepare(Code k) {
      k.loop(k.index(0), count, [&](Code k, Value row) {
        Value s = queryOf(k, row), h = headOf(k, row), scale = k.real(op.getScale().convertToDouble());
        k.loop(k.index(0), in[Width], [&](Code k, Value d) { k.store(k.mul(k.widen(k.load(in[Q], {batch, h, s, d})), scale), in[Rows], {task, row, d}); });
        k.loop(k.index(0), in[Columns], [&](Code k, Value d) { k.store(k.real(0), in[Sums], {task, row, d}); });
        // A sink is a key that every query sees and that has no value.
        Value high = k.real(kLowest), sum = k.real(0);
        if (lowering.sinksAt >= 0) {
          high = k.widen(k.load(in[lowering.sinksAt], {h}));
          sum = k.real(1);
        }
        k.store(high, in[State], {task, row, k.index(0)});
        k.store(sum, in[State], {task, row, k.index(1)});
      });
    }

    /// Keys that any row of the task may see, from a multiple of the step.
    std::pair<Value, Value> keyRange(Code k) {
      Value low = k.index(0), high = total;
      if (op.getCausal()) {
        Value lastQuery = queryOf(k, k.sub(count, k.index(1)));
        high = k.minIndex(high, k.add(k.add(past, lastQuery), k.index(1)));
      }
      if (int64_t window = op.getWindow()) {
        Value position = k.add(k.add(past, queryOf(k, k.index(0))), k.index(1)), width = k.index(window);
        Value start = k.choose(k.less(width, position), k.sub(position, width), k.index(0));
        low = k.mul(k.div(start, k.index(kKeys)), k.index(kKeys));
      }
      return {low, high};
    }

    /// Keys [start, start + here) as panels over their elements; the rest of the panel is 0.
    void packKeys(Code k, Value start, Value here) {
      k.loop(k.index(0), k.index(kKeys), [&](Code k, Value l) {
        Value panel = k.div(l, k.index(kPanel)), lane = k.rem(l, k.index(kPanel));
        k.when(k.less(l, here), [&](Code k) {
          k.loop(k.index(0), in[Width], [&](Code k, Value d) {
            k.store(k.widen(k.load(in[K], {batch, keyHead, k.add(start, l), d})), in[KeyPanels], {task, panel, d, lane});
          });
        }, [&](Code k) {
          k.loop(k.index(0), in[Width], [&](Code k, Value d) { k.store(k.real(0), in[KeyPanels], {task, panel, d, lane}); });
        });
      });
    }

    void packValues(Code k, Value start, Value here) {
      Value panels = k.dim(in[ValuePanels], 1);
      k.loop(k.index(0), panels, [&](Code k, Value panel) {
        Value column = k.mul(panel, k.index(kPanel));
        Value width = k.minIndex(k.sub(k.maxIndex(in[Columns], column), column), k.index(kPanel));
        k.loop(k.index(0), here, [&](Code k, Value l) {
          k.loop(k.index(0), width, [&](Code k, Value lane) {
            k.store(k.widen(k.load(in[V], {batch, keyHead, k.add(start, l), k.add(column, lane)})), in[ValuePanels], {task, panel, l, lane});
          });
          k.loop(width, k.index(kPanel), [&](Code k, Value lane) { k.store(k.real(0), in[ValuePanels], {task, panel, l, lane}); });
        });
        k.loop(here, k.index(kKeys), [&](Code k, Value l) {
          k.loop(k.index(0), k.index(kPanel), [&](Code k, Value lane) { k.store(k.real(0), in[ValuePanels], {task, panel, l, lane}); });
        });
      });
    }

    SmallVector<Value> rowsFrom(Code k, Value row, int64_t rows) {
      SmallVector<Value> result;
      for (int64_t m = 0; m < rows; ++m)
        result.push_back(k.add(row, k.index(m)));
      return result;
    }

    /// scores = rows x keys.
    void multiplyKeys(Code k, Value row, int64_t rows) {
      SmallVector<Value> rowsOf = rowsFrom(k, row, rows);
      Value x = matrixOfTask(k, in[Rows], task);
      int64_t step = block.lanes * block.vectors;
      k.loop(k.index(0), k.index(kKeys), [&](Code k, Value at) {
        PackedWeight panels;
        panels.data = in[KeyPanels];
        auto vectors = panelVectors(k, block, panels, {task}, at, block.vectors);
        SmallVector<Value> sums = multiplyPanels(k, block, x, rowsOf, vectors, in[Width]);
        for (int64_t m = 0; m < rows; ++m)
          for (int64_t n = 0; n < block.vectors; ++n)
            k.storeVector(sums[m * block.vectors + n], in[Scores], {task, rowsOf[m], k.add(at, k.index(n * block.lanes))});
      }, step);
    }

    /// The score of a key after softcap and masks.
    Value masked(Code k, Value score, Value row, Value key) {
      Value s = queryOf(k, row);
      if (double cap = op.getSoftcap().convertToDouble(); cap != 0)
        score = k.mul(k.real(cap), math::TanhOp::create(k.b, k.mul(score, k.real(1 / cap))));
      Value lowest = k.real(kLowest), visible = k.less(key, total);
      if (op.getCausal())
        visible = k.both(visible, k.less(key, k.add(k.add(past, s), k.index(1))));
      if (int64_t window = op.getWindow())
        visible = k.both(visible, k.less(k.add(past, s), k.add(key, k.index(window))));
      if (lowering.maskAt >= 0) {
        Value mask = in[lowering.maskAt];
        auto type = cast<RankedTensorType>(op.getMask().getType());
        Value at[] = {batch, headOf(k, row), s, k.minIndex(key, k.sub(in[Keys], k.index(1)))};
        for (int axis = 0; axis < 4; ++axis)
          if (type.getDimSize(axis) == 1)
            at[axis] = k.index(0);
          else if (type.isDynamicDim(axis)) // 1 where it is to be repeated
            at[axis] = k.minIndex(at[axis], k.sub(k.dim(mask, axis), k.index(1)));
        Value element = k.load(mask, at);
        if (type.getElementType().isInteger(1))
          visible = k.both(visible, element);
        else
          score = k.add(score, k.widen(element));
      }
      return k.choose(visible, score, lowest);
    }

    /// Turns a row's scores into weights against the running maximum, and scales what was summed before.
    void softmax(Code k, Value row, Value start, Value here) {
      Value old = k.load(in[State], {task, row, k.index(0)});
      Value high = k.loop(k.index(0), here, ValueRange(old), [&](Code k, Value l, ValueRange best) -> SmallVector<Value> {
        Value score = masked(k, k.load(in[Scores], {task, row, l}), row, k.add(start, l));
        k.store(score, in[Scores], {task, row, l});
        return {arith::MaximumFOp::create(k.b, best[0], score)};
      })[0];
      // Nothing visible yet: a maximum of -inf is not subtracted.
      Value none = k.compare(arith::CmpFPredicate::OEQ, high, k.real(kLowest)), shift = k.choose(none, k.real(0), high);
      Value sum = k.loop(k.index(0), here, ValueRange(k.real(0)), [&](Code k, Value l, ValueRange sum) -> SmallVector<Value> {
        Value weight = math::ExpOp::create(k.b, k.sub(k.load(in[Scores], {task, row, l}), shift));
        k.store(weight, in[Scores], {task, row, l});
        return {k.add(sum[0], weight)};
      })[0];
      k.loop(here, k.index(kKeys), [&](Code k, Value l) { k.store(k.real(0), in[Scores], {task, row, l}); });
      Value factor = math::ExpOp::create(k.b, k.sub(old, shift));
      k.store(high, in[State], {task, row, k.index(0)});
      k.store(k.add(k.mul(k.load(in[State], {task, row, k.index(1)}), factor), sum), in[State], {task, row, k.index(1)});
      k.loop(k.index(0), in[Columns], [&](Code k, Value d) { k.store(k.mul(k.load(in[Sums], {task, row, d}), factor), in[Sums], {task, row, d}); });
    }

    /// sums += weights x values.
    void multiplyValues(Code k, Value row, int64_t rows) {
      SmallVector<Value> rowsOf = rowsFrom(k, row, rows);
      Value x = matrixOfTask(k, in[Scores], task);
      k.loop(k.index(0), in[Columns], [&](Code k, Value at) {
        PackedWeight panels;
        panels.data = in[ValuePanels];
        auto vectors = panelVectors(k, block, panels, {task}, at, block.vectors);
        SmallVector<Value> products = multiplyPanels(k, block, x, rowsOf, vectors, k.index(kKeys));
        for (int64_t m = 0; m < rows; ++m)
          for (int64_t n = 0; n < block.vectors; ++n) {
            SmallVector<Value> place = {task, rowsOf[m], k.add(at, k.index(n * block.lanes))};
            k.storeVector(k.add(k.loadVector(in[Sums], place, block.lanes), products[m * block.vectors + n]), in[Sums], place);
          }
      }, block.lanes * block.vectors);
    }

    void finish(Code k) {
      k.loop(k.index(0), count, [&](Code k, Value row) {
        Value sum = k.load(in[State], {task, row, k.index(1)}), s = queryOf(k, row), h = headOf(k, row);
        Value empty = k.compare(arith::CmpFPredicate::OEQ, sum, k.real(0));
        Value factor = k.choose(empty, k.real(0), arith::DivFOp::create(k.b, k.real(1), sum));
        Type element = cast<MemRefType>(in[Result].getType()).getElementType();
        k.loop(k.index(0), in[Columns], [&](Code k, Value d) {
          k.store(k.narrow(k.mul(k.load(in[Sums], {task, row, d}), factor), element), in[Result], {batch, h, s, d});
        });
      });
    }

    AttentionLowering &lowering;
    AttentionOp op;
    const RegisterBlock &block;
    ValueRange in;
    Value task, keyHead, batch, first, count, past, total;
  };

  AttentionOp op;
  RewriterBase &rewriter;
  ImplicitLocOpBuilder b;
  Code c;
  int maskAt = -1, sinksAt = -1, pastAt = -1, totalAt = -1;
};

} // namespace

void lowerAttention(AttentionOp op, RewriterBase &rewriter) { AttentionLowering(op, rewriter).run(); }

} // namespace moe
