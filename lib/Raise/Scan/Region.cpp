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

namespace {

/// Sorts what the results need into ops that are run again and values that are given.
class Walk {
public:
  enum Class { Fixed, Inner, Outer };

  explicit Walk(ArrayRef<Value> inputs) : inputs(inputs) {}

  /// Fixed: made of constants, weights and lengths. Inner: depends on an input. Outer: on something else.
  Class visit(Value value) {
    if (llvm::is_contained(inputs, value))
      return Inner;
    Operation *op = value.getDefiningOp();
    if (!op)
      return Outer;
    if (isFixed(op))
      return Fixed;
    auto [entry, isNew] = known.try_emplace(op, Fixed);
    if (!isNew)
      return entry->second;
    bool inner = false, outer = !op->getRegions().empty() || !isMemoryEffectFree(op);
    for (Value operand : op->getOperands()) {
      Class each = visit(operand);
      inner |= each == Inner;
      outer |= each == Outer && !isShape(op);
    }
    return known[op] = inner ? Inner : outer ? Outer : Fixed;
  }

  /// Lengths are known without the tensor.
  static bool isShape(Operation *op) {
    auto node = dyn_cast<onnx::NodeOp>(op);
    return node && node.is("Shape");
  }

  ArrayRef<Value> inputs;
  DenseMap<Operation *, Class> known;
};

} // namespace

Region::Region(ArrayRef<Value> inputs, ArrayRef<Value> results) : inputs(inputs), results(results) {
  Walk walk(inputs);
  for (Value result : results)
    walk.visit(result);
  for (auto [op, kind] : walk.known)
    if (kind == Walk::Inner)
      ops.insert(op);
  SmallVector<Operation *> order(ops.begin(), ops.end());
  llvm::sort(order, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  ops = llvm::SetVector<Operation *>(order.begin(), order.end());
  llvm::SetVector<Value> others;
  for (Operation *op : ops)
    for (Value operand : op->getOperands())
      if (!contains(operand) && walk.visit(operand) == Walk::Outer)
        others.insert(operand);
  free = others.takeVector();
}

std::optional<int64_t> valueOf(SymExpr expr, const std::map<std::string, int64_t> &lengths) {
  for (auto &[symbol, length] : lengths)
    expr = expr.substitute(symbol, SymExpr(length));
  return expr.constant();
}

namespace {

/// Copies ops into a function of their own. Lengths become numbers.
class Copy {
public:
  Copy(OpBuilder &b, ModuleOp module, const ShapeAnalysis &shapes, const std::map<std::string, int64_t> &lengths)
      : b(b), module(module), shapes(shapes), lengths(lengths) {}

  /// Makes a value that the ops read available; false where it is not known.
  bool supply(Value value) {
    if (mapping.contains(value))
      return true;
    Operation *op = value.getDefiningOp();
    if (op && isFixed(op)) {
      if (auto get = dyn_cast<GetParamOp>(op))
        copyParam(get);
      b.clone(*op, mapping);
      return true;
    }
    if (const auto *content = shapes.content(value); content && number(value, *content))
      return true;
    if (!op)
      return false;
    if (Walk::isShape(op)) {
      auto node = cast<onnx::NodeOp>(op);
      const auto *dims = shapes.dims(op->getOperand(0));
      if (!dims)
        return false;
      int64_t rank = dims->size();
      auto bound = [&](StringRef name, int64_t missing) {
        int64_t place = node.intAttribute(name, missing);
        return std::clamp<int64_t>(place < 0 ? place + rank : place, 0, rank);
      };
      auto part = ArrayRef(*dims).take_front(bound("end", rank)).drop_front(std::min(bound("start", 0), bound("end", rank)));
      return number(value, part);
    }
    if (!llvm::all_of(op->getOperands(), [&](Value operand) { return supply(operand); }))
      return false;
    b.clone(*op, mapping);
    return true;
  }

  IRMapping mapping;

private:
  void copyParam(GetParamOp get) {
    if (!module.lookupSymbol(get.getParam()))
      OpBuilder::atBlockEnd(module.getBody()).clone(*SymbolTable::lookupNearestSymbolFrom(get, get.getParamAttr()));
  }

  bool number(Value value, ArrayRef<SymExpr> content) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || !type.hasStaticShape() || !type.getElementType().isSignlessInteger(64) || type.getNumElements() != int64_t(content.size()))
      return false;
    SmallVector<int64_t> numbers;
    for (const SymExpr &expr : content) {
      auto number = valueOf(expr, lengths);
      if (!number)
        return false;
      numbers.push_back(*number);
    }
    auto constant = onnx::ConstantOp::create(b, value.getLoc(), cast<ElementsAttr>(DenseElementsAttr::get(type, ArrayRef(numbers))));
    mapping.map(value, constant.getResult());
    return true;
  }

  OpBuilder &b;
  ModuleOp module;
  const ShapeAnalysis &shapes;
  const std::map<std::string, int64_t> &lengths;
};

} // namespace

std::optional<std::vector<Tensor>> Region::run(const ShapeAnalysis &shapes, ArrayRef<Tensor> values, const std::map<std::string, int64_t> &lengths) const {
  auto source = ops.front()->getParentOfType<ModuleOp>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(source.getLoc());
  ScopedDiagnosticHandler quiet(module->getContext(), [](Diagnostic &) { return success(); }); // lengths that the ops refuse are an answer
  OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
  SmallVector<Type> types;
  for (const Tensor &value : values)
    types.push_back(RankedTensorType::get(value.shape(), value.elementType()));
  auto function = func::FuncOp::create(b, source.getLoc(), "main", b.getFunctionType(types, TypeRange(ValueRange(results))));
  b.setInsertionPointToStart(function.addEntryBlock());
  Copy copy(b, *module, shapes, lengths);
  copy.mapping.map(inputs, function.getArguments());
  for (Operation *op : ops) {
    for (Value operand : op->getOperands())
      if (!contains(operand) && !copy.supply(operand))
        return std::nullopt;
    b.clone(*op, copy.mapping);
  }
  func::ReturnOp::create(b, source.getLoc(), llvm::map_to_vector(results, [&](Value value) { return copy.mapping.lookup(value); }));
  auto outputs = Interpreter(*module).run("main", values);
  if (outputs)
    return std::move(*outputs);
  llvm::consumeError(outputs.takeError());
  return std::nullopt;
}

} // namespace moe::raise
