//===- ScanSteps.cpp - a scan token by token --------------------------------------------------------------------===//
//
// A task is 32 columns of one head's state, which change together and independently of the other columns. They lie in a tile of their own,
// small enough for the first-level cache; for a single token they lie where the last state does, so that decoding moves each number once.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Scan.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace moe {
namespace {

constexpr int64_t kLanes = 16, kVectors = 2, kColumns = kLanes * kVectors;
constexpr double kLowest = -std::numeric_limits<double>::infinity();

using Vectors = SmallVector<Value, kVectors>; ///< the columns of a row

/// The places of the buffers that a kernel works in.
struct Spaces {
  int tile = -1, factors = -1, sums = -1, highs = -1; ///< [tasks, dk, 32], [tasks, dk], n [tasks, dk, 32], m [tasks, 32]
};

/// How a decay changes along the state.
struct DecayKind {
  explicit DecayKind(ScanOp op)
      : rows(varies(op.getDecay(), -2) || varies(op.getRate(), -2)), columns(varies(op.getDecay(), -1) || varies(op.getRate(), -1)) {}
  bool rows, columns;
};

/// Vectors of a row.
Vectors each(llvm::function_ref<Value(int64_t)> vector) {
  Vectors result;
  for (int64_t n = 0; n < kVectors; ++n)
    result.push_back(vector(n));
  return result;
}

/// exp(x - high), and 0 where there is no weight at all.
Value weight(Code k, Value x, Value high) {
  Value lowest = k.constant(x.getType(), kLowest);
  Value empty = k.compare(arith::CmpFPredicate::OEQ, x, lowest);
  return k.choose(empty, k.constant(x.getType(), 0), math::ExpOp::create(k.b, k.sub(x, high)));
}

/// The code of one task.
class Steps {
public:
  Steps(const ScanArgs &args, const Spaces &spaces, ValueRange in, Value task, Code k)
      : op(args.op), args(args), spaces(spaces), in(in), task(task), kind(op), head(args, in, k, k.div(task, blocks(k))) {
    first = k.mul(k.rem(task, blocks(k)), k.index(kColumns));
    for (int64_t n = 0; n < kVectors; ++n)
      guards.push_back(ColumnGuard::ofLastAxis(k, column(k, n), kLanes, kColumns, in[args.final[0]]));
    tile = makeTile(k);
  }

  void run(Code k) {
    start(k);
    k.loop(k.index(0), head.tokens, [&](Code k, Value t) {
      Value begin = k.mul(t, k.index(op.getUpdates())), end = k.add(begin, k.index(op.getUpdates()));
      if (op.getExclusive())
        read(k, t, begin);
      k.loop(begin, end, [&](Code k, Value l) { op.getNormalized() ? average(k, l) : update(k, l); });
      if (!op.getExclusive())
        read(k, t, begin);
    });
    finish(k);
  }

  /// True where the last state can serve as the tile.
  static bool inPlace(ScanOp op) {
    auto type = cast<RankedTensorType>(op.getFinal()[0].getType());
    int64_t columns = type.getDimSize(3);
    return type.getElementType().isF32() && !ShapedType::isDynamic(columns) && columns % kColumns == 0;
  }

private:
  Value blocks(Code k) const { return k.ceilDiv(k.dim(in[args.final[0]], 3), k.index(kColumns)); }
  Value column(Code k, int64_t n) const { return k.add(first, k.index(n * kLanes)); }

  /// [dk, 32] of a buffer of rank 3 or more, from `offsets`.
  Value rowsOf(Code k, Value space, ArrayRef<OpFoldResult> offsets) {
    auto type = cast<MemRefType>(space.getType());
    OpFoldResult one = k.b.getIndexAttr(1);
    SmallVector<OpFoldResult> sizes(offsets.size(), one), strides(offsets.size(), one);
    sizes[sizes.size() - 2] = head.keys;
    sizes.back() = k.b.getIndexAttr(kColumns);
    auto reduced = cast<MemRefType>(memref::SubViewOp::inferRankReducedResultType({ShapedType::kDynamic, kColumns}, type, offsets, sizes, strides));
    constexpr int64_t any = ShapedType::kDynamic;
    auto common = MemRefType::get({any, kColumns}, k.b.getF32Type(), StridedLayoutAttr::get(k.b.getContext(), any, {any, 1}));
    return memref::CastOp::create(k.b, common, memref::SubViewOp::create(k.b, reduced, space, offsets, sizes, strides));
  }

