//===- Route.cpp - the kernels of moe.route ---------------------------------------------------------------------===//
//
// A task is a token: scores, selection and weights in one pass. Two selections look across tokens and run in between: `capacity` drops
// tokens of full experts in order, `expert_choice` lets each expert take its best tokens.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Lowerings.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {
namespace {

using P = arith::CmpFPredicate;

class RouteLowering {
public:
  RouteLowering(RouteOp op, RewriterBase &rewriter) : op(op), rewriter(rewriter), b(op.getLoc(), rewriter), c(b) {
    experts = cast<RankedTensorType>(op.getLogits().getType()).getDimSize(1);
    slots = cast<RankedTensorType>(op.getIds().getType()).getDimSize(1);
  }

  void run() {
    tokens = getValueOrCreateConstantIndexOp(b, b.getLoc(), tensor::getMixedSize(b, b.getLoc(), op.getLogits(), 0));
    auto rows = [&](Type element, int64_t width) -> Value {
      return memref::AllocOp::create(b, MemRefType::get({ShapedType::kDynamic, width}, element), tokens);
    };
    ids = newBuffer(b, cast<RankedTensorType>(op.getIds().getType()), {getAsOpFoldResult(tokens), b.getIndexAttr(slots)});
    weights = newBuffer(b, cast<RankedTensorType>(op.getWeights().getType()), {getAsOpFoldResult(tokens), b.getIndexAttr(slots)});
    args = {bufferOf(b, op.getLogits()), rows(b.getF32Type(), experts), rows(b.getF32Type(), experts), rows(b.getI8Type(), experts), ids, weights, tokens};
    biasAt = optional(op.getBias());
    tokenAt = optional(op.getTokenIds());
    tableAt = optional(op.getTable());
    switch (op.getSelect()) {
    case Select::topk:
    case Select::threshold:
    case Select::hash:
      perToken("route", [&](Code k, ValueRange in, Value t) {
        score(k, in, t);
        select(k, in, t);
        weigh(k, in, t);
      });
      break;
    case Select::capacity:
      perToken("route_select", [&](Code k, ValueRange in, Value t) {
        score(k, in, t);
        select(k, in, t);
      });
      drop();
      perToken("route_weigh", [&](Code k, ValueRange in, Value t) { weigh(k, in, t); });
      break;
    case Select::expert_choice:
      perToken("route_score", [&](Code k, ValueRange in, Value t) { score(k, in, t); });
      choose();
      perToken("route_weigh", [&](Code k, ValueRange in, Value t) {
        collect(k, in, t);
        weigh(k, in, t);
      });
      break;
    }
    rewriter.replaceOp(op, {tensorOf(b, ids, op.getIds().getType()), tensorOf(b, weights, op.getWeights().getType())});
  }

private:
  enum Arg { Logits, Scores, Keys, Marks, Ids, Weights, Tokens }; ///< marks: 1 where an expert may not be taken, or was taken

  int optional(Value tensor) {
    if (!tensor)
      return -1;
    args.push_back(bufferOf(b, tensor));
    return args.size() - 1;
  }

  void perToken(StringRef name, llvm::function_ref<void(Code, ValueRange, Value)> body) {
    launch(b, name, args, tokens, c.index(experts * (4 + slots)), [&](ImplicitLocOpBuilder &kb, ValueRange in, Value begin, Value end) {
      Code(kb).loop(begin, end, [&](Code k, Value token) { body(k, in, token); });
    });
  }

  Type idType() { return cast<RankedTensorType>(op.getIds().getType()).getElementType(); }
  Value idOf(Code k, Value index) { return k.asInteger(index, idType()); }
  Value number(Code k, double x) { return k.real(x); }

  /// True where x comes before y for certain: NaN is the largest.
  static Value larger(Code k, Value x, Value y) {
    Value nan = k.both(k.compare(P::UNO, x, x), k.compare(P::ORD, y, y));
    return k.either(k.compare(P::OGT, x, y), nan);
  }

