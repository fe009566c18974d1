//===- Opset.h - one version of the standard's operators for a whole file ------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace moe {

/// The oldest opset of the standard domain, not older than the file's own, that has every node of the function as its version defines it or
/// in a newer form.
int64_t commonOpset(mlir::func::FuncOp function, int64_t own);

/// Makes the node one of `opset`. Fails with a diagnostic where the operator's meaning changed in between.
mlir::LogicalResult lift(onnx::NodeOp node, int64_t opset);

} // namespace moe
