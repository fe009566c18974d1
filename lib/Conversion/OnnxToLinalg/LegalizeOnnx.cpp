//===- LegalizeOnnx.cpp - onnx.node to tensor, linalg and arith -------------------------------------------------===//
#include "HostOp.h"
#include "NodeLowering.h"
#include "Storage.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/HostOp.h"
#include "moe/Dialect/Moe.h"
#include "moe/Dialect/Rt.h"
#include "moe/Import/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_LEGALIZEONNX
#include "moe/Conversion/Passes.h.inc"

static const LoweringTable &loweringTable() {
  static const LoweringTable *table = [] {
    auto *made = new LoweringTable;
    for (auto add : {addElementwise, addLayout, addGather, addScatter, addReduce, addCumulate, addProduct, addEinsum, addConv, addPool, addSort,
                     addCreate, addChoose, addQuantize, addControl, addScan})
      add(*made);
    return made;
  }();
  return *table;
}

/// A constant's elements with signless type.
static DenseElementsAttr signlessElements(ElementsAttr value) {
  auto dense = cast<DenseElementsAttr>(value);
  Type element = signless(dense.getElementType());
  return element == dense.getElementType() ? dense : dense.bitcast(element);
}

static LogicalResult legalizeNode(onnx::NodeOp node, OpBuilder &builder, const ShapeAnalysis &shapes, LegalizeScope &scope) {
  for (Value value : llvm::concat<Value>(llvm::to_vector(node.getOperands()), llvm::to_vector(node.getResults())))
    if (isa<UnrankedTensorType>(value.getType()))
      return node.emitError(node.qualifiedName()) << ": a tensor of unknown rank; fix the shapes of the model's inputs";
  if (node->hasAttr(onnx::kHostAttr)) {
    NodeLowering lowering(node, builder, shapes, scope);
    return lowerHostOp(lowering);
  }
  auto found = loweringTable().find(node.qualifiedName());
  if (found == loweringTable().end())
    return node.emitError(node.qualifiedName()) << ": this operator is not supported (opset " << node.getVersion() << ")";
  NodeLowering lowering(node, builder, shapes, scope);
  return found->second(lowering);
}

LogicalResult legalizeBlock(Block &block, OpBuilder &builder, const ShapeAnalysis &shapes, LegalizeScope &scope) {
  for (Operation &op : block.without_terminator()) {
    if (auto node = dyn_cast<onnx::NodeOp>(op)) {
      if (failed(legalizeNode(node, builder, shapes, scope)))
        return failure();
    } else if (auto constant = dyn_cast<onnx::ConstantOp>(op)) {
      Value value = constantTensor(builder, op.getLoc(), signlessElements(constant.getValue()));
      bindValue(constant, value, shapes, scope);
    } else if (isa<onnx::NoneOp>(op)) {
      continue;
    } else {
      Operation *copy = builder.clone(op, scope.values);
      for (auto [from, to] : llvm::zip(op.getResults(), copy->getResults())) {
        Value legal = to;
        if (auto type = dyn_cast<RankedTensorType>(to.getType())) {
          auto plain = RankedTensorType::get(type.getShape(), signless(type.getElementType()));
          bool packed = isa<GetParamOp>(op) && isSubByte(plain.getElementType());
          to.setType(packed ? packedType(plain) : plain);
          if (packed)
            legal = fromPacked(builder, op.getLoc(), to, plain);
        }
        bindValue(from, legal, shapes, scope);
      }
    }
  }
  return success();
}

namespace {

/// Removes nodes whose results nobody reads: exporters leave some, and function bodies compute results that are left out. Ops of other
/// dialects stay where they have an effect, such as checks.
void eraseDeadNodes(Region &region) {
  for (Operation *op = region.front().getTerminator()->getPrevNode(); op;) {
    Operation *before = op->getPrevNode();
    if (op->use_empty() && (isa<onnx::NodeOp>(op) || isMemoryEffectFree(op)))
      op->erase();
    else
      for (Region &inner : op->getRegions())
        eraseDeadNodes(inner);
    op = before;
  }
}

/// Expands each node that has no lowering of its own, until none has a function body; true where one was expanded.
FailureOr<bool> expandFunctionBodies(func::FuncOp function, ShapeAnalysis &shapes) {
  for (bool expanded = false;; expanded = true) {
    SmallVector<onnx::NodeOp> nodes;
    function.walk([&](onnx::NodeOp node) {
      if (!node->hasAttr(onnx::kHostAttr) && !loweringTable().contains(node.qualifiedName()) && hasFunctionBody(node))
        nodes.push_back(node);
    });
    if (nodes.empty())
      return expanded;
    for (onnx::NodeOp node : nodes)
      if (failed(expandFunctionBody(node, shapes)))
        return failure();
    eraseDeadNodes(function.getBody());
  }
}

struct LegalizeOnnxPass : impl::LegalizeOnnxBase<LegalizeOnnxPass> {
  void runOnOperation() override {
    getOperation().walk([](ParamOp param) {
      auto type = cast<RankedTensorType>(param.getType());
      param.setType(packedType(RankedTensorType::get(type.getShape(), signless(type.getElementType()))));
    });
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() && failed(legalize(function)))
        return signalPassFailure();
  }

  LogicalResult legalize(func::FuncOp function) {
    eraseDeadNodes(function.getBody());
    ShapeAnalysis first, second;
    if (failed(first.run(function)))
      return failure();
    auto expanded = expandFunctionBodies(function, first);
    if (failed(expanded) || (*expanded && failed(second.run(function))))
      return failure();
    const ShapeAnalysis &shapes = *expanded ? second : first;
    Block &old = function.getBody().front();
    Block *fresh = new Block;
    function.getBody().push_back(fresh);
    OpBuilder builder = OpBuilder::atBlockEnd(fresh);
    LegalizeScope scope;
    SmallVector<BlockArgument> stored;
    for (BlockArgument argument : old.getArguments()) {
      auto type = cast<RankedTensorType>(argument.getType());
      stored.push_back(fresh->addArgument(storedType(RankedTensorType::get(type.getShape(), signless(type.getElementType()))), argument.getLoc()));
    }
    for (auto [argument, legal] : llvm::zip(old.getArguments(), stored)) {
      Type element = signless(cast<RankedTensorType>(argument.getType()).getElementType());
      bindValue(argument, isSubByte(element) ? fromStored(builder, argument.getLoc(), legal, element) : legal, shapes, scope);
    }
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      function.setArgAttr(i, onnx::kTypeAttr, TypeAttr::get(function.getArgumentTypes()[i]));
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      function.setResultAttr(i, onnx::kTypeAttr, TypeAttr::get(old.getTerminator()->getOperand(i).getType()));
    if (failed(legalizeBlock(old, builder, shapes, scope)))
      return failure();
    SmallVector<Value> results;
    for (Value value : old.getTerminator()->getOperands()) {
      Type element = cast<TensorType>(value.getType()).getElementType();
      Value legal = scope.values.lookup(value);
      results.push_back(isSubByte(element) ? toStored(builder, value.getLoc(), legal, element.isUnsignedInteger()) : legal);
    }
    func::ReturnOp::create(builder, old.getTerminator()->getLoc(), results);
    old.dropAllReferences();
    old.erase();
    function.setFunctionType(builder.getFunctionType(fresh->getArgumentTypes(), fresh->getTerminator()->getOperandTypes()));
    if (function.isPublic())
      function->setAttr(rt::kEntryAttr, builder.getUnitAttr());
    return success();
  }
};

} // namespace
} // namespace moe