  /// s[t,:] and the keys that are selected by. Where keys of one token are compared with each other alone, without bias or sums of groups,
  /// they are the logits: the score rises with them, and does not make different logits equal.
  void score(Code k, ValueRange in, Value t) {
    Value zero = k.index(0), count = k.index(experts);
    bool sums = int64_t(op.getGroups()) > 1 && op.getGroupScore() == GroupScore::top2_sum;
    bool compared = op.getSelect() == Select::threshold || op.getSelect() == Select::expert_choice; // with a number, with other tokens
    bool byScore = biasAt >= 0 || sums || compared;
    auto logit = [&](Code k, Value e) { return k.widen(k.load(in[Logits], {t, e})); };
    if (op.getScore() == Score::softmax) {
      Value lowest = number(k, -std::numeric_limits<double>::infinity());
      Value high = k.loop(zero, count, ValueRange(lowest), [&](Code k, Value e, ValueRange best) -> SmallVector<Value> {
        return {arith::MaximumFOp::create(k.b, best[0], logit(k, e))};
      })[0];
      Value sum = k.loop(zero, count, ValueRange(number(k, 0)), [&](Code k, Value e, ValueRange sum) -> SmallVector<Value> {
        Value power = math::ExpOp::create(k.b, k.sub(logit(k, e), high));
        k.store(power, in[Scores], {t, e});
        return {k.add(sum[0], power)};
      })[0];
      k.loop(zero, count, [&](Code k, Value e) { k.store(arith::DivFOp::create(k.b, k.load(in[Scores], {t, e}), sum), in[Scores], {t, e}); });
    } else {
      k.loop(zero, count, [&](Code k, Value e) { k.store(pointScore(k, logit(k, e)), in[Scores], {t, e}); });
    }
    k.loop(zero, count, [&](Code k, Value e) {
      Value key = byScore ? k.load(in[Scores], {t, e}) : logit(k, e);
      if (biasAt >= 0)
        key = k.add(key, k.widen(k.load(in[biasAt], {e})));
      k.store(key, in[Keys], {t, e});
      k.store(k.constant(k.b.getI8Type(), 0), in[Marks], {t, e});
    });
    if (int64_t(op.getGroups()) > 1)
      limitGroups(k, in, t);
  }

  Value pointScore(Code k, Value x) {
    Value one = number(k, 1);
    switch (op.getScore()) {
    case Score::sigmoid: return arith::DivFOp::create(k.b, one, k.add(one, math::ExpOp::create(k.b, arith::NegFOp::create(k.b, x))));
    case Score::sqrt_softplus: {
      Value small = math::ExpOp::create(k.b, arith::NegFOp::create(k.b, math::AbsFOp::create(k.b, x)));
      Value softplus = k.add(arith::MaximumFOp::create(k.b, x, number(k, 0)), math::Log1pOp::create(k.b, small));
      return math::SqrtOp::create(k.b, softplus);
    }
    default: return x;
    }
  }

  /// The place of the best key of [low, high) whose mark is 0; equal keys: the lower place. `high` where all are marked.
  Value best(Code k, Value keys, Value marks, ValueRange prefix, Value low, Value high) {
    auto at = [&](Value e) {
      SmallVector<Value> place(prefix);
      place.push_back(e);
      return place;
    };
    return k.loop(low, high, ValueRange{high, number(k, 0)}, [&](Code k, Value e, ValueRange found) -> SmallVector<Value> {
      Value key = k.load(keys, at(e));
      Value free = k.equal(k.load(marks, at(e)), k.constant(k.b.getI8Type(), 0));
      Value better = k.both(free, k.either(k.equal(found[0], high), larger(k, key, found[1])));
      return {k.choose(better, e, found[0]), k.choose(better, key, found[1])};
    })[0];
  }

  /// Keys of experts outside the best groups become -inf.
  void limitGroups(Code k, ValueRange in, Value t) {
    int64_t groups = op.getGroups(), width = experts / groups;
    Value groupKeys = memref::AllocaOp::create(k.b, MemRefType::get({groups}, k.b.getF32Type()));
    Value groupMarks = memref::AllocaOp::create(k.b, MemRefType::get({groups}, k.b.getI8Type()));
    Value one = k.constant(k.b.getI8Type(), 1), zero = k.constant(k.b.getI8Type(), 0);
    k.loop(k.index(0), k.index(groups), [&](Code k, Value g) {
      Value low = k.mul(g, k.index(width)), high = k.add(low, k.index(width));
      Value first = best(k, in[Keys], in[Marks], {t}, low, high), sum = k.load(in[Keys], {t, first});
      if (op.getGroupScore() == GroupScore::top2_sum && width > 1) {
        k.store(one, in[Marks], {t, first});
        sum = k.add(sum, k.load(in[Keys], {t, best(k, in[Keys], in[Marks], {t}, low, high)}));
        k.store(zero, in[Marks], {t, first});
      }
      k.store(sum, groupKeys, {g});
      k.store(zero, groupMarks, {g});
    });
    k.loop(k.index(0), k.index(op.getGroupsKept()), [&](Code k, Value) {
      k.store(one, groupMarks, {best(k, groupKeys, groupMarks, {}, k.index(0), k.index(groups))});
    });
    k.loop(k.index(0), k.index(experts), [&](Code k, Value e) {
      Value kept = k.equal(k.load(groupMarks, {k.div(e, k.index(width))}), one);
      Value key = k.load(in[Keys], {t, e});
      k.store(k.choose(kept, key, number(k, -std::numeric_limits<double>::infinity())), in[Keys], {t, e});
    });
  }

