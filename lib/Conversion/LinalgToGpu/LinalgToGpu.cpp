//===- LinalgToGpu.cpp - linalg on buffers to kernels on a grid -------------------------------------------------===//
#include "../LinalgToKernels/Generalize.h"
#include "moe/Conversion/Passes.h"
#include "moe/Kernels/Grid.h"
#include "moe/Kernels/Launch.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_LINALGTOGPU
#include "moe/Conversion/Passes.h.inc"

namespace {

constexpr int64_t kThreads = 128;

/// Writes what one thread does: one point of the parallel loops, all of the reduction loops.
class PointWriter {
public:
  PointWriter(linalg::GenericOp op, ValueRange operands, IRMapping captured, ArrayRef<Value> lengths)
      : op(op), operands(operands), captured(std::move(captured)), lengths(lengths), indices(op.getNumLoops()) {
    for (auto [loop, kind] : llvm::enumerate(op.getIteratorTypesArray()))
      (linalg::isReductionIterator(kind) ? reductions : parallel).push_back(loop);
  }

  void write(Code c, Value point) {
    SmallVector<Value> extents = llvm::map_to_vector(parallel, [&](unsigned loop) { return lengths[loop]; });
    for (auto [loop, index] : llvm::zip(parallel, delinearize(c.b, point, extents)))
      indices[loop] = index;
    SmallVector<Value> initial;
    for (OpOperand &output : op.getDpsInitsMutable())
      initial.push_back(op.getMatchingBlockArgument(&output).use_empty() ? Value() : load(c, output));
    SmallVector<Value> results = reductions.empty() ? compute(c, initial) : reduce(c, 0, initial);
    for (auto [output, value] : llvm::zip(op.getDpsInitsMutable(), results))
      c.store(value, operands[output.getOperandNumber()], addresses(c, output));
  }

  ArrayRef<unsigned> parallelLoops() const { return parallel; }

private:
  SmallVector<Value> reduce(Code c, size_t depth, ValueRange carried) {
    if (depth == reductions.size())
      return compute(c, carried);
    unsigned loop = reductions[depth];
    return c.loop(c.index(0), lengths[loop], carried, [&](Code k, Value index, ValueRange now) {
      indices[loop] = index;
      return reduce(k, depth + 1, now);
    });
  }

  SmallVector<Value> compute(Code c, ValueRange carried) {
    IRMapping mapping = captured;
    for (OpOperand &operand : op->getOpOperands()) {
      BlockArgument argument = op.getMatchingBlockArgument(&operand);
      if (!argument.use_empty())
        mapping.map(argument, op.isDpsInit(&operand) ? carried[operand.getOperandNumber() - op.getNumDpsInputs()] : load(c, operand));
    }
    for (Operation &inner : op.getBody()->without_terminator()) {
      if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
        mapping.map(index.getResult(), indices[index.getDim()]);
        continue;
      }
      Operation *copy = c.b.clone(inner, mapping);
      copy->walk([&](linalg::IndexOp index) {
        index.getResult().replaceAllUsesWith(indices[index.getDim()]);
        index.erase();
      });
    }
    return llvm::map_to_vector(op.getBody()->getTerminator()->getOperands(), [&](Value value) { return mapping.lookupOrDefault(value); });
  }

  SmallVector<Value> addresses(Code c, OpOperand &operand) {
    return llvm::map_to_vector(op.getMatchingIndexingMap(&operand).getResults(), [&](AffineExpr expr) -> Value {
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        return indices[dim.getPosition()];
      return affine::expandAffineExpr(c.b, c.b.getLoc(), expr, indices, {});
    });
  }
  Value load(Code c, OpOperand &operand) {
    Value from = operands[operand.getOperandNumber()];
    return isa<MemRefType>(from.getType()) ? c.load(from, addresses(c, operand)) : from; // a scalar, as of linalg.fill
  }

  linalg::GenericOp op;
  ValueRange operands;
  IRMapping captured;
  ArrayRef<Value> lengths;
  SmallVector<Value> indices;
  SmallVector<unsigned> parallel, reductions;
};

/// A value of a kernel for one outside of it: a constant is made again, others are an operand of the launch.
class Operands {
public:
  explicit Operands(ValueRange first) : args(first) {}
  void add(Value value) {
    if (matchPattern(value, m_Constant()))
      constants.insert(value);
    else
      args.push_back(value);
  }
  IRMapping inside(Code c, ValueRange in) const {
    IRMapping mapping;
    for (auto [from, to] : llvm::zip(args, in))
      mapping.map(from, to);
    for (Value constant : constants)
      mapping.map(constant, c.b.clone(*constant.getDefiningOp())->getResult(0));
    return mapping;
  }
  SmallVector<Value> args;

private:
  SetVector<Value> constants;
};

void convert(linalg::GenericOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  Code c(b);
  SetVector<Value> outside;
  getUsedValuesDefinedAbove(op.getRegion(), outside);
  Operands operands(op->getOperands());
  for (Value value : outside)
    operands.add(value);
  SmallVector<Value> lengths, extents;
  for (Range range : cast<linalg::LinalgOp>(*op).createLoopRanges(b, b.getLoc())) {
    lengths.push_back(getValueOrCreateConstantIndexOp(b, b.getLoc(), range.size));
    operands.add(lengths.back());
  }
  for (auto [length, kind] : llvm::zip(lengths, op.getIteratorTypesArray()))
    if (!linalg::isReductionIterator(kind))
      extents.push_back(length);
  Value points = product(b, extents);
  operands.add(points);
  Grid grid{{c.ceilDiv(points, c.index(kThreads))}, kThreads};
  launchGrid(b, op.getNumReductionLoops() ? "reduce" : "map", operands.args, grid, {}, [&](Code k, ValueRange in, ValueRange) {
    IRMapping mapping = operands.inside(k, in);
    SmallVector<Value> ranges = llvm::map_to_vector(lengths, [&](Value length) { return mapping.lookup(length); });
    Value point = k.add(k.mul(blockOf(k), k.index(kThreads)), threadOf(k));
    k.when(k.less(point, mapping.lookup(points)), [&](Code k) {
      PointWriter(op, in.take_front(op->getNumOperands()), mapping, ranges).write(k, point);
    });
  });
  op.erase();
}

struct LinalgToGpuPass : impl::LinalgToGpuBase<LinalgToGpuPass> {
  void runOnOperation() override {
    auto hosts = llvm::make_filter_range(getOperation().getOps<func::FuncOp>(), [](func::FuncOp f) { return !f->hasAttr(rt::kKernelAttr); });
    for (func::FuncOp function : llvm::to_vector(hosts)) { // kernels join them
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
