//===- Replace.cpp - a raised value in its original's place -----------------------------------------------------===//
#include "Replace.h"
#include "moe/Dialect/Check.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace moe::raise {

/// Raised forms add up in another order than their originals.
static constexpr double kProofTolerance = 1e-4;

void replaceRaised(Value original, Value raised) {
  original.replaceAllUsesWith(raised);
  Operation *node = original.getDefiningOp();
  auto function = node->getParentOfType<func::FuncOp>();
  if (!function || !function->hasAttr(check::kProofsAttr))
    return;
  OpBuilder builder(node->getContext());
  builder.setInsertionPointAfter(node);
  check::ExpectCloseOp::create(builder, raised.getLoc(), raised, original, APFloat(kProofTolerance));
}

} // namespace moe::raise
