//===- LengthSources.h - the operands that the lengths of moe ops' results come from ------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/Value.h"

namespace moe {

/// True for ops of the moe dialect whose results have axes of their operands.
bool hasLengthSources(mlir::Operation *op);
/// The operand and its axis that an axis of a result has the length of; a null operand where there is none.
std::pair<mlir::Value, int64_t> lengthSource(mlir::OpResult result, int64_t axis);

} // namespace moe
