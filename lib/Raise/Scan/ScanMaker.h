//===- ScanMaker.h - the operands of a moe.scan from expressions --------------------------------------*- C++ -*-===//
#pragma once

#include "../Emit.h"
#include "Recurrence.h"
#include "moe/Dialect/Moe.h"

namespace moe::raise {

/// The parts of a moe.scan as expressions over the digits of ScanMaker's axes; null where the op has no such operand.
struct ScanParts {
  E k = nullptr, v = nullptr, q = nullptr, decay = nullptr, rate = nullptr, a = nullptr, b = nullptr, gate = nullptr, bonus = nullptr;
  bool exclusive = false, normalized = false;
};

/// Makes the op for a recurrence whose first state is S. All states have the same digits.
class ScanMaker {
public:
  /// `row` is the axis of S that is dk, where it has one. Axis 0 is the batch, the last other one dv, one between them the heads.
  ScanMaker(View &view, NodeMaker &make, const Recurrence &recurrence, std::optional<unsigned> row);

  bool valid() const { return ok; }
  /// The op, its last states put in place of the recurrence's; null where a part cannot be made a tensor.
  ScanOp build(const ScanParts &parts);
  /// The element of the op's result that belongs to the state's digits.
  E resultElement(ScanOp op, const ScanParts &parts);

  E batch = nullptr, head = nullptr, row = nullptr, column = nullptr; ///< digits of S; null for an axis that S does not have

private:
  /// The tensor of a part, each axis in `full` expanded to its length.
  mlir::Value part(E expr, llvm::ArrayRef<E> axes, llvm::ArrayRef<bool> full);
  mlir::Value lengthOf(E axis);
  SymExpr extentOf(E axis) const { return axis ? axis->extents[0] : SymExpr(1); }
  mlir::RankedTensorType type(llvm::ArrayRef<SymExpr> lengths) const;
  bool isZero(mlir::Value value);

  View &view;
  NodeMaker &make;
  const Recurrence &recurrence;
  mlir::Type element;
  E time = nullptr; ///< null for a single step
  bool ok = false;
};

/// The recurrence becomes a moe.scan where it is linear in one state; true where it did.
bool raiseLinearScan(View &view, NodeMaker &make, Recurrence &recurrence);
/// The same for an average with exponential weights, kept finite by a running maximum.
bool raiseNormalizedScan(View &view, NodeMaker &make, Recurrence &recurrence);

} // namespace moe::raise
