//===- Moe.h - the moe dialect ------------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "moe/Dialect/Moe/MoeDialect.h.inc"
#include "moe/Dialect/Moe/MoeEnums.h.inc"

namespace moe {

/// Bits of a code.
int64_t widthOf(Format format);
/// True where codes are integers; true where those are below 0, too.
bool isInteger(Format format);
bool isSigned(Format format);
/// The type whose bits a code has.
mlir::Type codeType(Format format, mlir::MLIRContext *context);

} // namespace moe

#define GET_ATTRDEF_CLASSES
#include "moe/Dialect/Moe/MoeAttrs.h.inc"
#define GET_OP_CLASSES
#include "moe/Dialect/Moe/MoeOps.h.inc"
