//===- RtDialect.cpp - registration and verifiers of the rt dialect ---------------------------------------------===//
#include "moe/Dialect/Rt.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

#include "moe/Dialect/Rt/RtDialect.cpp.inc"
#define GET_OP_CLASSES
#include "moe/Dialect/Rt/RtOps.cpp.inc"

namespace moe::rt {

void RtDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "moe/Dialect/Rt/RtOps.cpp.inc"
      >();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel = symbols.lookupNearestSymbolFrom<FunctionOpInterface>(*this, getKernelAttr());
  if (!kernel) // C1
    return emitOpError("names no kernel: ") << getKernel();
  ArrayRef<Type> types = kernel.getArgumentTypes();
  if (types.size() < 2 || !types[0].isIndex() || !types[1].isIndex()) // C1
    return emitOpError("needs a kernel whose first two arguments are indices");
  if (TypeRange(types.drop_front(2)) != getArgs().getTypes()) // C2
    return emitOpError("arguments do not have the types of the kernel's arguments");
  return success();
}

LogicalResult ParamOp::verify() {
  auto type = cast<MemRefType>(getResult().getType());
  if (!type.hasStaticShape() || !type.getLayout().isIdentity()) // C1
    return emitOpError("needs a static shape and identity layout");
  return success();
}

LogicalResult RoutedOp::verify() {
  if (!getIds().getType().getLayout().isIdentity()) // C1
    return emitOpError("needs ids of identity layout");
  if (int64_t(getExperts()) <= 0) // C2
    return emitOpError("needs at least one expert");
  return success();
}

} // namespace moe::rt
