//===- MergeKernels.cpp - equal kernels become one --------------------------------------------------------------===//
#include "moe/Transforms/Passes.h"
#include "moe/Dialect/Rt.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_MERGEKERNELS
#include "moe/Transforms/Passes.h.inc"

namespace {

/// Hashes and compares kernels by what they do: names and locations do not count.
struct SameKernel : llvm::DenseMapInfo<Operation *> {
  static unsigned getHashValue(Operation *op) {
    auto kernel = cast<FunctionOpInterface>(op);
    llvm::hash_code hash = llvm::hash_value(kernel.getFunctionType().getAsOpaquePointer());
    kernel.getFunctionBody().walk([&](Operation *op) {
      hash = llvm::hash_combine(hash, OperationEquivalence::computeHash(op, OperationEquivalence::ignoreHashValue,
                                                                        OperationEquivalence::ignoreHashValue,
                                                                        OperationEquivalence::IgnoreLocations));
    });
    return hash;
  }
  static bool isEqual(Operation *a, Operation *b) {
    if (a == b || a == getEmptyKey() || b == getEmptyKey() || a == getTombstoneKey() || b == getTombstoneKey())
      return a == b;
    auto first = cast<FunctionOpInterface>(a), second = cast<FunctionOpInterface>(b);
    return first.getFunctionType() == second.getFunctionType() && blockSize(a) == blockSize(b) &&
           OperationEquivalence::isRegionEquivalentTo(&first.getFunctionBody(), &second.getFunctionBody(), OperationEquivalence::IgnoreLocations);
  }
  /// The threads that a kernel on a grid is written for.
  static Attribute blockSize(Operation *op) {
    auto kernel = dyn_cast<gpu::GPUFuncOp>(op);
    return kernel ? kernel.getKnownBlockSizeAttr() : DenseI32ArrayAttr();
  }
};

struct MergeKernelsPass : impl::MergeKernelsBase<MergeKernelsPass> {
  void runOnOperation() override {
    mergeTasks();
    for (auto device : getOperation().getOps<gpu::GPUModuleOp>())
      mergeGrids(device);
  }

  void mergeTasks() {
    // A kernel with bodies for several instruction sets equals another one where all bodies do.
    SymbolTable symbols(getOperation());
    SmallVector<Operation *> kernels;
    llvm::SetVector<StringRef> isas;
    for (auto kernel : getOperation().getOps<func::FuncOp>()) {
      if (auto isa = kernel->getAttrOfType<StringAttr>(rt::kIsaAttr))
        isas.insert(isa.getValue());
      else if (kernel->hasAttr(rt::kKernelAttr))
        kernels.push_back(kernel);
    }
    auto variant = [&](Operation *kernel, StringRef isa) -> Operation * {
      return symbols.lookup<func::FuncOp>((cast<func::FuncOp>(kernel).getSymName() + "." + isa).str());
    };
    auto sameVariants = [&](Operation *a, Operation *b) {
      return llvm::all_of(isas, [&](StringRef isa) {
        Operation *x = variant(a, isa), *y = variant(b, isa);
        return bool(x) == bool(y) && (!x || SameKernel::isEqual(x, y));
      });
    };
    merge(kernels, sameVariants, [&](Operation *kernel, SmallVectorImpl<Operation *> &duplicates) {
      for (StringRef isa : isas)
        if (Operation *copy = variant(kernel, isa))
          duplicates.push_back(copy);
    });
    getOperation().walk([&](rt::LaunchOp launch) {
      if (auto found = replaced.find(launch.getKernel()); found != replaced.end())
        launch.setKernel(found->second);
    });
    eraseDuplicates();
  }

  void mergeGrids(gpu::GPUModuleOp device) {
    SmallVector<Operation *> kernels;
    for (auto kernel : device.getOps<gpu::GPUFuncOp>())
      kernels.push_back(kernel);
    merge(kernels, [](Operation *, Operation *) { return true; }, [](Operation *, SmallVectorImpl<Operation *> &) {});
    getOperation().walk([&](gpu::LaunchFuncOp launch) {
      if (auto found = replaced.find(launch.getKernelName()); found != replaced.end())
        launch.setKernelAttr(SymbolRefAttr::get(device.getNameAttr(), {FlatSymbolRefAttr::get(&getContext(), found->second)}));
    });
    eraseDuplicates();
  }

  /// Finds for each kernel the first one that does the same; `also` adds what else goes with a duplicate.
  void merge(ArrayRef<Operation *> kernels, function_ref<bool(Operation *, Operation *)> isSame,
             function_ref<void(Operation *, SmallVectorImpl<Operation *> &)> also) {
    DenseMap<Operation *, Operation *, SameKernel> first;
    for (Operation *kernel : kernels) {
      auto [entry, isNew] = first.try_emplace(kernel, kernel);
      if (isNew || !isSame(kernel, entry->second))
        continue;
      replaced[SymbolTable::getSymbolName(kernel).getValue()] = SymbolTable::getSymbolName(entry->second).getValue();
      duplicates.push_back(kernel);
      also(kernel, duplicates);
    }
    merged += replaced.size();
  }

  void eraseDuplicates() {
    for (Operation *kernel : duplicates)
      kernel->erase();
    duplicates.clear();
    replaced.clear();
  }

  llvm::StringMap<StringRef> replaced;
  SmallVector<Operation *> duplicates;
};

} // namespace
} // namespace moe
