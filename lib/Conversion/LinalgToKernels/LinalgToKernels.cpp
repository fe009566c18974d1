//===- LinalgToKernels.cpp - linalg on buffers to launched loops ------------------------------------------------===//
#include "Generalize.h"
#include "moe/Conversion/Passes.h"
#include "moe/Kernels/Launch.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_LINALGTOKERNELS
#include "moe/Conversion/Passes.h.inc"

namespace {

constexpr int64_t kChunk = 1024; ///< elements of the innermost loop that one task takes

/// How the loops of one linalg op become tasks and inner loops.
struct LoopPlan {
  SmallVector<unsigned> outer;      ///< parallel loops that tasks enumerate
  SmallVector<unsigned> reductions; ///< reduction loops around the innermost one, in order
  unsigned inner = 0;               ///< the innermost loop
  bool scalar = false;              ///< there is no loop at all
  bool innerReduces = false;
};

/// The loop whose neighbours lie next to each other in most operands runs innermost.
LoopPlan plan(linalg::GenericOp op) {
  LoopPlan result;
  auto kinds = op.getIteratorTypesArray();
  if (kinds.empty()) {
    result.scalar = true;
    return result;
  }
  SmallVector<int> votes(kinds.size(), 0);
  votes.back() = 1;
  for (auto [index, map] : llvm::enumerate(op.getIndexingMapsArray()))
    if (map.getNumResults())
      if (auto dim = dyn_cast<AffineDimExpr>(map.getResult(map.getNumResults() - 1)))
        votes[dim.getPosition()] += index + 1 == op.getNumOperands() ? 3 : 2;
  result.inner = std::max_element(votes.begin(), votes.end()) - votes.begin();
  result.innerReduces = linalg::isReductionIterator(kinds[result.inner]);
  for (auto [loop, kind] : llvm::enumerate(kinds)) {
    if (loop == result.inner)
      continue;
    (linalg::isReductionIterator(kind) ? result.reductions : result.outer).push_back(loop);
  }
  return result;
}

int64_t nanoseconds(linalg::GenericOp op) {
  int64_t total = 1;
  for (Operation &inner : op.getBody()->without_terminator())
    total += isa<math::MathDialect>(inner.getDialect()) ? 8 : 1;
  return total;
}

/// Writes the loops of one op inside its kernel.
class LoopWriter {
public:
  LoopWriter(linalg::GenericOp op, const LoopPlan &plan, ValueRange operands, IRMapping captured)
      : op(op), plan(plan), operands(operands), captured(std::move(captured)), indices(op.getNumLoops()) {}

  void write(ImplicitLocOpBuilder &b, Value begin, Value end, ArrayRef<Value> lengths) {
    if (plan.scalar)
      return body(b, {});
    forEachTask(b, begin, end, [&](ImplicitLocOpBuilder &b, Value task) {
      SmallVector<Value> outer = llvm::map_to_vector(plan.outer, [&](unsigned loop) { return lengths[loop]; });
      Value low = arith::ConstantIndexOp::create(b, 0), high = lengths[plan.inner];
      if (!plan.innerReduces) {
        Value chunk = arith::ConstantIndexOp::create(b, kChunk);
        outer.push_back(arith::CeilDivUIOp::create(b, high, chunk));
        SmallVector<Value> at = delinearize(b, task, outer);
        low = arith::MulIOp::create(b, at.back(), chunk);
        high = arith::MinUIOp::create(b, arith::AddIOp::create(b, low, chunk), high);
        place(at);
      } else {
        place(delinearize(b, task, outer));
      }
      if (plan.innerReduces)
        reduce(b, lengths, low, high);
      else
        stream(b, 0, lengths, low, high);
    });
  }

private:
  void place(ArrayRef<Value> at) {
    for (auto [loop, index] : llvm::zip(plan.outer, at))
      indices[loop] = index;
  }

  /// Reduction loops around a parallel innermost loop: partial results stay in memory, the innermost loop vectorises.
  void stream(ImplicitLocOpBuilder &b, unsigned depth, ArrayRef<Value> lengths, Value low, Value high) {
    Value zero = arith::ConstantIndexOp::create(b, 0), one = arith::ConstantIndexOp::create(b, 1);
    if (depth < plan.reductions.size()) {
      unsigned loop = plan.reductions[depth];
      scf::ForOp::create(b, zero, lengths[loop], one, ValueRange(), [&](OpBuilder &builder, Location loc, Value index, ValueRange) {
        ImplicitLocOpBuilder inner(loc, builder);
        indices[loop] = index;
        stream(inner, depth + 1, lengths, low, high);
        scf::YieldOp::create(inner);
      });
      return;
    }
    IRMapping fixed = invariants(b);
    scf::ForOp::create(b, low, high, one, ValueRange(), [&](OpBuilder &builder, Location loc, Value index, ValueRange) {
      ImplicitLocOpBuilder inner(loc, builder);
      indices[plan.inner] = index;
      body(inner, fixed);
      scf::YieldOp::create(inner);
    });
  }