  void select(Code k, ValueRange in, Value t) {
    if (op.getSelect() == Select::hash)
      return look(k, in, t);
    k.loop(k.index(0), k.index(slots), [&](Code k, Value j) {
      Value e = best(k, in[Keys], in[Marks], {t}, k.index(0), k.index(experts));
      k.store(k.constant(k.b.getI8Type(), 1), in[Marks], {t, e});
      Value id = idOf(k, e);
      if (op.getSelect() == Select::threshold) {
        Value below = larger(k, number(k, op.getThreshold().convertToDouble()), k.load(in[Keys], {t, e}));
        id = k.choose(below, k.constant(idType(), -1), id);
      }
      k.store(id, in[Ids], {t, j});
    });
  }

  /// ids[t,:] = table[token_ids[t],:].
  void look(Code k, ValueRange in, Value t) {
    Value token = k.asIndex(k.load(in[tokenAt], {t})), rows = k.dim(in[tableAt], 0);
    Value inside = k.less(token, rows);
    rt::CheckOp::create(k.b, inside, "moe.route: a token id is not in the table");
    Value row = k.choose(inside, token, k.index(0));
    k.loop(k.index(0), k.index(slots), [&](Code k, Value j) {
      Value expert = k.asIndex(k.load(in[tableAt], {row, j}));
      Value fine = k.either(k.less(expert, k.index(experts)), k.equal(expert, k.index(-1)));
      rt::CheckOp::create(k.b, fine, "moe.route: the table names an expert that does not exist");
      k.store(idOf(k, k.choose(fine, expert, k.index(-1))), in[Ids], {t, j});
    });
  }

  /// Per expert and sequence, all but the first `capacity` tokens lose their slot.
  void drop() {
    Value sequence = c.maxIndex(tokens, c.index(1));
    if (op.getSequence()) {
      sequence = c.asIndex(c.load(bufferOf(b, op.getSequence()), {}));
      rt::CheckOp::create(b, c.either(c.less(c.index(0), sequence), c.equal(tokens, c.index(0))), "moe.route: a sequence has no token");
    }
    Value taken = memref::AllocOp::create(b, MemRefType::get({experts}, b.getI64Type()));
    launch(b, "route_drop", ValueRange{ids, taken, tokens, sequence}, c.index(1), c.mul(tokens, c.index(2 * slots)), [&](ImplicitLocOpBuilder &kb, ValueRange in, Value, Value) {
      Code k(kb);
      Value zero = k.constant(kb.getI64Type(), 0), one = k.constant(kb.getI64Type(), 1);
      k.loop(k.index(0), in[2], [&](Code k, Value t) {
        k.when(k.equal(k.rem(t, in[3]), k.index(0)), [&](Code k) {
          k.loop(k.index(0), k.index(experts), [&](Code k, Value e) { k.store(zero, in[1], {e}); });
        });
        k.loop(k.index(0), k.index(slots), [&](Code k, Value j) {
          Value e = k.asIndex(k.load(in[0], {t, j})), count = k.load(in[1], {e});
          Value full = arith::CmpIOp::create(k.b, arith::CmpIPredicate::sge, count, k.constant(k.b.getI64Type(), op.getCapacity()));
          k.store(k.add(count, one), in[1], {e});
          k.store(k.choose(full, k.constant(idType(), -1), k.load(in[0], {t, j})), in[0], {t, j});
        });
      });
    });
  }

