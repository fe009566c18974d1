//===- MoeDialect.cpp - registration of the moe dialect ---------------------------------------------------------===//
#include "moe/Dialect/Moe.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"

using namespace mlir;

#include "moe/Dialect/Moe/MoeDialect.cpp.inc"
#include "moe/Dialect/Moe/MoeEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "moe/Dialect/Moe/MoeAttrs.cpp.inc"

void moe::MoeDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "moe/Dialect/Moe/MoeAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "moe/Dialect/Moe/MoeOps.cpp.inc"
      >();
}
