//===- Schedule.cpp - the schedule stage ------------------------------------------------------------------------===//
#include "Pipelines.h"
#include "moe/Conversion/Passes.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace moe {

void buildSchedule(OpPassManager &passes, const CompileOptions &) {
  OpPassManager &functions = passes.nest<func::FuncOp>();
  functions.addPass(createScalarizeShapes());
  functions.addPass(createCanonicalizerPass()); // folds what became scalar
  functions.addPass(createCSEPass());
  functions.addPass(createFuseElementwise()); // after scalars are gone: less to fuse
  functions.addPass(createCSEPass());
  functions.addPass(createPackWeights());
  passes.addPass(createHoistParams()); // packing is done once, when the artefact is written
  passes.addPass(createMoeToKernels()); // before buffers: kernels take tensors as read-only buffers
  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.functionBoundaryTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  options.allowReturnAllocsFromLoops = true;
  passes.addPass(bufferization::createOneShotBufferizePass(options));
  passes.addNestedPass<func::FuncOp>(createCanonicalizerPass());
  passes.addNestedPass<func::FuncOp>(createCSEPass());
  passes.addPass(createLinalgToKernels());
  passes.addNestedPass<func::FuncOp>(createCanonicalizerPass()); // kernels compare equal in canonical form
  passes.addNestedPass<func::FuncOp>(createCSEPass());
  passes.addPass(createMergeKernels());
  passes.addNestedPass<func::FuncOp>(createFreeBuffers()); // last: every use is a launch or a view by now
  passes.addPass(createDescribeEntries());
}

LogicalResult verifySchedule(ModuleOp module) {
  return verifyOps(module, "schedule", "no tensor may be left", [](Operation *op) {
    auto isTensor = [](Type type) { return isa<TensorType>(type); };
    return llvm::none_of(op->getOperandTypes(), isTensor) && llvm::none_of(op->getResultTypes(), isTensor);
  });
}

} // namespace moe
