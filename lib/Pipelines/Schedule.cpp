//===- Schedule.cpp - the schedule stage ------------------------------------------------------------------------===//
#include "Pipelines.h"
#include "moe/Dialect/Moe.h"
#include "moe/Target/Target.h"

using namespace mlir;

namespace moe {

void buildSchedule(OpPassManager &passes, const CompileOptions &options) { options.target().buildSchedule(passes, options); }

LogicalResult verifySchedule(ModuleOp module) {
  return verifyOps(module, "schedule", "no tensor may be left", [](Operation *op) {
    auto isTensor = [](Type type) { return isa<TensorType>(type); };
    bool ofWeights = op->getParentOfType<ParamOp>() != nullptr;
    return ofWeights || (llvm::none_of(op->getOperandTypes(), isTensor) && llvm::none_of(op->getResultTypes(), isTensor));
  });
}

} // namespace moe