  /// All reduction loops around one accumulator per output, held in registers.
  void reduce(ImplicitLocOpBuilder &b, ArrayRef<Value> lengths, Value low, Value high) {
    SmallVector<Value> initial, places;
    for (OpOperand &output : op.getDpsInitsMutable())
      initial.push_back(load(b, output));
    SmallVector<Value> sums = nest(b, 0, lengths, low, high, initial);
    for (auto [output, sum] : llvm::zip(op.getDpsInitsMutable(), sums))
      store(b, output, sum);
  }

  SmallVector<Value> nest(ImplicitLocOpBuilder &b, unsigned depth, ArrayRef<Value> lengths, Value low, Value high, ValueRange carried) {
    Value zero = arith::ConstantIndexOp::create(b, 0), one = arith::ConstantIndexOp::create(b, 1);
    bool last = depth == plan.reductions.size();
    unsigned loop = last ? plan.inner : plan.reductions[depth];
    IRMapping fixed = last ? invariants(b) : IRMapping();
    auto made = scf::ForOp::create(b, last ? low : zero, last ? high : lengths[loop], one, carried,
                                   [&](OpBuilder &builder, Location loc, Value index, ValueRange sums) {
                                     ImplicitLocOpBuilder inner(loc, builder);
                                     indices[loop] = index;
                                     scf::YieldOp::create(inner, last ? compute(inner, fixed, sums) : nest(inner, depth + 1, lengths, low, high, sums));
                                   });
    return SmallVector<Value>(made.getResults());
  }

  //===- the body -----------------------------------------------------------------------------------------------===//

  SmallVector<Value> addresses(ImplicitLocOpBuilder &b, OpOperand &operand) {
    SmallVector<Value> result;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (AffineExpr expr : map.getResults()) {
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        result.push_back(indices[dim.getPosition()]);
      else if (auto constant = dyn_cast<AffineConstantExpr>(expr))
        result.push_back(arith::ConstantIndexOp::create(b, constant.getValue()));
      else
        result.push_back(affine::expandAffineExpr(b, b.getLoc(), expr, indices, {}));
    }
    return result;
  }
  Value load(ImplicitLocOpBuilder &b, OpOperand &operand) {
    if (!isa<MemRefType>(operand.get().getType())) // a scalar operand, as of linalg.fill
      return operands[operand.getOperandNumber()];
    return memref::LoadOp::create(b, operands[operand.getOperandNumber()], addresses(b, operand));
  }
  void store(ImplicitLocOpBuilder &b, OpOperand &operand, Value value) {
    memref::StoreOp::create(b, value, operands[operand.getOperandNumber()], addresses(b, operand));
  }

  bool dependsOnInner(OpOperand &operand) { return op.getMatchingIndexingMap(&operand).isFunctionOfDim(plan.inner); }

  /// What the innermost loop computes the same every time, made before it. Inputs do not overlap the output they are read for but at the
  /// same index, so loads may move.
  IRMapping invariants(ImplicitLocOpBuilder &b) {
    IRMapping fixed = captured;
    DenseSet<Value> varying;
    for (OpOperand &operand : op->getOpOperands()) {
      BlockArgument argument = op.getMatchingBlockArgument(&operand);
      if (op.isDpsInit(&operand) || dependsOnInner(operand))
        varying.insert(argument);
      else if (!argument.use_empty())
        fixed.map(argument, load(b, operand));
    }
    for (Operation &inner : op.getBody()->without_terminator()) {
      bool varies = llvm::any_of(inner.getOperands(), [&](Value value) { return varying.contains(value); });
      if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
        if (index.getDim() != plan.inner) {
          fixed.map(index.getResult(), indices[index.getDim()]);
          continue;
        }
        varies = true;
      }
      inner.walk([&](Operation *nested) {
        for (Value value : nested->getOperands())
          varies |= varying.contains(value);
        if (auto index = dyn_cast<linalg::IndexOp>(nested))
          varies |= nested != &inner;
      });
      if (varies) {
        for (Value result : inner.getResults())
          varying.insert(result);
        if (!inner.getNumResults())
          varyingEffects.insert(&inner);
        continue;
      }
      b.clone(inner, fixed);
      if (!inner.getNumResults())
        doneEffects.insert(&inner);
    }
    return fixed;
  }

