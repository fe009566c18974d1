//===- EvaluateControl.cpp - rules of control flow, calls and index arithmetic ----------------------------------===//
#include "Evaluation.h"
#include "Kernels.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace moe::reference {
namespace {

SmallVector<Slot> defineAll(Compiler &compiler, ValueRange values) {
  return llvm::map_to_vector(values, [&](Value value) { return compiler.define(value); });
}

//===- scf ------------------------------------------------------------------------------------------------------===//

/// A branch of an scf.if: its steps and where its values go.
struct Branch {
  Steps steps;
  SmallVector<Move> out;

  bool compile(Compiler &compiler, Region &region, ArrayRef<Slot> results) {
    if (region.empty())
      return true;
    if (!compiler.block(region.front(), steps))
      return false;
    Operation *yield = region.front().getTerminator();
    out = compiler.moves(yield->getOperands(), results, yield);
    return true;
  }
  bool run(Frame &frame) const {
    if (!reference::run(steps, frame))
      return false;
    moveAll(out, frame);
    return true;
  }
};

Step ifOp(Compiler &compiler, Operation *op) {
  compiler.oneAtATime();
  auto branch = cast<scf::IfOp>(op);
  int condition = compiler.slot(branch.getCondition()).index;
  SmallVector<Slot> results = defineAll(compiler, op->getResults());
  Branch yes, no;
  if (!yes.compile(compiler, branch.getThenRegion(), results) || !no.compile(compiler, branch.getElseRegion(), results))
    return nullptr;
  return [=](Frame &frame) { return (frame.at(condition)->integer ? yes : no).run(frame); };
}

Step forOp(Compiler &compiler, Operation *op) {
  compiler.oneAtATime();
  auto loop = cast<scf::ForOp>(op);
  int low = compiler.slot(loop.getLowerBound()).index, high = compiler.slot(loop.getUpperBound()).index, step = compiler.slot(loop.getStep()).index;
  int counter = compiler.define(loop.getInductionVar()).index;
  SmallVector<Slot> carried = defineAll(compiler, loop.getRegionIterArgs());
  SmallVector<Move> in = compiler.moves(loop.getInitArgs(), carried, op);
  Branch body;
  if (!body.compile(compiler, loop.getRegion(), carried))
    return nullptr;
  SmallVector<Move> out;
  for (auto [from, result] : llvm::zip_equal(carried, loop.getResults()))
    out.push_back({from, compiler.define(result), true});
  return [=](Frame &frame) {
    int64_t end = frame.at(high)->integer, by = frame.at(step)->integer;
    if (by <= 0)
      return frame.machine.fail(op, "the step is " + Twine(by));
    moveAll(in, frame);
    for (int64_t at = frame.at(low)->integer; at < end; at += by) {
      frame.at(counter)->integer = at;
      if (!frame.machine.spend(op, body.steps.size() + 1) || !body.run(frame))
        return false;
      if (end - at <= by)
        break; // the next counter might not fit
    }
    moveAll(out, frame);
    return true;
  };
}

Step whileOp(Compiler &compiler, Operation *op) {
  compiler.oneAtATime();
  auto loop = cast<scf::WhileOp>(op);
  SmallVector<Slot> before = defineAll(compiler, loop.getBeforeArguments());
  SmallVector<Move> in = compiler.moves(loop.getInits(), before, op);
  Steps test;
  if (!compiler.block(*loop.getBeforeBody(), test))
    return nullptr;
  scf::ConditionOp condition = loop.getConditionOp();
  int goes = compiler.slot(condition.getCondition()).index;
  SmallVector<Slot> after = defineAll(compiler, loop.getAfterArguments());
  SmallVector<Move> enter = compiler.moves(condition.getArgs(), after, condition);
  Branch body;
  if (!body.compile(compiler, loop.getAfter(), before))
    return nullptr;
  SmallVector<Slot> results = defineAll(compiler, op->getResults());
  SmallVector<Move> leave = compiler.moves(condition.getArgs(), results, condition);
  return [=](Frame &frame) {
    moveAll(in, frame);
    while (true) {
      if (!frame.machine.spend(op, test.size() + body.steps.size() + 1) || !reference::run(test, frame))
        return false;
      if (!frame.at(goes)->integer)
        break;
      moveAll(enter, frame);
      if (!body.run(frame))
        return false;
    }
    moveAll(leave, frame);
    return true;
  };
}

//===- func -----------------------------------------------------------------------------------------------------===//

LogicalResult evaluate(func::CallOp op, Evaluation &e) {
  auto callee = e.machine().symbols.lookup<func::FuncOp>(op.getCallee());
  const Program *program = callee ? e.machine().program(callee) : nullptr;
  if (!program)
    return e.fail("no function is called @" + op.getCallee());
  std::vector<Tensor> arguments;
  for (Value operand : op.getOperands())
    arguments.push_back(isa<RankedTensorType>(operand.getType()) ? e.take(operand) : e.boxed(operand));
  auto results = e.machine().call(*program, arguments, op);
  if (!results)
    return failure();
  for (auto [result, value] : llvm::zip_equal(op.getResults(), *results))
    if (failed(isa<RankedTensorType>(result.getType()) ? e.set(result, value) : e.set(result, toScalar(value))))
      return failure();
  return success();
}

//===- affine ---------------------------------------------------------------------------------------------------===//

/// The value of an expression; nullopt where it divides by what is not positive.
std::optional<int64_t> valueOf(AffineExpr expr, ArrayRef<int64_t> dims, ArrayRef<int64_t> symbols) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  auto binary = cast<AffineBinaryOpExpr>(expr);
  auto left = valueOf(binary.getLHS(), dims, symbols), right = valueOf(binary.getRHS(), dims, symbols);
  if (!left || !right)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add)
    return uint64_t(*left) + uint64_t(*right);
  if (expr.getKind() == AffineExprKind::Mul)
    return uint64_t(*left) * uint64_t(*right);
  if (*right <= 0)
    return std::nullopt;
  int64_t rest = *left % *right, floor = *left / *right - (rest < 0);
  if (expr.getKind() == AffineExprKind::Mod)
    return rest < 0 ? rest + *right : rest;
  return expr.getKind() == AffineExprKind::FloorDiv ? floor : floor + (rest != 0);
}

Step applyOp(Compiler &compiler, Operation *op) {
  AffineMap map = cast<affine::AffineApplyOp>(op).getAffineMap();
  return [op, map, slots = OpSlots(compiler, op)](Frame &frame) {
    int result = slots.results[0].index;
    for (int lane = 0, lanes = result < 0 ? frame.lanes : 1; lane < lanes; ++lane) {
      auto operands = llvm::map_to_vector(slots.operands, [&](Slot slot) { return frame.at(slot.index)[lane].integer; });
      auto value = valueOf(map.getResult(0), ArrayRef(operands).take_front(map.getNumDims()), ArrayRef(operands).drop_front(map.getNumDims()));
      if (!value)
        return frame.machine.fail(op, "the divisor is not positive");
      frame.at(result)[lane].integer = *value;
    }
    return true;
  };
}

} // namespace

void addControl(Rules &rules) {
  rules["scf.if"] = ifOp;
  rules["scf.for"] = forOp;
  rules["scf.while"] = whileOp;
  rules["affine.apply"] = applyOp;
  add<func::CallOp>(rules, evaluate);
}

} // namespace moe::reference
