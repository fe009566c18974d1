//===- MergeKernels.cpp - equal kernels become one --------------------------------------------------------------===//
#include "moe/Transforms/Passes.h"
#include "moe/Dialect/Rt.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_MERGEKERNELS
#include "moe/Transforms/Passes.h.inc"

namespace {

/// Hashes and compares kernels by what they do: names and locations do not count.
struct SameKernel : llvm::DenseMapInfo<func::FuncOp> {
  static unsigned getHashValue(func::FuncOp kernel) {
    llvm::hash_code hash = llvm::hash_value(kernel.getFunctionType().getAsOpaquePointer());
    kernel.getBody().walk([&](Operation *op) {
      hash = llvm::hash_combine(hash, OperationEquivalence::computeHash(op, OperationEquivalence::ignoreHashValue,
                                                                        OperationEquivalence::ignoreHashValue,
                                                                        OperationEquivalence::IgnoreLocations));
    });
    return hash;
  }
  static bool isEqual(func::FuncOp a, func::FuncOp b) {
    if (a == b || a == getEmptyKey() || b == getEmptyKey() || a == getTombstoneKey() || b == getTombstoneKey())
      return a == b;
    return a.getFunctionType() == b.getFunctionType() && a->getAttr(rt::kIsaAttr) == b->getAttr(rt::kIsaAttr) &&
           OperationEquivalence::isRegionEquivalentTo(&a.getBody(), &b.getBody(), OperationEquivalence::IgnoreLocations);
  }
};

struct MergeKernelsPass : impl::MergeKernelsBase<MergeKernelsPass> {
  void runOnOperation() override {
    DenseMap<func::FuncOp, StringRef, SameKernel> first;
    llvm::StringMap<StringRef> replaced;
    SmallVector<func::FuncOp> duplicates;
    for (auto kernel : getOperation().getOps<func::FuncOp>()) {
      if (!kernel->hasAttr(rt::kKernelAttr))
        continue;
      auto [entry, isNew] = first.try_emplace(kernel, kernel.getSymName());
      if (isNew)
        continue;
      replaced[kernel.getSymName()] = entry->second;
      duplicates.push_back(kernel);
    }
    getOperation().walk([&](rt::LaunchOp launch) {
      if (auto found = replaced.find(launch.getKernel()); found != replaced.end())
        launch.setKernel(found->second);
    });
    merged += duplicates.size();
    for (func::FuncOp kernel : duplicates)
      kernel.erase();
  }
};

} // namespace
} // namespace moe
