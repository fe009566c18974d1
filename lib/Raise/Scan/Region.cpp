//===- Region.cpp - a part of the graph, executed ---------------------------------------------------------------===//
#include "Region.h"
#include "moe/Dialect/Moe.h"
#include "moe/Reference/Interpreter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace moe::raise {

static bool isFixed(Operation *op) { return isa<onnx::ConstantOp, onnx::NoneOp, GetParamOp>(op); }

Region::Region(ArrayRef<Value> inputs, ArrayRef<Value> results) : inputs(inputs), results(results) {
  // What depends on an input, of what the results need.
  DenseMap<Operation *, bool> depends;
  std::function<bool(Value)> visit = [&](Value value) {
    if (llvm::is_contained(inputs, value))
      return true;
    Operation *op = value.getDefiningOp();
    if (!op)
      return false;
    auto [entry, isNew] = depends.try_emplace(op, false);
    if (!isNew)
      return entry->second;
    bool any = false;
    for (Value operand : op->getOperands())
      any |= visit(operand);
    return depends[op] = any;
  };
  for (Value result : results)
    visit(result);
  for (auto [op, any] : depends)
    if (any)
      ops.insert(op);
  SmallVector<Operation *> order(ops.begin(), ops.end());
  llvm::sort(order, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  ops = llvm::SetVector<Operation *>(order.begin(), order.end());
  llvm::SetVector<Value> others;
  for (Operation *op : ops)
    for (Value operand : op->getOperands())
      if (!contains(operand) && !llvm::is_contained(inputs, operand) && !(operand.getDefiningOp() && isFixed(operand.getDefiningOp())))
        others.insert(operand);
  free = others.takeVector();
}

std::optional<int64_t> valueOf(SymExpr expr, const std::map<std::string, int64_t> &lengths) {
  for (auto &[symbol, length] : lengths)
    expr = expr.substitute(symbol, SymExpr(length));
  return expr.constant();
}

std::optional<std::vector<Tensor>> Region::run(const ShapeAnalysis &shapes, ArrayRef<Tensor> values, const std::map<std::string, int64_t> &lengths) const {
  auto source = ops.front()->getParentOfType<ModuleOp>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(source.getLoc());
  OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
  SmallVector<Type> types;
  for (const Tensor &value : values)
    types.push_back(RankedTensorType::get(value.shape(), value.elementType()));
  auto function = func::FuncOp::create(b, source.getLoc(), "main", b.getFunctionType(types, TypeRange(ValueRange(results))));
  b.setInsertionPointToStart(function.addEntryBlock());
  IRMapping mapping;
  mapping.map(inputs, function.getArguments());
  // Lengths become numbers.
  for (Value value : free) {
    const auto *content = shapes.content(value);
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!content || !type || !type.hasStaticShape() || !type.getElementType().isSignlessInteger(64))
      return std::nullopt;
    SmallVector<int64_t> numbers;
    for (const SymExpr &expr : *content) {
      auto number = valueOf(expr, lengths);
      if (!number)
        return std::nullopt;
      numbers.push_back(*number);
    }
    mapping.map(value, onnx::ConstantOp::create(b, value.getLoc(), cast<ElementsAttr>(DenseElementsAttr::get(type, ArrayRef(numbers)))).getResult());
  }
  for (Operation *op : ops) {
    for (Value operand : op->getOperands())
      if (Operation *fixed = operand.getDefiningOp(); fixed && isFixed(fixed) && !mapping.contains(operand)) {
        b.clone(*fixed, mapping);
        if (auto get = dyn_cast<GetParamOp>(fixed)) {
          auto param = SymbolTable::lookupNearestSymbolFrom(get, get.getParamAttr());
          if (!module->lookupSymbol(get.getParam()))
            OpBuilder::atBlockEnd(module->getBody()).clone(*param);
        }
      }
    b.clone(*op, mapping);
  }
  func::ReturnOp::create(b, source.getLoc(), llvm::map_to_vector(results, [&](Value value) { return mapping.lookup(value); }));
  auto outputs = Interpreter(*module).run("main", values);
  if (outputs)
    return std::move(*outputs);
  llvm::consumeError(outputs.takeError());
  return std::nullopt;
}

} // namespace moe::raise