  SmallVector<Value> compute(ImplicitLocOpBuilder &b, IRMapping mapping, ValueRange sums) {
    for (OpOperand &operand : op->getOpOperands()) {
      BlockArgument argument = op.getMatchingBlockArgument(&operand);
      if (mapping.contains(argument) || argument.use_empty())
        continue;
      if (op.isDpsInit(&operand) && !sums.empty())
        mapping.map(argument, sums[operand.getOperandNumber() - op.getNumDpsInputs()]);
      else
        mapping.map(argument, load(b, operand));
    }
    for (Operation &inner : op.getBody()->without_terminator()) {
      if (inner.getNumResults() ? mapping.contains(inner.getResult(0)) : doneEffects.contains(&inner))
        continue;
      if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
        mapping.map(index.getResult(), indices[index.getDim()]);
        continue;
      }
      Operation *copy = b.clone(inner, mapping);
      copy->walk([&](linalg::IndexOp index) {
        index.getResult().replaceAllUsesWith(indices[index.getDim()]);
        index.erase();
      });
      setFastMath(copy);
    }
    return llvm::map_to_vector(op.getBody()->getTerminator()->getOperands(), [&](Value value) { return mapping.lookupOrDefault(value); });
  }

  void body(ImplicitLocOpBuilder &b, IRMapping mapping) {
    if (plan.scalar)
      mapping = captured;
    SmallVector<Value> results = compute(b, std::move(mapping), {});
    for (auto [output, value] : llvm::zip(op.getDpsInitsMutable(), results))
      store(b, output, value);
  }

  /// Products may fuse with sums; a reduction in registers may add in any (fixed) order.
  void setFastMath(Operation *inner) {
    auto math = dyn_cast<arith::ArithFastMathInterface>(inner);
    if (!math || !isa<arith::AddFOp, arith::MulFOp, arith::SubFOp>(inner))
      return;
    auto flags = arith::FastMathFlags::contract;
    if (plan.innerReduces)
      flags = flags | arith::FastMathFlags::reassoc;
    inner->setAttr(math.getFastMathAttrName(), arith::FastMathFlagsAttr::get(inner->getContext(), flags));
  }

  linalg::GenericOp op;
  const LoopPlan &plan;
  ValueRange operands;
  IRMapping captured;
  SmallVector<Value> indices;
  DenseSet<Operation *> doneEffects, varyingEffects;
};

std::string kernelName(linalg::GenericOp op) {
  bool reduces = op.getNumReductionLoops() > 0;
  return reduces ? "reduce" : "map";
}

void convert(linalg::GenericOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  LoopPlan loops = plan(op);
  // Operands, then what the body reads from outside.
  SmallVector<Value> args(op->getOperands());
  SetVector<Value> outside;
  getUsedValuesDefinedAbove(op.getRegion(), outside);
  SmallVector<Value> constants;
  for (Value value : outside)
    (matchPattern(value, m_Constant()) ? constants : args).push_back(value);
  SmallVector<Value> lengths;
  SmallVector<OpFoldResult> shape;
  for (Range range : cast<linalg::LinalgOp>(*op).createLoopRanges(b, b.getLoc()))
    lengths.push_back(getValueOrCreateConstantIndexOp(b, b.getLoc(), range.size));
  SmallVector<Value> perTask = llvm::map_to_vector(loops.outer, [&](unsigned loop) { return lengths[loop]; }), work;
  Value chunk = arith::ConstantIndexOp::create(b, kChunk);
  if (!loops.scalar && !loops.innerReduces) {
    perTask.push_back(arith::CeilDivUIOp::create(b, lengths[loops.inner], chunk));
    work.push_back(arith::MinUIOp::create(b, lengths[loops.inner], chunk));
  } else if (!loops.scalar) {
    work.push_back(lengths[loops.inner]);
  }
  for (unsigned loop : loops.reductions)
    work.push_back(lengths[loop]);
  Value quarter = arith::ConstantIndexOp::create(b, 4);
  Value cost = arith::DivUIOp::create(b, arith::MulIOp::create(b, product(b, work), arith::ConstantIndexOp::create(b, nanoseconds(op))), quarter);
  size_t fixed = args.size();
  for (Value length : lengths)
    if (!matchPattern(length, m_Constant()))
      args.push_back(length);
  launch(b, kernelName(op), args, product(b, perTask), cost, [&](ImplicitLocOpBuilder &k, ValueRange inside, Value begin, Value end) {
    IRMapping captured;
    for (auto [from, to] : llvm::zip(args, inside))
      captured.map(from, to);
    for (Value constant : constants)
      captured.map(constant, k.clone(*constant.getDefiningOp())->getResult(0));
    SmallVector<Value> ranges;
    size_t next = fixed;
    for (Value length : lengths) {
      IntegerAttr value;
      if (matchPattern(length, m_Constant(&value)))
        ranges.push_back(arith::ConstantIndexOp::create(k, value.getInt()));
      else
        ranges.push_back(inside[next++]);
    }
    LoopWriter(op, loops, inside, captured).write(k, begin, end, ranges);
  });
  op.erase();
}

struct LinalgToKernelsPass : impl::LinalgToKernelsBase<LinalgToKernelsPass> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> functions;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function->hasAttr(rt::kKernelAttr))
        functions.push_back(function);
    for (func::FuncOp function : functions) {
      auto ops = generalizeAll(function);
      if (failed(ops))
        return signalPassFailure();
      for (linalg::GenericOp op : *ops)
        convert(op);
    }
  }
};

} // namespace
} // namespace moe
