//===- Lower.cpp - from loops to LLVM ---------------------------------------------------------------------------===//
#include "CpuTarget.h"
#include "moe/Conversion/Passes.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace moe {

void lowerForCpu(OpPassManager &passes) {
  // Half precision has no arithmetic of its own: what the lowerings left goes through float32.
  arith::ArithEmulateUnsupportedFloatsOptions floats;
  floats.sourceTypeStrs = {"bf16"};
  floats.targetTypeStr = "f32";
  // On functions alone: what weights are computed from is interpreted as it is.
  auto onFunctions = [&](std::unique_ptr<Pass> pass) { passes.addNestedPass<func::FuncOp>(std::move(pass)); };
  onFunctions(arith::createArithEmulateUnsupportedFloats(floats));
  onFunctions(math::createMathExtendToSupportedTypes());
  passes.addPass(createExpandMath());
  onFunctions(createLowerVectors());
  onFunctions(memref::createExpandOpsPass());
  onFunctions(createSCFToControlFlowPass());
  onFunctions(createLowerAffinePass());
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  onFunctions(arith::createArithExpandOpsPass(expand));
  passes.addPass(createRtToLLVM()); // on control-flow form: a failed check leaves the function
  passes.addPass(createReconcileUnrealizedCastsPass());
}

} // namespace moe