  Value makeTile(Code k) {
    OpFoldResult zero = k.b.getIndexAttr(0);
    Value own = rowsOf(k, in[spaces.tile], {task, zero, zero});
    if (!inPlace(op))
      return own;
    return k.choose(k.equal(head.updates, k.index(1)), rowsOf(k, in[args.final[0]], {head.batch, head.head, zero, first}), own);
  }

  Vectors rowOf(Code k, Value rows, Value i) const {
    return each([&](int64_t n) { return k.loadVector(rows, {i, k.index(n * kLanes)}, kLanes); });
  }
  void setRow(Code k, Vectors values, Value rows, Value i) const {
    for (auto [n, value] : llvm::enumerate(values))
      k.storeVector(value, rows, {i, k.index(n * kLanes)});
  }
  Value splat(Code k, Value scalar) const { return k.splat(scalar, kLanes); }

  /// Columns of a gate that may be the same for all of them. `at` ends with the column.
  Value columnsOf(Code k, int arg, SmallVector<Value> at, int64_t n) const {
    auto type = cast<MemRefType>(in[arg].getType());
    int64_t width = type.getShape().back();
    auto same = [&](Code k) { return splat(k, loadRepeated(k, in[arg], at)); };
    auto wide = [&](Code k) {
      SmallVector<Value> place(at);
      for (int64_t axis = 0; axis + 1 < type.getRank(); ++axis)
        if (type.getDimSize(axis) == 1)
          place[axis] = k.index(0);
        else if (type.isDynamicDim(axis))
          place[axis] = k.minIndex(place[axis], k.sub(k.dim(in[arg], axis), k.index(1)));
      return guards[n].load(k, in[arg], place);
    };
    if (width == 1)
      return same(k);
    if (!ShapedType::isDynamic(width))
      return wide(k);
    return k.branch(k.equal(k.dim(in[arg], type.getRank() - 1), k.index(1)), same, wide);
  }
  Value gateOf(Code k, int arg, Value l, Value i, int64_t n) const { return columnsOf(k, arg, {head.batch, l, head.head, i, column(k, n)}, n); }
  Value perHead(Code k, int arg, Value i, int64_t n) const { return columnsOf(k, arg, {head.head, i, column(k, n)}, n); }
  Value logDecay(Code k, Value l, Value i, int64_t n) const {
    Value gate = gateOf(k, args.decay, l, i, n);
    return args.rate < 0 ? gate : k.mul(gate, perHead(k, args.rate, i, n));
  }

  //===- the state's way ----------------------------------------------------------------------------------------===//

  void start(Code k) {
    Value none = k.constant(k.vector(kLanes), 0);
    k.loop(k.index(0), head.keys, [&](Code k, Value i) {
      auto initial = [&](int64_t state, int64_t n) {
        int arg = args.initial[state];
        return arg < 0 ? none : columnsOf(k, arg, {head.batch, head.head, i, column(k, n)}, n);
      };
      setRow(k, each([&](int64_t n) { return initial(0, n); }), tile, i);
      if (op.getNormalized())
        setRow(k, each([&](int64_t n) { return initial(1, n); }), sums(k), i);
    });
    if (op.getNormalized())
      setHighs(k, each([&](int64_t n) {
        int arg = args.initial[2];
        return arg < 0 ? k.constant(k.vector(kLanes), kLowest) : columnsOf(k, arg, {head.batch, head.head, k.index(0), column(k, n)}, n);
      }));
  }

