//===- Legalize.cpp - the legalize stage ------------------------------------------------------------------------===//
#include "Pipelines.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/Onnx.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace moe {

void buildLegalize(OpPassManager &passes, const CompileOptions &) {
  passes.addPass(createLegalizeOnnx());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

LogicalResult verifyLegalize(ModuleOp module) {
  return verifyOps(module, "legalize", "no onnx op may be left", [](Operation *op) { return !isa_and_nonnull<onnx::OnnxDialect>(op->getDialect()); });
}

} // namespace moe
