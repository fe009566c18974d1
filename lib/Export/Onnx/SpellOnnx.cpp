//===- SpellOnnx.cpp - moe ops become ONNX operators ------------------------------------------------------------===//
#include "Spell.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_SPELLONNX
#include "moe/Transforms/Passes.h.inc"

namespace {

struct SpellOnnxPass : impl::SpellOnnxBase<SpellOnnxPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    ShapeAnalysis shapes;
    if (failed(shapes.run(function)))
      return signalPassFailure();
    SmallVector<Operation *> ops;
    function.walk([&](Operation *op) {
      if (isa_and_nonnull<MoeDialect>(op->getDialect()) && !isa<GetParamOp>(op))
        ops.push_back(op);
    });
    // Experts before their routers: they look at where the choice comes from.
    std::stable_partition(ops.begin(), ops.end(), [](Operation *op) { return isa<ExpertsOp>(op); });
    for (Operation *op : ops) {
      if (!op->use_empty()) {
        raise::NodeMaker make(OpBuilder(op), op->getLoc(), shapes);
        if (failed(spell(make, op)) || !make.valid)
          return signalPassFailure();
      }
      ++spelled;
    }
    for (Operation *op : ops)
      op->dropAllReferences();
    for (Operation *op : ops)
      op->erase();
  }

  LogicalResult spell(raise::NodeMaker &make, Operation *op) {
    if (auto route = dyn_cast<RouteOp>(op)) {
      auto [ids, weights] = spell::spell(make, route);
      if (!ids)
        return failure();
      op->replaceAllUsesWith(ValueRange{ids, weights});
      return success();
    }
    Value value = llvm::TypeSwitch<Operation *, Value>(op)
                      .Case<LinearOp, NormOp, RotaryOp, AttentionOp, ExpertsOp>([&](auto known) { return spell::spell(make, known); })
                      .Default([](Operation *unknown) {
                        unknown->emitError() << unknown->getName() << " has no form in ONNX; compile to an artefact (-o NAME.moe)";
                        return Value();
                      });
    if (!value)
      return failure();
    op->getResult(0).replaceAllUsesWith(value);
    return success();
  }
};

} // namespace
} // namespace moe