  /// Each expert marks its `capacity` best tokens.
  void choose() {
    launch(b, "route_choose", args, c.index(experts), c.mul(tokens, c.index(op.getCapacity())), [&](ImplicitLocOpBuilder &kb, ValueRange in, Value begin, Value end) {
      Code(kb).loop(begin, end, [&](Code k, Value e) {
        Value rounds = k.minIndex(in[Tokens], k.index(op.getCapacity()));
        k.loop(k.index(0), rounds, [&](Code k, Value) {
          Value token = k.loop(k.index(0), in[Tokens], ValueRange{in[Tokens], number(k, 0)}, [&](Code k, Value t, ValueRange found) -> SmallVector<Value> {
            Value key = k.load(in[Keys], {t, e});
            Value free = k.equal(k.load(in[Marks], {t, e}), k.constant(k.b.getI8Type(), 0));
            Value better = k.both(free, k.either(k.equal(found[0], in[Tokens]), larger(k, key, found[1])));
            return {k.choose(better, t, found[0]), k.choose(better, key, found[1])};
          })[0];
          k.store(k.constant(k.b.getI8Type(), 1), in[Marks], {token, e});
        });
      });
    });
  }

  /// The experts that marked a token, in rising order.
  void collect(Code k, ValueRange in, Value t) {
    Value used = k.loop(k.index(0), k.index(experts), ValueRange(k.index(0)), [&](Code k, Value e, ValueRange next) -> SmallVector<Value> {
      Value mine = k.equal(k.load(in[Marks], {t, e}), k.constant(k.b.getI8Type(), 1));
      k.when(mine, [&](Code k) { k.store(idOf(k, e), in[Ids], {t, next[0]}); });
      return {k.choose(mine, k.add(next[0], k.index(1)), next[0])};
    })[0];
    k.loop(used, k.index(slots), [&](Code k, Value j) { k.store(k.constant(idType(), -1), in[Ids], {t, j}); });
  }

  //===- weights ------------------------------------------------------------------------------------------------===//

  void weigh(Code k, ValueRange in, Value t) {
    Value zero = k.index(0), count = k.index(slots), lowest = number(k, -std::numeric_limits<double>::infinity());
    // The score of a slot, and whether it holds an expert.
    auto slot = [&](Code k, Value j) {
      Value id = k.asIndex(k.load(in[Ids], {t, j})), held = k.less(id, k.index(experts));
      return std::pair(held, k.load(in[Scores], {t, k.choose(held, id, k.index(0))}));
    };
    Value high = lowest, divisor;
    if (op.getRenorm() == Renorm::softmax)
      high = k.loop(zero, count, ValueRange(lowest), [&](Code k, Value j, ValueRange best) -> SmallVector<Value> {
        auto [held, s] = slot(k, j);
        return {k.choose(held, arith::MaximumFOp::create(k.b, best[0], s), best[0])};
      })[0];
    auto term = [&](Code k, Value s) -> Value {
      return op.getRenorm() == Renorm::softmax ? math::ExpOp::create(k.b, k.sub(s, high)).getResult() : s;
    };
    if (op.getRenorm() != Renorm::none) {
      double epsilon = op.getRenorm() == Renorm::sum ? op.getEpsilon().convertToDouble() : 0;
      divisor = k.loop(zero, count, ValueRange(number(k, epsilon)), [&](Code k, Value j, ValueRange sum) -> SmallVector<Value> {
        auto [held, s] = slot(k, j);
        return {k.choose(held, k.add(sum[0], term(k, s)), sum[0])};
      })[0];
      if (double floor = op.getFloor().convertToDouble(); op.getRenorm() == Renorm::sum && floor > 0)
        divisor = arith::MaximumFOp::create(k.b, divisor, number(k, floor));
    }
    double scale = op.getScale().convertToDouble();
    k.loop(zero, count, [&](Code k, Value j) {
      auto [held, s] = slot(k, j);
      Value w = term(k, s);
      if (divisor)
        w = arith::DivFOp::create(k.b, w, divisor);
      if (scale != 1)
        w = k.mul(w, number(k, scale));
      w = k.choose(held, w, number(k, 0));
      k.store(k.narrow(w, cast<MemRefType>(in[Weights].getType()).getElementType()), in[Weights], {t, j});
    });
  }

  RouteOp op;
  RewriterBase &rewriter;
  ImplicitLocOpBuilder b;
  Code c;
  int64_t experts, slots;
  Value tokens, ids, weights;
  SmallVector<Value> args;
  int biasAt = -1, tokenAt = -1, tableAt = -1;
};

} // namespace

void lowerRoute(RouteOp op, RewriterBase &rewriter) { RouteLowering(op, rewriter).run(); }

} // namespace moe
