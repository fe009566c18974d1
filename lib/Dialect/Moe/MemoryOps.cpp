//===- MemoryOps.cpp - verifiers of the ops on weights ----------------------------------------------------------===//
#include "moe/Dialect/Moe.h"
#include "moe/Support/Bytes.h"

using namespace mlir;

namespace moe {

LogicalResult ParamOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  int sources = bool(getFile()) + bool(getValue()) + !getInit().empty();
  if (sources != 1) // C1
    return emitOpError("needs exactly one of file, value and init");
  if (!type.hasStaticShape()) // C2
    return emitOpError("needs a static shape");
  if (getFile() && getFile()->getLength() != byteSize(type)) // C3
    return emitOpError("has a file range of ") << getFile()->getLength() << " bytes for a type of " << byteSize(type);
  if (getValue() && getValue()->getType() != type) // C4
    return emitOpError("has a value of another type");
  if (!getInit().empty()) {
    auto yield = dyn_cast_or_null<YieldOp>(getInit().front().empty() ? nullptr : &getInit().front().back());
    if (!yield || yield.getOperandTypes() != TypeRange(type)) // C5
      return emitOpError("needs an init that yields one value of its type");
  }
  return success();
}

LogicalResult GetParamOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto param = symbols.lookupNearestSymbolFrom<ParamOp>(*this, getParamAttr());
  if (!param) // C1
    return emitOpError("names no moe.param: ") << getParam();
  if (param.getType() != getType()) // C2
    return emitOpError("has another type than the param, which is ") << param.getType();
  return success();
}

} // namespace moe