  void finish(Code k) {
    auto copy = [&](Code k) {
      k.loop(k.index(0), head.keys, [&](Code k, Value i) { storeState(k, 0, rowOf(k, tile, i), i); });
    };
    if (inPlace(op))
      k.when(k.equal(head.updates, k.index(1)), [](Code) {}, copy);
    else
      copy(k);
    if (!op.getNormalized())
      return;
    k.loop(k.index(0), head.keys, [&](Code k, Value i) { storeState(k, 1, rowOf(k, sums(k), i), i); });
    storeState(k, 2, highs(k), k.index(0));
  }

  /// A row of a last state; one that does not change along the columns is stored once.
  void storeState(Code k, int64_t state, Vectors values, Value i) {
    Value memref = in[args.final[state]];
    if (state == 0 || op.hasColumnGates()) {
      for (auto [n, value] : llvm::enumerate(values))
        guards[n].store(k, value, memref, {head.batch, head.head, i, column(k, n)});
      return;
    }
    k.when(k.equal(first, k.index(0)), [&](Code k) {
      Value number = vector::ExtractOp::create(k.b, values[0], 0);
      k.store(k.narrow(number, cast<MemRefType>(memref.getType()).getElementType()), memref, {head.batch, head.head, i, k.index(0)});
    });
  }

  Value sums(Code k) { return rowsOf(k, in[spaces.sums], {task, k.b.getIndexAttr(0), k.b.getIndexAttr(0)}); }
  Vectors highs(Code k) const {
    return each([&](int64_t n) { return k.loadVector(in[spaces.highs], {task, k.index(n * kLanes)}, kLanes); });
  }
  void setHighs(Code k, Vectors values) {
    for (auto [n, value] : llvm::enumerate(values))
      k.storeVector(value, in[spaces.highs], {task, k.index(n * kLanes)});
  }

  //===- updates ------------------------------------------------------------------------------------------------===//

  /// The columns of v, where they are the same for all rows.
  Vectors valuesOf(Code k, Value l) const {
    if (args.k < 0)
      return {};
    return each([&](int64_t n) { return guards[n].load(k, in[args.v], {head.batch, l, head.head, column(k, n)}); });
  }
  /// Row i of what is added.
  Vectors input(Code k, Value l, Value i, const Vectors &values) const {
    if (args.k < 0)
      return each([&](int64_t n) { return guards[n].load(k, in[args.v], {head.batch, l, head.head, i, column(k, n)}); });
    Value key = splat(k, head.key(k, args.k, l, i));
    return each([&](int64_t n) { return k.mul(key, values[n]); });
  }

  /// exp of the decay of all rows, where each row has one.
  void decayRows(Code k, Value l) {
    Value whole = k.mul(k.div(head.keys, k.index(kLanes)), k.index(kLanes));
    auto row = [&](Code k, Value i) { return head.logDecay(k, l, i, k.index(0)); };
    k.loop(k.index(0), whole, [&](Code k, Value i) {
      Value logs = k.constant(k.vector(kLanes), 0);
      for (int64_t lane = 0; lane < kLanes; ++lane)
        logs = vector::InsertOp::create(k.b, row(k, k.add(i, k.index(lane))), logs, lane);
      k.storeVector(math::ExpOp::create(k.b, logs), in[spaces.factors], {task, i});
    }, kLanes);
    k.loop(whole, head.keys, [&](Code k, Value i) { k.store(math::ExpOp::create(k.b, row(k, i)), in[spaces.factors], {task, i}); });
  }

  /// What row i is multiplied with; `same` where it does not depend on i.
  Vectors factors(Code k, Value l, Value i, const Vectors &same) {
    if (!same.empty())
      return same;
    if (!kind.columns)
      return Vectors(kVectors, splat(k, k.load(in[spaces.factors], {task, i})));
    return each([&](int64_t n) { return math::ExpOp::create(k.b, logDecay(k, l, i, n)); });
  }

