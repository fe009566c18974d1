//===- CausalConv.cpp - the kernel of moe.causal_conv -----------------------------------------------------------===//
//
// A task is 16 channels of one batch entry: its weights and its state are laid out tap by tap first, so that every token is a few products of
// vectors. The tokens whose taps reach into the state are done apart from the others.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Lengths.h"
#include "Lowerings.h"
#include "Scalars.h"

using namespace mlir;

namespace moe {
namespace {

constexpr int64_t kLanes = 16;

enum Arg { X, Weight, Result, Final, Taps, History };

/// The code of one task.
struct Task {
  Task(CausalConvOp op, ValueRange in, int biasAt, int stateAt, Value task, Code k) : op(op), in(in), biasAt(biasAt), stateAt(stateAt), task(task) {
    Value blocks = k.ceilDiv(k.dim(in[X], 2), k.index(kLanes));
    batch = k.div(task, blocks);
    first = k.mul(k.rem(task, blocks), k.index(kLanes));
    count = k.minIndex(k.sub(k.dim(in[X], 2), first), k.index(kLanes));
    guard = ColumnGuard::ofLastAxis(k, first, kLanes, kLanes, in[X]);
    tokens = k.dim(in[X], 1);
    taps = k.dim(in[Weight], 1);
    past = k.dim(in[Final], 2);
  }

  void run(Code k) {
    prepare(k);
    Value near = k.minIndex(past, tokens);
    k.loop(k.index(0), near, [&](Code k, Value t) {
      convolve(k, t, [&](Code k, Value place) {
        return k.branch(k.less(place, past), [&](Code k) { return k.loadVector(in[History], {task, place, k.index(0)}, kLanes); },
                        [&](Code k) { return token(k, k.sub(place, past)); });
      });
    });
    k.loop(near, tokens, [&](Code k, Value t) { convolve(k, t, [&](Code k, Value place) { return token(k, k.sub(place, past)); }); });
    finish(k);
  }

private:
  /// Weights and state of the channels as rows of 16.
  void prepare(Code k) {
    k.loop(k.index(0), count, [&](Code k, Value lane) {
      Value channel = k.add(first, lane);
      k.loop(k.index(0), taps, [&](Code k, Value tap) { k.store(k.widen(k.load(in[Weight], {channel, tap})), in[Taps], {task, tap, lane}); });
      k.loop(k.index(0), past, [&](Code k, Value place) {
        Value state = stateAt < 0 ? k.real(0) : k.widen(k.load(in[stateAt], {batch, channel, place}));
        k.store(state, in[History], {task, place, lane});
      });
    });
  }

  Value token(Code k, Value t) const { return guard->load(k, in[X], {batch, t, first}); }

  /// The result of a token; `at` is the vector at a place of state and tokens behind each other.
  void convolve(Code k, Value t, llvm::function_ref<Value(Code, Value)> at) {
    Value bias = biasAt < 0 ? k.constant(k.vector(kLanes), 0) : guard->load(k, in[biasAt], {first});
    Value sum = k.loop(k.index(0), taps, ValueRange(bias), [&](Code k, Value tap, ValueRange sum) -> SmallVector<Value> {
      Value place = k.add(t, k.mul(tap, k.index(op.getDilation())));
      return {k.fma(k.loadVector(in[Taps], {task, tap, k.index(0)}, kLanes), at(k, place), sum[0])};
    })[0];
    guard->store(k, activateVector(k, op.getActivation(), 1, sum), in[Result], {batch, t, first});
  }

  void finish(Code k) {
    Type element = cast<MemRefType>(in[Final].getType()).getElementType();
    k.loop(k.index(0), count, [&](Code k, Value lane) {
      Value channel = k.add(first, lane);
      k.loop(k.index(0), past, [&](Code k, Value p) {
        Value place = k.add(tokens, p);
        Value value = k.branch(k.less(place, past), [&](Code k) { return k.load(in[History], {task, place, lane}); },
                               [&](Code k) { return k.widen(k.load(in[X], {batch, k.sub(place, past), channel})); });
        k.store(k.narrow(value, element), in[Final], {batch, channel, p});
      });
    });
  }

  CausalConvOp op;
  ValueRange in;
  int biasAt, stateAt;
  Value task, batch, first, count, tokens, taps, past;
  std::optional<ColumnGuard> guard;
};

} // namespace

void lowerCausalConv(CausalConvOp op, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Code c(b);
  Lengths n(b, "moe.causal_conv");
  n.bind(op.getX(), "BTC");
  n.bind(op.getWeight(), "CK");
  n.bind(op.getBias(), "C");
  n.bind('P', getAsOpFoldResult(c.mul(c.sub(n['K'], c.index(1)), c.index(op.getDilation()))));
  n.bind(op.getState(), "BCP");
  Value tasks = c.mul(n['B'], c.ceilDiv(n['C'], c.index(kLanes)));
  auto rows = [&](Value count) -> Value {
    constexpr int64_t any = ShapedType::kDynamic;
    return memref::AllocOp::create(b, MemRefType::get({any, any, kLanes}, b.getF32Type()), ValueRange{tasks, count});
  };
  Value result = newBuffer(b, op.getResult().getType(), n.of("BTC")), final = newBuffer(b, op.getFinal().getType(), n.of("BCP"));
  SmallVector<Value> args = {bufferOf(b, op.getX()), bufferOf(b, op.getWeight()), result, final, rows(n['K']), rows(n['P'])};
  int biasAt = optionalBuffer(b, args, op.getBias()), stateAt = optionalBuffer(b, args, op.getState());
  Value cost = c.mul(c.add(n['T'], c.index(16)), n['K']);
  launch(b, "causal_conv", args, tasks, cost, [&](ImplicitLocOpBuilder &kb, ValueRange in, Value begin, Value end) {
    Code(kb).loop(begin, end, [&](Code k, Value task) { Task(op, in, biasAt, stateAt, task, k).run(k); });
  });
  rewriter.replaceOp(op, {tensorOf(b, result, op.getResult().getType()), tensorOf(b, final, op.getFinal().getType())});
}

} // namespace moe
