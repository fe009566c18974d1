//===- HoistParams.cpp - what is computed from weights alone becomes a weight -----------------------------------===//
#include "moe/Dialect/Moe.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_HOISTPARAMS
#include "moe/Transforms/Passes.h.inc"

namespace {

class Hoister {
public:
  Hoister(ModuleOp module, unsigned &count) : symbols(module), count(count), names(OpBuilder::atBlockBegin(module.getBody())) {}

  void run(func::FuncOp function) {
    // In order, so that operands are known before their users.
    SmallVector<Operation *> computed;
    for (Operation &op : function.getBody().front()) {
      if (!isConstantOfWeights(&op))
        continue;
      constant.insert(&op);
      if (!isa<GetParamOp>(op) && !op.hasTrait<OpTrait::ConstantLike>())
        computed.push_back(&op);
    }
    for (Operation *op : computed)
      for (OpResult result : op->getResults())
        if (leaves(result) && usesWeights(op))
          hoist(result);
  }

private:
  /// An op without effects on tensors all of whose operands are constants or weights, or computed from them.
  bool isConstantOfWeights(Operation *op) {
    if (isa<GetParamOp>(op) || op->hasTrait<OpTrait::ConstantLike>() || isa<tensor::EmptyOp>(op))
      return llvm::all_of(op->getOperands(), [&](Value value) { return known(value); });
    if (isa<UnpackOp>(op)) // tells the op that uses it of the packed form
      return false;
    if (!isMemoryEffectFree(op) || op->getNumResults() == 0 || op->hasTrait<OpTrait::IsTerminator>())
      return false;
    bool closed = llvm::all_of(op->getOperands(), [&](Value value) { return known(value); });
    op->walk([&](Operation *inner) {
      for (Value value : inner->getOperands())
        if (!op->isAncestor(value.getParentRegion()->getParentOp()) && !known(value))
          closed = false;
    });
    return closed;
  }
  bool known(Value value) { return value.getDefiningOp() && constant.contains(value.getDefiningOp()); }

  /// True for a result that something which is not itself constant uses.
  bool leaves(OpResult result) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    return type && type.hasStaticShape() && llvm::any_of(result.getUsers(), [&](Operation *user) {
             while (user->getParentOp() && !isa<func::FuncOp>(user->getParentOp()))
               user = user->getParentOp();
             return !constant.contains(user);
           });
  }

  /// All ops that a result is computed from, itself last.
  SmallVector<Operation *> slice(Operation *op) {
    SetVector<Operation *> found;
    SmallVector<Operation *> pending = {op};
    while (!pending.empty()) {
      Operation *next = pending.pop_back_val();
      if (!found.insert(next))
        continue;
      next->walk([&](Operation *inner) {
        for (Value value : inner->getOperands())
          if (Operation *definition = value.getDefiningOp(); definition && constant.contains(definition))
            pending.push_back(definition);
      });
    }
    SmallVector<Operation *> sorted(found.begin(), found.end());
    llvm::sort(sorted, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    return sorted;
  }

  bool usesWeights(Operation *op) {
    return llvm::any_of(slice(op), [](Operation *part) { return isa<GetParamOp>(part); });
  }

  void hoist(OpResult result) {
    Operation *op = result.getOwner();
    auto type = cast<RankedTensorType>(result.getType());
    SmallVector<Operation *> parts = slice(op);
    // The name, role and format say which weight it was made of, for those who look into the artefact.
    ParamOp base;
    for (Operation *part : parts)
      if (auto param = dyn_cast<GetParamOp>(part); param && !base)
        base = symbols.lookup<ParamOp>(param.getParam());
    auto param = ParamOp::create(names, op->getLoc(), base.getSymName().str() + "." + op->getName().stripDialect().str(), type, FileAttr(), ElementsAttr(),
                                 base.getRoleAttr(), base.getFormatAttr());
    symbols.insert(param);
    Block &body = param.getInit().emplaceBlock();
    OpBuilder builder = OpBuilder::atBlockEnd(&body);
    IRMapping mapping;
    for (Operation *part : parts)
      builder.clone(*part, mapping);
    YieldOp::create(builder, op->getLoc(), mapping.lookup(result));
    OpBuilder here(op);
    auto use = GetParamOp::create(here, op->getLoc(), type, param.getSymName());
    constant.insert(use);
    result.replaceUsesWithIf(use, [&](OpOperand &operand) {
      Operation *user = operand.getOwner();
      while (!isa<func::FuncOp>(user->getParentOp()))
        user = user->getParentOp();
      return !constant.contains(user);
    });
    ++count;
  }

  SymbolTable symbols;
  unsigned &count;
  OpBuilder names;
  DenseSet<Operation *> constant;
};

struct HoistParamsPass : impl::HoistParamsBase<HoistParamsPass> {
  void runOnOperation() override {
    unsigned count = 0;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal())
        Hoister(getOperation(), count).run(function);
    hoisted += count;
  }
};

} // namespace
} // namespace moe
