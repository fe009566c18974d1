//===- CheckDialect.cpp - registration and verifiers of the check dialect ---------------------------------------===//
#include "moe/Dialect/Check.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

#include "moe/Dialect/Check/CheckDialect.cpp.inc"
#define GET_OP_CLASSES
#include "moe/Dialect/Check/CheckOps.cpp.inc"

namespace moe::check {

void CheckDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "moe/Dialect/Check/CheckOps.cpp.inc"
      >();
}

LogicalResult ExpectEqOp::verify() {
  auto actual = cast<RankedTensorType>(getActual().getType()), expected = cast<RankedTensorType>(getExpected().getType());
  if (actual.getElementType() != expected.getElementType() || failed(verifyCompatibleShape(actual, expected))) // C1
    return emitOpError("needs operands of one element type and shape");
  return success();
}

LogicalResult ExpectCloseOp::verify() {
  if (failed(verifyCompatibleShape(getActual().getType(), getExpected().getType()))) // C1
    return emitOpError("needs operands of one shape");
  return success();
}

} // namespace moe::check
