//===- CheckDialect.cpp - registration of the check dialect -----------------------------------------------------===//
#include "moe/Dialect/Check.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

#include "moe/Dialect/Check/CheckDialect.cpp.inc"
#define GET_OP_CLASSES
#include "moe/Dialect/Check/CheckOps.cpp.inc"

void moe::check::CheckDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "moe/Dialect/Check/CheckOps.cpp.inc"
      >();
}
