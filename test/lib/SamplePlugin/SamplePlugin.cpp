//===- SamplePlugin.cpp - a pass outside of the tree -------------------------------------------------------------===//
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

namespace {

/// Names what it sees.
struct SamplePass : mlir::PassWrapper<SamplePass, mlir::OperationPass<mlir::func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(SamplePass)
  llvm::StringRef getArgument() const override { return "sample-pass"; }
  llvm::StringRef getDescription() const override { return "a remark for each function"; }
  void runOnOperation() override { getOperation().emitRemark("seen by the sample pass"); }
};

} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "SamplePlugin", "0.1", [] { mlir::PassRegistration<SamplePass>(); }};
}
