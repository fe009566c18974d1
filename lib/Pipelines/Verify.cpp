//===- Verify.cpp - what the stage verifiers share --------------------------------------------------------------===//
#include "Pipelines.h"

using namespace mlir;

namespace moe {

LogicalResult verifyOps(ModuleOp module, StringRef stage, StringRef rule, function_ref<bool(Operation *)> allowed) {
  Operation *bad = nullptr;
  module.walk([&](Operation *op) {
    if (allowed(op))
      return WalkResult::advance();
    bad = op;
    return WalkResult::interrupt();
  });
  return bad ? bad->emitError("stage ") << stage << ": " << rule << ", but found " << bad->getName() : success();
}

} // namespace moe
