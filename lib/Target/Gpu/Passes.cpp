//===- Passes.cpp - the passes of all GPUs ----------------------------------------------------------------------===//
#include "Passes.h"
#include "../Cpu/CpuTarget.h"
#include "moe/Conversion/Passes.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/GPUToROCDL/GPUToROCDLPass.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace moe {

void scheduleForGpu(OpPassManager &passes, const CompileOptions &options, const Chip &chip) {
  auto onFunctions = [&](std::unique_ptr<Pass> pass) { passes.addNestedPass<func::FuncOp>(std::move(pass)); };
  MoeToGpuOptions gpu;
  gpu.chip = chip.name.str();
  scheduleTensors(passes, options, createMoeToGpu(gpu));
  passes.addPass(createMoeToKernels()); // before buffers: kernels take tensors as read-only buffers
  passes.addPass(createBufferize());
  onFunctions(createCanonicalizerPass());
  onFunctions(createCSEPass());
  passes.addPass(createLinalgToGpu());
  passes.addPass(createLaunchesToGpu());
  passes.addPass(createGlobalsToParams());
  passes.addPass(createCanonicalizerPass()); // kernels compare equal in canonical form
  passes.addPass(createCSEPass());
  passes.addPass(createMergeKernels());
  onFunctions(createFreeBuffers()); // last: every use is a launch or a view by now
  onFunctions(createSyncHost());    // behind it: memory on the host's stack is not released
  passes.addPass(createDescribeEntries());
}

/// Everything in device code but what the vendors' own passes lower.
static void lowerArithmetic(OpPassManager &device) {
  arith::ArithEmulateUnsupportedFloatsOptions floats;
  floats.sourceTypeStrs = {"bf16"};
  floats.targetTypeStr = "f32";
  device.addPass(arith::createArithEmulateUnsupportedFloats(floats));
  device.addPass(math::createMathExtendToSupportedTypes());
  device.addPass(createLowerVectors());
  device.addPass(memref::createExpandOpsPass());
  device.addPass(createSCFToControlFlowPass());
  device.addPass(memref::createExpandStridedMetadataPass());
  device.addPass(createLowerAffinePass());
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  device.addPass(arith::createArithExpandOpsPass(expand));
  device.addPass(createExpandDeviceMath()); // last: others make such functions
}

void lowerForGpu(OpPassManager &passes, const Chip &chip) {
  OpPassManager &device = passes.nest<gpu::GPUModuleOp>();
  lowerArithmetic(device);
  if (chip.vendor == Vendor::Nvidia) {
    ConvertGpuOpsToNVVMOpsOptions options;
    options.indexBitwidth = 64;
    device.addPass(createConvertGpuOpsToNVVMOps(options));
  } else {
    device.addPass(createPrivateMemory());
    ConvertGpuOpsToROCDLOpsOptions options;
    options.chipset = chip.name.str();
    options.indexBitwidth = 64;
    options.runtime = gpu::amd::Runtime::HIP;
    device.addPass(createConvertGpuOpsToROCDLOps(options));
  }
  device.addPass(createReconcileUnrealizedCastsPass());
  passes.addPass(createDeviceChecks());
  lowerForCpu(passes);
}

} // namespace moe
