//===- Fold.cpp - constant folding by execution -----------------------------------------------------------------===//
#include "moe/Dialect/Onnx.h"
#include "moe/Reference/Interpreter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/Support/Threading.h"

using namespace mlir;

namespace moe {

/// A module whose only function computes the op from copies of its operands; null where one is no constant.
static OwningOpRef<ModuleOp> isolate(Operation *op) {
  llvm::SetVector<Value> operands(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), operands);
  OwningOpRef<ModuleOp> module = ModuleOp::create(op->getLoc());
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  auto function = func::FuncOp::create(builder, op->getLoc(), "main", builder.getFunctionType({}, op->getResultTypes()));
  builder.setInsertionPointToStart(function.addEntryBlock());
  IRMapping mapping;
  for (Value operand : operands) {
    Operation *constant = operand.getDefiningOp();
    if (!constant || !constant->hasTrait<OpTrait::ConstantLike>())
      return {};
    builder.clone(*constant, mapping);
  }
  Operation *copy = builder.clone(*op, mapping);
  func::ReturnOp::create(builder, op->getLoc(), copy->getResults());
  return module;
}

std::optional<std::vector<DenseElementsAttr>> foldConstants(Operation *op, const FoldBudget &budget) {
  bool pure = isa<onnx::NodeOp>(op) || isMemoryEffectFree(op);
  bool tensors = llvm::all_of(op->getResultTypes(), llvm::IsaPred<TensorType>);
  if (!pure || !tensors || op->getNumResults() == 0 || op->hasTrait<OpTrait::ConstantLike>() || op->hasTrait<OpTrait::IsTerminator>())
    return std::nullopt;
  OwningOpRef<ModuleOp> module = isolate(op);
  if (!module)
    return std::nullopt;
  // An op that cannot be folded is no error. Other threads' diagnostics are not ours to take.
  ScopedDiagnosticHandler silence(op->getContext(), [thread = llvm::get_threadid()](Diagnostic &) { return success(llvm::get_threadid() == thread); });
  auto results = Interpreter(*module, {budget.bytes, budget.work}).run("main");
  if (!results) {
    llvm::consumeError(results.takeError());
    return std::nullopt;
  }
  std::vector<DenseElementsAttr> folded;
  for (auto [result, value] : llvm::zip_equal(op->getResults(), *results)) {
    if (*Tensor::sizeInBytes(value.elementType(), value.shape()) > budget.bytes)
      return std::nullopt;
    folded.push_back(value.as(getElementTypeOrSelf(result.getType())).elements());
  }
  return folded;
}

} // namespace moe
