//===- ScanChunks.cpp - a scan by products of matrices ----------------------------------------------------------===//
//
// For scans whose decay is a number per head and token. A task is a head, gone through 64 tokens at a time. With G the sum of the decays'
// logarithms since the chunk's start, S0 the state there, and u[t] = b[t]^T S[t-1] what a low-rank transition reads, a chunk is
//
//     u[t] = exp(G[t-1]) b[t]^T S0 + sum_{j<t}  exp(G[t-1] - G[j]) ((b[t] k[j]) v[j] + (b[t] a[j]) u[j])
//     y[t] = exp(G[t]) q[t]^T S0   + sum_{j<=t} exp(G[t] - G[j])   ((q[t] k[j]) v[j] + (q[t] a[j]) u[j])
//     S    = exp(G[63]) S0         + sum_j      exp(G[63] - G[j])  (k[j] v[j]^T + a[j] u[j]^T)
//
// so a low-rank transition is 64 more keys a, whose values u are found row by row first. The differences of G are summed up from the token
// onwards, never taken from two large sums: they are exact where they matter, and none is above 0 if no decay is.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Scan.h"
#include "moe/Kernels/Panels.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace moe {
namespace {

constexpr int64_t kChunk = 64;    ///< tokens of a chunk; a multiple of kBlock
constexpr int64_t kWorthwhile = 16; ///< from how many tokens on
constexpr double kLowest = -std::numeric_limits<double>::infinity();
static_assert(kChunk % kBlock == 0);

/// The places of the buffers that a kernel works in. There are M = 64 keys, or 128 with a low-rank transition.
struct Spaces {
  int keys, turned, rows, weights; ///< keys in panels [M/16, dk, 16] and turned [dk, M], rows of q or b [64, dk], weights of rows x keys [64, M]
  int values, state;               ///< panels [dv/16, M, 16] and [dv/16, dk, 16]
  int logs, factors, starts;       ///< G[t] - G[j] of the last t [64]; exp(G[t-1] - G[j]) [65, 64]; exp(G[t-1]) [65]
};

/// The code of one task.
class Chunks {
public:
  Chunks(const ScanArgs &args, const Spaces &spaces, const RegisterBlock &block, ValueRange in, Value task, Code k)
      : args(args), spaces(spaces), block(block), in(in), task(task), head(args, in, k, task), keyCount(args.a < 0 ? kChunk : 2 * kChunk),
        width(block.lanes * block.vectors) {
    panels = k.dim(in[spaces.state], 1);
    padded = k.mul(panels, k.index(kPanel));
  }

  void run(Code k) {
    forState(k, [&](Code k, Value i, Value panel, const ColumnGuard &guard, Value column) {
      int arg = args.initial[0];
      Value row = arg < 0 ? zeros(k) : guard.load(k, in[arg], {head.batch, head.head, i, column});
      k.storeVector(row, in[spaces.state], {task, panel, i, k.index(0)});
    });
    k.loop(k.index(0), head.updates, [&](Code k, Value start) {
      first = start;
      count = k.minIndex(k.sub(head.updates, start), k.index(kChunk));
      decays(k);
      packKeys(k, args.k, 0);
      packValues(k);
      if (args.a >= 0) {
        packKeys(k, args.a, kChunk);
        solve(k);
      }
      k.loop(k.index(0), head.readers(k), [&](Code k, Value o) { read(k, o); });
      advance(k);
    }, kChunk);
    forState(k, [&](Code k, Value i, Value panel, const ColumnGuard &guard, Value column) {
      guard.store(k, k.loadVector(in[spaces.state], {task, panel, i, k.index(0)}, kPanel), in[args.final[0]], {head.batch, head.head, i, column});
    });
  }

private:
  Value zeros(Code k) const { return k.constant(k.vector(kPanel), 0); }
  Value token(Code k, Value t) const { return k.add(first, t); }

  /// Each row of 16 columns of the state.
  void forState(Code k, llvm::function_ref<void(Code, Value i, Value panel, const ColumnGuard &, Value column)> body) {
    k.loop(k.index(0), panels, [&](Code k, Value panel) {
      Value column = k.mul(panel, k.index(kPanel));
      ColumnGuard guard = ColumnGuard::ofLastAxis(k, column, kPanel, kBlock, in[args.final[0]]);
      k.loop(k.index(0), head.keys, [&](Code k, Value i) { body(k, i, panel, guard, column); });
    });
  }

