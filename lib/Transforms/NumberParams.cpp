//===- NumberParams.cpp - the order of the weights in the artefact ----------------------------------------------===//
#include "moe/Transforms/Passes.h"
#include "moe/Dialect/Moe.h"
#include "moe/Dialect/Rt.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_NUMBERPARAMS
#include "moe/Transforms/Passes.h.inc"

namespace {

struct NumberParamsPass : impl::NumberParamsBase<NumberParamsPass> {
  void runOnOperation() override {
    Builder builder(&getContext());
    llvm::StringMap<int32_t> places;
    SmallVector<Attribute> names;
    getOperation().walk([&](rt::ParamOp use) {
      auto [place, isNew] = places.try_emplace(use.getName(), places.size());
      if (isNew)
        names.push_back(use.getNameAttr());
      use->setAttr(rt::kIndexAttr, builder.getI32IntegerAttr(place->second));
    });
    getOperation()->setAttr(rt::kParamsAttr, builder.getArrayAttr(names));
  }
};

} // namespace
} // namespace moe
