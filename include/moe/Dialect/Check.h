//===- Check.h - the check dialect --------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"

#include "moe/Dialect/Check/CheckDialect.h.inc"
#define GET_OP_CLASSES
#include "moe/Dialect/Check/CheckOps.h.inc"

namespace moe::check {

/// On a function before the raise stage: originals stay beside what they were raised to, compared by check.expect_close.
inline constexpr llvm::StringLiteral kProofsAttr = "check.proofs";

} // namespace moe::check