  /// The factors between all pairs of tokens, and those since the chunk's start.
  void decays(Code k) {
    auto each = [](Code k, llvm::function_ref<void(Code, Value)> body) { k.loop(k.index(0), k.index(kChunk), body, kPanel); };
    each(k, [&](Code k, Value j) {
      k.storeVector(k.constant(k.vector(kPanel), kLowest), in[spaces.logs], {task, j});
      k.storeVector(zeros(k), in[spaces.factors], {task, k.index(0), j});
    });
    k.store(k.real(1), in[spaces.starts], {task, k.index(0)});
    k.loop(k.index(0), count, ValueRange(k.real(0)), [&](Code k, Value t, ValueRange sum) -> SmallVector<Value> {
      Value log = args.decay < 0 ? k.real(0) : head.logDecay(k, token(k, t), k.index(0), k.index(0)), next = k.add(t, k.index(1));
      each(k, [&](Code k, Value j) {
        k.storeVector(k.add(k.loadVector(in[spaces.logs], {task, j}, kPanel), k.splat(log, kPanel)), in[spaces.logs], {task, j});
      });
      k.store(k.real(0), in[spaces.logs], {task, t});
      each(k, [&](Code k, Value j) {
        k.storeVector(math::ExpOp::create(k.b, k.loadVector(in[spaces.logs], {task, j}, kPanel)), in[spaces.factors], {task, next, j});
      });
      Value total = k.add(sum[0], log);
      k.store(math::ExpOp::create(k.b, total), in[spaces.starts], {task, next});
      return {total};
    });
  }

  /// Keys k or a behind each other from `place`, twice: as panels, and turned with the factors to the chunk's end.
  void packKeys(Code k, int arg, int64_t place) {
    k.loop(k.index(0), k.index(kChunk), [&](Code k, Value j) {
      Value key = k.add(j, k.index(place)), panel = k.div(key, k.index(kPanel)), lane = k.rem(key, k.index(kPanel));
      auto fill = [&](Code k, llvm::function_ref<std::pair<Value, Value>(Code, Value)> element) {
        k.loop(k.index(0), head.keys, [&](Code k, Value d) {
          auto [plain, turned] = element(k, d);
          k.store(plain, in[spaces.keys], {task, panel, d, lane});
          k.store(turned, in[spaces.turned], {task, d, key});
        });
      };
      k.when(k.less(j, count), [&](Code k) {
        Value factor = k.load(in[spaces.factors], {task, count, j});
        fill(k, [&](Code k, Value d) {
          Value element = head.key(k, arg, token(k, j), d);
          return std::pair(element, k.mul(element, factor));
        });
      }, [&](Code k) { fill(k, [](Code k, Value) { return std::pair(k.real(0), k.real(0)); }); });
    });
  }

  void packValues(Code k) {
    k.loop(k.index(0), panels, [&](Code k, Value panel) {
      Value column = k.mul(panel, k.index(kPanel));
      ColumnGuard guard = ColumnGuard::ofLastAxis(k, column, kPanel, kBlock, in[args.v]);
      k.loop(k.index(0), count, [&](Code k, Value j) {
        k.storeVector(guard.load(k, in[args.v], {head.batch, token(k, j), head.head, column}), in[spaces.values], {task, panel, j, k.index(0)});
      });
      auto clear = [&](Value low, int64_t high) {
        k.loop(low, k.index(high), [&](Code k, Value j) { k.storeVector(zeros(k), in[spaces.values], {task, panel, j, k.index(0)}); });
      };
      clear(count, kChunk);
      if (args.a >= 0)
        clear(k.index(kChunk), 2 * kChunk);
    });
  }

  SmallVector<Value> rowsFrom(Code k, Value row, int64_t rows) const {
    return llvm::map_to_vector(llvm::seq<int64_t>(0, rows), [&](int64_t m) { return k.add(row, k.index(m)); });
  }

  void fillRows(Code k, llvm::function_ref<Value(Code, Value t, Value d)> element) {
    k.loop(k.index(0), count, [&](Code k, Value t) {
      k.loop(k.index(0), head.keys, [&](Code k, Value d) { k.store(element(k, t, d), in[spaces.rows], {task, t, d}); });
    });
  }

