//===- Schedule.cpp - kernels for x86-64 ------------------------------------------------------------------------===//
#include "CpuTarget.h"
#include "moe/Conversion/Passes.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace moe {

void scheduleTensors(OpPassManager &passes, const CompileOptions &options, std::unique_ptr<Pass> ownKernels) {
  auto onFunctions = [&](std::unique_ptr<Pass> pass) { passes.addNestedPass<func::FuncOp>(std::move(pass)); };
  onFunctions(createScalarizeShapes());
  onFunctions(createCanonicalizerPass()); // folds what became scalar
  onFunctions(createCSEPass());
  if (options.math == Math::Bf16) {
    onFunctions(createRoundProducts()); // before packing: panels hold the rounded weights
    onFunctions(createConvertElementwiseToLinalgPass());
  }
  if (ownKernels)
    passes.addPass(std::move(ownKernels));
  if (options.decodeWeights)
    onFunctions(createDequantizeToLinalg());
  onFunctions(createPackWeights());
  passes.addPass(createHoistParams()); // packing is done once, when the artefact is written; before fusion mixes weights with data
  onFunctions(createDequantizeToLinalg()); // after hoisting: what is left decodes while the model runs
  onFunctions(createFuseElementwise());
  onFunctions(createCSEPass());
}

void scheduleForCpu(OpPassManager &passes, const CompileOptions &options) {
  auto onFunctions = [&](std::unique_ptr<Pass> pass) { passes.addNestedPass<func::FuncOp>(std::move(pass)); };
  scheduleTensors(passes, options);
  passes.addPass(createMoeToKernels()); // before buffers: kernels take tensors as read-only buffers
  passes.addPass(createBufferize());
  onFunctions(createCanonicalizerPass());
  onFunctions(createCSEPass());
  passes.addPass(createLinalgToKernels());
  onFunctions(createCanonicalizerPass()); // kernels compare equal in canonical form
  onFunctions(createCSEPass());
  passes.addPass(createMergeKernels());
  onFunctions(createFreeBuffers()); // last: every use is a launch or a view by now
  passes.addPass(createDescribeEntries());
}

} // namespace moe
