//===- HostOp.cpp - operators of the host get buffers -----------------------------------------------------------===//
#include "Lowerings.h"
#include "moe/Dialect/Rt.h"

using namespace mlir;

namespace moe {

void lowerHostOp(rt::HostOp op, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  SmallVector<Value> inputs, results;
  for (Value input : op.getInputs())
    inputs.push_back(bufferOf(b, input));
  SmallVector<Type> types;
  for (Type type : op.getResultTypes())
    types.push_back(MemRefType::get(cast<RankedTensorType>(type).getShape(), cast<RankedTensorType>(type).getElementType()));
  auto made = rt::HostOp::create(b, types, op.getNameAttr(), op.getAttrsAttr(), op.getElementsAttr(), inputs);
  for (auto [memory, type] : llvm::zip_equal(made.getResults(), op.getResultTypes()))
    results.push_back(tensorOf(b, memory, type));
  rewriter.replaceOp(op, results);
}

} // namespace moe