  /// The rows times the columns from `at` on of a space that holds this task's panels.
  SmallVector<Value> multiplySpace(Code k, Value x, ArrayRef<Value> rows, int space, Value at, Value depth) {
    PackedWeight panels;
    panels.data = in[space];
    return multiplyPanels(k, block, x, rows, panelVectors(k, block, panels, {task}, at, block.vectors), depth);
  }

  /// weights = (rows x keys) * factors. Row t sees the tokens up to `seen` + t - 1.
  void weigh(Code k, int64_t seen) {
    Value rows = matrixOfTask(k, in[spaces.rows], task);
    forEachRowBlock(k, block, k.index(0), count, [&](Code k, Value row, int64_t number) {
      SmallVector<Value> rowsOf = rowsFrom(k, row, number);
      k.loop(k.index(0), k.index(keyCount), [&](Code k, Value at) {
        auto sums = multiplySpace(k, rows, rowsOf, spaces.keys, at, head.keys);
        for (int64_t m = 0; m < number; ++m)
          for (int64_t n = 0; n < block.vectors; ++n) {
            Value column = k.add(at, k.index(n * block.lanes)), token = k.rem(column, k.index(kChunk));
            Value factor = k.loadVector(in[spaces.factors], {task, k.add(rowsOf[m], k.index(seen)), token}, block.lanes);
            k.storeVector(k.mul(sums[m * block.vectors + n], factor), in[spaces.weights], {task, rowsOf[m], column});
          }
      }, width);
    });
  }

  /// What the rows see: of the state at the chunk's start, and of the first `depth` values by their weights.
  void gather(Code k, int64_t seen, int64_t depth, llvm::function_ref<void(Code, Value row, Value column, Value sum)> use) {
    Value rows = matrixOfTask(k, in[spaces.rows], task), weights = matrixOfTask(k, in[spaces.weights], task);
    forEachRowBlock(k, block, k.index(0), count, [&](Code k, Value row, int64_t number) {
      SmallVector<Value> rowsOf = rowsFrom(k, row, number);
      k.loop(k.index(0), padded, [&](Code k, Value at) {
        auto old = multiplySpace(k, rows, rowsOf, spaces.state, at, head.keys);
        auto fresh = multiplySpace(k, weights, rowsOf, spaces.values, at, k.index(depth));
        for (int64_t m = 0; m < number; ++m) {
          Value start = k.splat(k.load(in[spaces.starts], {task, k.add(rowsOf[m], k.index(seen))}), block.lanes);
          for (int64_t n = 0; n < block.vectors; ++n)
            use(k, rowsOf[m], k.add(at, k.index(n * block.lanes)), k.fma(start, old[m * block.vectors + n], fresh[m * block.vectors + n]));
        }
      }, width);
    });
  }

  /// The values u of the keys a: what the state and the values k give first, then each from those before it.
  void solve(Code k) {
    fillRows(k, [&](Code k, Value t, Value d) { return head.key(k, args.b, token(k, t), d); });
    weigh(k, 0);
    gather(k, 0, kChunk, [&](Code k, Value row, Value column, Value sum) {
      k.storeVector(sum, in[spaces.values], {task, k.div(column, k.index(kPanel)), k.add(row, k.index(kChunk)), k.rem(column, k.index(kPanel))});
    });
    k.loop(k.index(1), count, [&](Code k, Value t) {
      k.loop(k.index(0), panels, [&](Code k, Value panel) {
        auto place = [&](Code k, Value j) { return SmallVector<Value>{task, panel, k.add(j, k.index(kChunk)), k.index(0)}; };
        Value sum = k.loop(k.index(0), t, ValueRange(k.loadVector(in[spaces.values], place(k, t), kPanel)), [&](Code k, Value j, ValueRange sum) -> SmallVector<Value> {
          Value weight = k.load(in[spaces.weights], {task, t, k.add(j, k.index(kChunk))});
          return {k.fma(k.splat(weight, kPanel), k.loadVector(in[spaces.values], place(k, j), kPanel), sum[0])};
        })[0];
        k.storeVector(sum, in[spaces.values], place(k, t));
      });
    });
  }

