//===- Raise.cpp - recognised constructs become moe ops ---------------------------------------------------------===//
#include "Attention/Attention.h"
#include "Experts/Experts.h"
#include "Layers/Layers.h"
#include "Routes/Routes.h"
#include "Scan/Scan.h"
#include "moe/Dialect/Check.h"
#include "moe/Dialect/Rt.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_RAISE
#include "moe/Transforms/Passes.h.inc"

namespace {

/// What is known of a function's tensors.
struct Knowledge {
  ShapeAnalysis shapes;
  raise::ExprPool pool;
  raise::View view{shapes, pool};
};

struct RaisePass : impl::RaiseBase<RaisePass> {
  using RaiseBase::RaiseBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    if (keepOriginals)
      function->setAttr(check::kProofsAttr, UnitAttr::get(&getContext()));
    auto known = std::make_unique<Knowledge>();
    if (failed(known->shapes.run(function)))
      return signalPassFailure();
    reroll(function, known->view); // first: what is one op for all steps is seen by the others
    if (generalizeLength && loops != 0) {
      known = std::make_unique<Knowledge>();
      if (failed(reopenLengths(function, known->shapes)))
        return signalPassFailure();
    }
    raise::View &view = known->view;
    SmallVector<onnx::NodeOp> nodes;
    function.walk([&](onnx::NodeOp node) { nodes.push_back(node); });
    auto live = [&] { return llvm::make_filter_range(nodes, [](onnx::NodeOp node) { return !node->use_empty(); }); };
    if (!keepScans)
      for (onnx::NodeOp node : live())
        scans += raise::raiseScan(view, node);
    for (onnx::NodeOp node : live())
      experts += raise::raiseSummedExperts(view, node);
    for (onnx::NodeOp node : llvm::reverse(live()))
      experts += raise::raiseAddedExperts(view, node);
    function.walk([&](ExpertsOp op) { routes += raise::raiseRoute(view, op); });
    for (onnx::NodeOp node : live())
      attentions += raise::raiseStandardAttention(view, node) || raise::raiseAttention(view, node);
    // The whole before its parts: all of a head's width before the part that turns, a norm with its weight before one without. A range of
    // the live ones cannot be walked backwards while they die.
    for (onnx::NodeOp node : llvm::reverse(nodes))
      if (!node->use_empty())
        rotaries += raise::raiseRotaryEmbedding(view, node) || raise::raiseRotary(view, node);
    raise::WeightSet weights;
    for (onnx::NodeOp node : llvm::reverse(nodes))
      if (!node->use_empty())
        norms += raise::raiseNorm(view, weights, node);
    for (onnx::NodeOp node : live())
      linears += raise::raiseLinear(view, weights, node);
    typeResults(function); // a raised op knows lengths that the node's inference did not
  }

private:
  void reroll(func::FuncOp function, raise::View &view) {
    auto nodes = llvm::to_vector(function.getBody().front().getOps<onnx::NodeOp>()); // those of subgraphs have no known shapes
    for (onnx::NodeOp node : nodes)
      if (!node->use_empty())
        scans += raise::raiseChunkedScan(view, node, generalizeLength);
    for (onnx::NodeOp node : nodes)
      if (!node->use_empty())
        loops += raise::rerollSteps(view, node, generalizeLength);
  }

  /// Lengths that came from the number of steps are open again.
  static LogicalResult reopenLengths(func::FuncOp function, ShapeAnalysis &shapes) {
    if (failed(shapes.run(function)))
      return failure();
    typeResults(function);
    return success();
  }

  /// The function's result types are those of what it returns.
  static void typeResults(func::FuncOp function) {
    Operation *end = function.getBody().front().getTerminator();
    function.setFunctionType(FunctionType::get(function.getContext(), function.getArgumentTypes(), end->getOperandTypes()));
  }
};

} // namespace
} // namespace moe
