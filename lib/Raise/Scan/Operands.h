//===- Operands.h - a moe.scan from its operands --------------------------------------------------------*- C++ -*-===//
#pragma once

#include "../NodeMaker.h"
#include "moe/Dialect/Moe.h"

namespace moe::raise {

/// The operands and attributes of moe.scan, by its names; only v is always there.
struct ScanOperands {
  mlir::Value v, k, q, decay, rate, a, b, gate, bonus;
  llvm::SmallVector<mlir::Value> states;
  double scale = 1, floor = 0, epsilon = 0;
  bool exclusive = false, normalized = false;
  int64_t updates = 1;
  std::optional<int64_t> chunk;
};

/// The scan, with results of type `element` and states of type `state`.
ScanOp makeScan(NodeMaker &make, const ScanOperands &parts, mlir::Type element, mlir::Type state);

} // namespace moe::raise
