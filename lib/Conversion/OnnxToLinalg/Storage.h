//===- Storage.h - how narrow elements are stored where code ends -------------------------------------*- C++ -*-===//
//
// Inside, a tensor has the elements that ONNX says. Arguments and results of an entry hold a byte for each element that is narrower than
// a byte (as numpy and DLPack do; the upper bits of an argument count for nothing), weights hold them without gaps (as ONNX files do,
// the first element in the lowest bits).
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

namespace moe {

/// True for elements narrower than a byte other than booleans.
bool isSubByte(mlir::Type element);

/// The type of an argument or result.
mlir::RankedTensorType storedType(mlir::RankedTensorType type);
/// An argument as a tensor of `element`s.
mlir::Value fromStored(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value stored, mlir::Type element);
/// A tensor as a result; `isUnsigned` says how its elements are extended.
mlir::Value toStored(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, bool isUnsigned);

/// The type of a weight.
mlir::RankedTensorType packedType(mlir::RankedTensorType type);
/// A weight as a tensor of `type`.
mlir::Value fromPacked(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value packed, mlir::RankedTensorType type);

/// A constant tensor; floats that LLVM has no constants of are made from their bits.
mlir::Value constantTensor(mlir::OpBuilder &builder, mlir::Location loc, mlir::DenseElementsAttr value);

} // namespace moe
