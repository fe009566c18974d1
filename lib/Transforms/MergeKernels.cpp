//===- MergeKernels.cpp - equal kernels become one --------------------------------------------------------------===//
#include "moe/Transforms/Passes.h"
#include "moe/Dialect/Rt.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/SetVector.h"

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
    return a.getFunctionType() == b.getFunctionType() &&
           OperationEquivalence::isRegionEquivalentTo(&a.getBody(), &b.getBody(), OperationEquivalence::IgnoreLocations);
  }
};

struct MergeKernelsPass : impl::MergeKernelsBase<MergeKernelsPass> {
  void runOnOperation() override {
    // A kernel with bodies for several instruction sets equals another one where all bodies do.
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> kernels;
    llvm::SetVector<StringRef> isas;
    for (auto kernel : getOperation().getOps<func::FuncOp>()) {
      if (auto isa = kernel->getAttrOfType<StringAttr>(rt::kIsaAttr))
        isas.insert(isa.getValue());
      else if (kernel->hasAttr(rt::kKernelAttr))
        kernels.push_back(kernel);
    }
    auto variant = [&](func::FuncOp kernel, StringRef isa) { return symbols.lookup<func::FuncOp>((kernel.getSymName() + "." + isa).str()); };
    auto sameVariants = [&](func::FuncOp a, func::FuncOp b) {
      return llvm::all_of(isas, [&](StringRef isa) {
        func::FuncOp x = variant(a, isa), y = variant(b, isa);
        return bool(x) == bool(y) && (!x || SameKernel::isEqual(x, y));
      });
    };
    DenseMap<func::FuncOp, func::FuncOp, SameKernel> first;
    llvm::StringMap<StringRef> replaced;
    SmallVector<func::FuncOp> duplicates;
    for (func::FuncOp kernel : kernels) {
      auto [entry, isNew] = first.try_emplace(kernel, kernel);
      if (isNew || !sameVariants(kernel, entry->second))
        continue;
      replaced[kernel.getSymName()] = entry->second.getSymName();
      duplicates.push_back(kernel);
      for (StringRef isa : isas)
        if (func::FuncOp copy = variant(kernel, isa))
          duplicates.push_back(copy);
    }
    getOperation().walk([&](rt::LaunchOp launch) {
      if (auto found = replaced.find(launch.getKernel()); found != replaced.end())
        launch.setKernel(found->second);
    });
    merged += replaced.size();
    for (func::FuncOp kernel : duplicates)
      kernel.erase();
  }
};

} // namespace
} // namespace moe
