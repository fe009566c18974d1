//===- ExposeProofs.cpp - proofs of raises become results -------------------------------------------------------===//
#include "moe/Dialect/Check.h"
#include "moe/Dialect/Onnx.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_EXPOSEPROOFS
#include "moe/Transforms/Passes.h.inc"

namespace {

/// The names of the ops and nodes around a value's definition: "moe.experts '/layers.0/mlp'".
std::string describe(Value raised) {
  Operation *op = raised.getDefiningOp();
  for (Operation *inner = op; inner && inner->getName().getDialectNamespace() == "onnx" && inner->getNumOperands();
       inner = inner->getOperand(0).getDefiningOp())
    if (Operation *source = inner->getOperand(0).getDefiningOp(); source && source->getName().getDialectNamespace() == "moe")
      op = source; // a raised op whose result only changes its shape
  std::string text = op->getName().getStringRef().str();
  if (auto name = op->getLoc()->findInstanceOf<NameLoc>())
    text += (" '" + name.getName().strref() + "'").str();
  return text;
}

struct ExposeProofsPass : impl::ExposeProofsBase<ExposeProofsPass> {
  DictionaryAttr nameOf(const std::string &name) {
    Builder builder(&getContext());
    return builder.getDictionaryAttr(builder.getNamedAttr(onnx::kNameAttr, builder.getStringAttr(name)));
  }

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function->removeAttr(check::kProofsAttr))
      return;
    Operation *terminator = function.getBody().back().getTerminator();
    SmallVector<DictionaryAttr> names;
    SmallVector<Value> values;
    function.walk([&](check::ExpectCloseOp proof) {
      if (proof->getParentOp() == function) { // one inside a subgraph has no value outside
        std::string name = "proof " + std::to_string(values.size() / 2) + " " + describe(proof.getActual());
        names.append({nameOf(name + " raised"), nameOf(name + " original")});
        values.append({proof.getActual(), proof.getExpected()});
      }
      proof->erase();
    });
    unsigned end = function.getNumResults();
    if (failed(function.insertResults(SmallVector<unsigned>(values.size(), end), ValueRange(values).getTypes(), names)))
      return signalPassFailure();
    terminator->insertOperands(end, values);
    proofs += values.size() / 2;
  }
};

} // namespace
} // namespace moe
