//===- MoeOps.cpp - the generated half of the moe ops -----------------------------------------------------------===//
#include "moe/Dialect/Moe.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "moe/Dialect/Moe/MoeOps.cpp.inc"
