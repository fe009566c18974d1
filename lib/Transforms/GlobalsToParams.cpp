//===- GlobalsToParams.cpp - constants that kernels on a device read become weights ------------------------------===//
#include "moe/Dialect/Moe.h"
#include "moe/Dialect/Rt.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_GLOBALSTOPARAMS
#include "moe/Transforms/Passes.h.inc"

namespace {

struct GlobalsToParamsPass : impl::GlobalsToParamsBase<GlobalsToParamsPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<memref::GetGlobalOp> uses;
    getOperation().walk([&](memref::GetGlobalOp use) { uses.push_back(use); });
    for (memref::GetGlobalOp use : uses) {
      std::string name = use.getName().str();
      if (auto global = symbols.lookup<memref::GlobalOp>(name); global && !replace(global, symbols)) {
        global.emitError("stage schedule: a constant of the host has no value");
        return signalPassFailure();
      }
      OpBuilder b(use);
      use.replaceAllUsesWith(rt::ParamOp::create(b, use.getLoc(), use.getType(), name).getResult());
      use.erase();
    }
  }

  bool replace(memref::GlobalOp global, SymbolTable &symbols) {
    auto value = dyn_cast_or_null<ElementsAttr>(global.getInitialValueAttr());
    if (!value)
      return false;
    std::string name = global.getSymName().str();
    Location loc = global.getLoc();
    auto type = RankedTensorType::get(global.getType().getShape(), global.getType().getElementType());
    symbols.erase(global);
    OpBuilder b = OpBuilder::atBlockBegin(getOperation().getBody());
    symbols.insert(ParamOp::create(b, loc, name, type, FileAttr(), value, StringAttr(), StringAttr()));
    return true;
  }
};

} // namespace
} // namespace moe