  void update(Code k, Value l) {
    Vectors same, values = valuesOf(k, l), seen;
    if (args.decay >= 0 && !kind.rows && !kind.columns)
      same = Vectors(kVectors, splat(k, math::ExpOp::create(k.b, head.logDecay(k, l, k.index(0), k.index(0)))));
    else if (args.decay >= 0 && !kind.rows)
      same = each([&](int64_t n) { return math::ExpOp::create(k.b, logDecay(k, l, k.index(0), n)); });
    else if (args.decay >= 0 && !kind.columns)
      decayRows(k, l);
    if (args.b >= 0)
      seen = project(k, [&](Code k, Value i) { return head.key(k, args.b, l, i); }, [&](Code k, Value i) { return rowOf(k, tile, i); });
    k.loop(k.index(0), head.keys, [&](Code k, Value i) {
      Vectors row = rowOf(k, tile, i), added = input(k, l, i, values);
      Vectors factor = args.decay < 0 ? Vectors() : factors(k, l, i, same);
      Value a = args.a < 0 ? Value() : splat(k, head.key(k, args.a, l, i));
      setRow(k, each([&](int64_t n) {
        Value sum = args.decay < 0 ? k.add(row[n], added[n]) : k.fma(factor[n], row[n], added[n]);
        return a ? k.fma(a, seen[n], sum) : sum;
      }), tile, i);
    });
  }

  /// Weights of the old state and of the input against their maximum, which is new.
  struct Balance {
    Vectors high, kept, added;
  };
  Balance balance(Code k, const Vectors &old, const Vectors &fresh) const {
    Balance result;
    result.high = each([&](int64_t n) { return arith::MaximumFOp::create(k.b, old[n], fresh[n]); });
    result.kept = each([&](int64_t n) { return weight(k, old[n], result.high[n]); });
    result.added = each([&](int64_t n) { return weight(k, fresh[n], result.high[n]); });
    return result;
  }
  Vectors gates(Code k, Value l) const {
    return each([&](int64_t n) { return args.gate < 0 ? k.constant(k.vector(kLanes), 0) : gateOf(k, args.gate, l, k.index(0), n); });
  }

  void average(Code k, Value l) {
    Vectors old = highs(k), values = valuesOf(k, l);
    if (args.decay >= 0)
      old = each([&](int64_t n) { return k.add(logDecay(k, l, k.index(0), n), old[n]); });
    Balance balanced = balance(k, old, gates(k, l));
    setHighs(k, balanced.high);
    k.loop(k.index(0), head.keys, [&](Code k, Value i) {
      setRow(k, mix(k, balanced, rowOf(k, tile, i), input(k, l, i, values)), tile, i);
      setRow(k, mix(k, balanced, rowOf(k, sums(k), i), Vectors(kVectors, keyOrOne(k, l, i))), sums(k), i);
    });
  }
  Vectors mix(Code k, const Balance &balanced, const Vectors &old, const Vectors &fresh) const {
    return each([&](int64_t n) { return k.fma(balanced.kept[n], old[n], k.mul(balanced.added[n], fresh[n])); });
  }
  Value keyOrOne(Code k, Value l, Value i) const { return splat(k, args.k < 0 ? k.real(1) : head.key(k, args.k, l, i)); }

  //===- readout ------------------------------------------------------------------------------------------------===//

  using Row = llvm::function_ref<Vectors(Code, Value)>;

  /// sum over i of factor(i) * row(i).
  Vectors project(Code k, llvm::function_ref<Value(Code, Value)> factor, Row row) {
    Vectors zeros(kVectors, k.constant(k.vector(kLanes), 0));
    return Vectors(k.loop(k.index(0), head.keys, zeros, [&](Code k, Value i, ValueRange carried) -> SmallVector<Value> {
      Value number = splat(k, factor(k, i));
      Vectors values = row(k, i);
      return SmallVector<Value>(each([&](int64_t n) { return k.fma(number, values[n], carried[n]); }));
    }));
  }

