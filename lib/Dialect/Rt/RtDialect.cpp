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
  if (int64_t(getExpertBytes()) < 0) // C2
    return emitOpError("needs experts of 0 or more bytes");
  return success();
}

/// Memory that grows along `axis` has room behind the rows that are there: the axes before it are further apart than the lengths say.
MemRefType StateOp::memoryType(RankedTensorType type, std::optional<int64_t> axis) {
  auto shape = type.getShape();
  if (!axis || llvm::all_of(shape.take_front(*axis), [](int64_t length) { return length == 1; }))
    return MemRefType::get(shape, type.getElementType());
  SmallVector<int64_t> strides(type.getRank(), ShapedType::kDynamic);
  int64_t stride = 1;
  for (int64_t at = type.getRank() - 1; at >= *axis; --at) {
    strides[at] = stride;
    stride = ShapedType::isDynamic(stride) || type.isDynamicDim(at) ? ShapedType::kDynamic : stride * shape[at];
  }
  return MemRefType::get(shape, type.getElementType(), StridedLayoutAttr::get(type.getContext(), 0, strides));
}

LogicalResult StateOp::verify() {
  auto type = cast<MemRefType>(getResult().getType());
  if (int64_t(getLengths().size()) != type.getNumDynamicDims()) // C1
    return emitOpError("needs a length for each dynamic axis");
  bool hasAxis = getAxis() && *getAxis() >= 0 && *getAxis() < type.getRank();
  if ((getAppend() || getAxis()) && !hasAxis) // C2
    return emitOpError("needs an axis of the result");
  if (type != memoryType(RankedTensorType::get(type.getShape(), type.getElementType()), getAxis())) // C2
    return emitOpError("needs a result whose strides leave room along the axis");
  return success();
}

LogicalResult SetStateOp::verify() {
  if (!cast<MemRefType>(getValue().getType()).getLayout().isIdentity()) // C1
    return emitOpError("needs identity layout");
  return success();
}

LogicalResult HostOp::verify() {
  auto types = llvm::to_vector(llvm::concat<Type>(llvm::to_vector(getInputs().getTypes()), llvm::to_vector(getOutputs().getTypes())));
  bool onTensors = llvm::all_of(types, [](Type type) { return isa<RankedTensorType>(type); });
  auto isRow = [](Type type) {
    auto memref = dyn_cast<MemRefType>(type);
    return memref && memref.getLayout().isIdentity();
  };
  if (!onTensors && !llvm::all_of(types, isRow)) // C1
    return emitOpError("needs tensors, or memrefs of identity layout");
  for (Type type : getOutputs().getTypes())
    if (cast<ShapedType>(type).getNumDynamicDims() != cast<ShapedType>(type).getRank()) // C2
      return emitOpError("needs results whose lengths are all dynamic");
  if (getElements().size() != types.size()) // C3
    return emitOpError("needs an element type for each input and result");
  for (auto [element, type] : llvm::zip_equal(getElements().getAsValueRange<TypeAttr>(), types))
    if (!element.isIntOrFloat() || element.getIntOrFloatBitWidth() != cast<ShapedType>(type).getElementTypeBitWidth()) // C3
      return emitOpError("has the element type ") << element << " for " << type;
  return success();
}

} // namespace moe::rt
