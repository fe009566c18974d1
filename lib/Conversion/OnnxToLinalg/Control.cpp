//===- Control.cpp - operators that hold graphs -----------------------------------------------------------------===//
#include "NodeLowering.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace moe {
namespace {

/// Legalises a branch where `builder` stands and yields its values with the types of the node's results.
LogicalResult branch(NodeLowering &n, StringRef name, OpBuilder builder, TypeRange types) {
  LegalizeScope inner = n.scope;
  Block &block = n.node.subgraph(name)->front();
  if (failed(legalizeBlock(block, builder, n.shapes, inner)))
    return failure();
  SmallVector<Value> values;
  for (auto [value, type] : llvm::zip(block.getTerminator()->getOperands(), types)) {
    Value legal = inner.values.lookup(value);
    if (cast<RankedTensorType>(legal.getType()).getRank() != cast<RankedTensorType>(type).getRank())
      return n.fail("the branches give results of different rank");
    values.push_back(legal.getType() == type ? legal : tensor::CastOp::create(builder, n.node.getLoc(), type, legal).getResult());
  }
  scf::YieldOp::create(builder, n.node.getLoc(), values);
  return success();
}

LogicalResult ifOp(NodeLowering &n) {
  SmallVector<Type> types;
  for (unsigned i = 0; i < n.node.getNumResults(); ++i)
    types.push_back(n.type(i));
  auto made = scf::IfOp::create(n.b, types, n.scalar(0), /*addThenBlock=*/true, /*addElseBlock=*/true);
  if (failed(branch(n, "then_branch", made.getThenBodyBuilder(), types)) || failed(branch(n, "else_branch", made.getElseBodyBuilder(), types)))
    return failure();
  return n.done(made.getResults());
}

} // namespace

void addControl(LoweringTable &table) { table["If"] = ifOp; }

} // namespace moe