  void read(Code k, Value o) {
    fillRows(k, [&](Code k, Value t, Value d) { return head.query(k, token(k, t), o, d); });
    weigh(k, 1);
    gather(k, 1, keyCount, [&](Code k, Value row, Value column, Value sum) {
      ColumnGuard guard = ColumnGuard::ofLastAxis(k, column, block.lanes, kBlock, in[args.result]);
      guard.store(k, sum, in[args.result], {head.batch, token(k, row), head.reader(k, o), column});
    });
  }

  /// The state behind the chunk.
  void advance(Code k) {
    Value turned = matrixOfTask(k, in[spaces.turned], task), start = k.splat(k.load(in[spaces.starts], {task, count}), block.lanes);
    forEachRowBlock(k, block, k.index(0), head.keys, [&](Code k, Value row, int64_t number) {
      SmallVector<Value> rowsOf = rowsFrom(k, row, number);
      k.loop(k.index(0), padded, [&](Code k, Value at) {
        auto sums = multiplySpace(k, turned, rowsOf, spaces.values, at, k.index(keyCount));
        for (int64_t m = 0; m < number; ++m)
          for (int64_t n = 0; n < block.vectors; ++n) {
            Value column = k.add(at, k.index(n * block.lanes));
            SmallVector<Value> place = {task, k.div(column, k.index(kPanel)), rowsOf[m], k.rem(column, k.index(kPanel))};
            Value old = k.loadVector(in[spaces.state], place, block.lanes);
            k.storeVector(k.fma(start, old, sums[m * block.vectors + n]), in[spaces.state], place);
          }
      }, width);
    });
  }

  const ScanArgs &args;
  const Spaces &spaces;
  const RegisterBlock &block;
  ValueRange in;
  Value task;
  ScanHead head;
  int64_t keyCount, width;
  Value panels, padded, first, count; ///< columns in panels; the chunk's first token and number of tokens
};

/// True where the scan has this form.
bool hasChunks(ScanOp op) {
  bool perHead = !varies(op.getDecay(), -1) && !varies(op.getDecay(), -2) && !varies(op.getRate(), -1) && !varies(op.getRate(), -2);
  return perHead && op.getK() && op.getQ() && !op.getNormalized() && !op.getExclusive() && op.getUpdates() == 1 && op.getChunk() != 1;
}

} // namespace

Value launchScanChunks(ScanArgs &args, ImplicitLocOpBuilder &b) {
  Code c(b);
  if (!hasChunks(args.op))
    return c.flag(false);
  const Lengths &n = args.lengths;
  Value active = c.less(c.index(kWorthwhile), n['L']), tasks = c.choose(active, c.mul(n['B'], n['H']), c.index(0));
  Value panels = c.mul(c.ceilDiv(n['V'], c.index(kBlock)), c.index(kPanelGroup));
  int64_t keys = args.op.getA() ? 2 * kChunk : kChunk;
  constexpr int64_t any = ShapedType::kDynamic;
  Spaces spaces;
  spaces.keys = args.space(b, {any, keys / kPanel, any, kPanel}, {tasks, n['K']});
  spaces.turned = args.space(b, {any, any, keys}, {tasks, n['K']});
  spaces.rows = args.space(b, {any, kChunk, any}, {tasks, n['K']});
  spaces.weights = args.space(b, {any, kChunk, keys}, {tasks});
  spaces.values = args.space(b, {any, any, keys, kPanel}, {tasks, panels});
  spaces.state = args.space(b, {any, any, any, kPanel}, {tasks, panels, n['K']});
  spaces.logs = args.space(b, {any, kChunk}, {tasks});
  spaces.factors = args.space(b, {any, kChunk + 1, kChunk}, {tasks});
  spaces.starts = args.space(b, {any, kChunk + 1}, {tasks});
  Value cost = c.div(c.mul(c.mul(n['L'], c.add(n['K'], c.index(kChunk))), n['V']), c.index(16));
  launchBlocked(b, "scan_chunks", args.values, tasks, cost, [&](Code k, const RegisterBlock &block, ValueRange in, Value begin, Value end) {
    k.loop(begin, end, [&](Code k, Value task) { Chunks(args, spaces, block, in, task, k).run(k); });
  });
  return active;
}

} // namespace moe
