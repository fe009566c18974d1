//===- Raise.cpp - recognised constructs become moe ops ---------------------------------------------------------===//
#include "Experts/Experts.h"
#include "Routes/Routes.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_RAISE
#include "moe/Transforms/Passes.h.inc"

namespace {

struct RaisePass : impl::RaiseBase<RaisePass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    ShapeAnalysis shapes;
    if (failed(shapes.run(function)))
      return signalPassFailure();
    raise::ExprPool pool;
    raise::View view(shapes, pool);
    SmallVector<onnx::NodeOp> nodes;
    function.walk([&](onnx::NodeOp node) { nodes.push_back(node); });
    for (onnx::NodeOp node : nodes)
      experts += raise::raiseSummedExperts(view, node);
    function.walk([&](ExpertsOp op) { routes += raise::raiseRoute(view, op); });
  }
};

} // namespace
} // namespace moe
