//===- Generalize.cpp - copies and named ops as generic ones ----------------------------------------------------===//
#include "Generalize.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace moe {

static void generalize(memref::CopyOp copy, RewriterBase &rewriter) {
  rewriter.setInsertionPoint(copy);
  int64_t rank = cast<MemRefType>(copy.getTarget().getType()).getRank();
  AffineMap map = rewriter.getMultiDimIdentityMap(rank);
  SmallVector<utils::IteratorType> kinds(rank, utils::IteratorType::parallel);
  linalg::GenericOp::create(rewriter, copy.getLoc(), TypeRange(), copy.getSource(), copy.getTarget(), ArrayRef<AffineMap>{map, map}, kinds,
                            [](OpBuilder &b, Location loc, ValueRange args) { linalg::YieldOp::create(b, loc, args[0]); });
  rewriter.eraseOp(copy);
}

FailureOr<SmallVector<linalg::GenericOp>> generalizeAll(func::FuncOp function) {
  IRRewriter rewriter(function.getContext());
  function.walk([&](memref::CopyOp copy) { generalize(copy, rewriter); });
  SmallVector<linalg::LinalgOp> ops;
  function.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
  SmallVector<linalg::GenericOp> result;
  for (linalg::LinalgOp op : ops) {
    if (auto generic = dyn_cast<linalg::GenericOp>(*op)) {
      result.push_back(generic);
      continue;
    }
    rewriter.setInsertionPoint(op);
    auto made = linalg::generalizeNamedOp(rewriter, op);
    if (failed(made))
      return op->emitError("stage schedule: no loops can be made for ") << op->getName();
    result.push_back(*made);
  }
  return result;
}

} // namespace moe
