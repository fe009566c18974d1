//===- WeightUses.h - what weights are for --------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace moe {

/// What a weight matrix does in a model.
enum class Role {
  Router,    ///< decides which experts work, or how much one counts
  Attention, ///< mixes tokens: projections to and from attention, scans and convolutions
  GateUp,    ///< the first projections of feed-forward networks
  Down,      ///< the last ones
  Shared,    ///< experts that work for every token, beside those that are routed to
  Embedding, ///< rows that tokens are replaced by
  Head,      ///< the projection to the model's results
};

/// All roles in order, and their names.
llvm::ArrayRef<llvm::StringLiteral> roleNames();
inline llvm::StringRef nameOf(Role role) { return roleNames()[size_t(role)]; }

/// A weight where an op reads it.
struct WeightUse {
  mlir::OpOperand *operand; ///< of moe.linear or moe.experts, or the data of an onnx.node "Gather" along its first axis
  Role role;
};

/// All matrices and tables of a raised function that are computed from params of the module, by data flow.
std::vector<WeightUse> weightUses(mlir::func::FuncOp function);

/// The params that a value is computed from; empty where it depends on anything but params and constants.
llvm::SmallVector<mlir::StringRef> paramsOf(mlir::Value value);

} // namespace moe