  /// The results of token t, whose first update is l.
  void read(Code k, Value t, Value l) {
    Vectors high, values;
    Balance own;
    if (op.getNormalized())
      high = highs(k);
    if (op.getBonus()) { // the token itself, as if by an update without decay
      Vectors fresh = gates(k, l);
      own = balance(k, high, each([&](int64_t n) { return k.add(fresh[n], perHead(k, args.bonus, k.index(0), n)); }));
      high = own.high;
      values = valuesOf(k, l);
    }
    auto state = [&](Code k, Value i) {
      Vectors row = rowOf(k, tile, i);
      return op.getBonus() ? mix(k, own, row, input(k, l, i, values)) : row;
    };
    auto sum = [&](Code k, Value i) {
      Vectors row = rowOf(k, sums(k), i);
      return op.getBonus() ? mix(k, own, row, Vectors(kVectors, keyOrOne(k, l, i))) : row;
    };
    if (args.q < 0) {
      k.loop(k.index(0), head.keys, [&](Code k, Value i) {
        Vectors result = state(k, i);
        store(k, op.getNormalized() ? divided(k, result, sum(k, i), high) : result, {head.batch, t, head.head, i});
      });
      return;
    }
    k.loop(k.index(0), head.readers(k), [&](Code k, Value o) {
      auto query = [&](Code k, Value i) { return head.query(k, t, o, i); };
      Vectors result = project(k, query, state);
      store(k, op.getNormalized() ? divided(k, result, project(k, query, sum), high) : result, {head.batch, t, head.reader(k, o)});
    });
  }

  Vectors divided(Code k, const Vectors &values, const Vectors &sums, const Vectors &high) const {
    double floor = op.getFloor().convertToDouble(), epsilon = op.getEpsilon().convertToDouble();
    auto number = [&](double value) { return k.constant(k.vector(kLanes), value); };
    return each([&](int64_t n) -> Value {
      Value size = math::AbsFOp::create(k.b, sums[n]);
      if (floor != 0)
        size = arith::MaximumFOp::create(k.b, size, k.mul(number(floor), math::ExpOp::create(k.b, k.sub(number(0), high[n]))));
      return arith::DivFOp::create(k.b, values[n], k.add(size, number(epsilon)));
    });
  }

  void store(Code k, const Vectors &values, SmallVector<Value> at) const {
    for (auto [n, value] : llvm::enumerate(values)) {
      SmallVector<Value> place(at);
      place.push_back(column(k, n));
      guards[n].store(k, value, in[args.result], place);
    }
  }

  mutable ScanOp op;
  const ScanArgs &args;
  const Spaces &spaces;
  ValueRange in;
  Value task;
  DecayKind kind;
  ScanHead head;
  Value first, tile;
  SmallVector<ColumnGuard, kVectors> guards;
};

} // namespace

void launchScanSteps(ScanArgs &args, ImplicitLocOpBuilder &b, Value active) {
  Code c(b);
  ScanOp op = args.op;
  const Lengths &n = args.lengths;
  Value tasks = c.mul(c.mul(n['B'], n['H']), c.ceilDiv(n['V'], c.index(kColumns)));
  tasks = c.choose(active, tasks, c.index(0));
  constexpr int64_t any = ShapedType::kDynamic;
  Spaces spaces;
  Value ownRows = Steps::inPlace(op) ? c.choose(c.equal(n['L'], c.index(1)), c.index(0), n['K']) : n['K'];
  spaces.tile = args.space(b, {any, any, kColumns}, {tasks, ownRows});
  if (DecayKind kind(op); kind.rows && !kind.columns)
    spaces.factors = args.space(b, {any, any}, {tasks, n['K']});
  if (op.getNormalized()) {
    spaces.sums = args.space(b, {any, any, kColumns}, {tasks, n['K']});
    spaces.highs = args.space(b, {any, kColumns}, {tasks});
  }
  Value cost = c.mul(c.add(n['L'], c.index(1)), n['K']);
  launch(b, "scan", args.values, tasks, cost, [&](ImplicitLocOpBuilder &kb, ValueRange in, Value begin, Value end) {
    Code(kb).loop(begin, end, [&](Code k, Value task) { Steps(args, spaces, in, task, k).run(k); });
  });
}

} // namespace moe
