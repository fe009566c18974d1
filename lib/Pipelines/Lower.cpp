//===- Lower.cpp - the lower stage ------------------------------------------------------------------------------===//
#include "Pipelines.h"
#include "moe/Target/Target.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"

using namespace mlir;

namespace moe {

void buildLower(OpPassManager &passes, const CompileOptions &options) { options.target().buildLower(passes, options); }

LogicalResult verifyLower(ModuleOp module) {
  auto isDeviceOp = [](Operation *op) { return isa_and_nonnull<LLVM::LLVMDialect, NVVM::NVVMDialect, ROCDL::ROCDLDialect>(op->getDialect()); };
  return verifyOps(module, "lower", "only LLVM ops and weights may be left", [&](Operation *op) {
    if (op->getParentOfType<gpu::GPUModuleOp>())
      return isDeviceOp(op);
    return isa<ModuleOp>(op) || isa_and_nonnull<LLVM::LLVMDialect>(op->getDialect()) || op->getDialect()->getNamespace() == "moe" ||
           isa<gpu::GPUModuleOp>(op) || op->getParentOfType<ModuleOp>() != op->getParentOp();
  });
}

} // namespace moe
