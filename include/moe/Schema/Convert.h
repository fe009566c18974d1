//===- Convert.h - between ONNX's protobuf messages and MLIR attributes and types ---------------------*- C++ -*-===//
#pragma once

#include "moe/Analysis/SymExpr.h"
#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "onnx/onnx_pb.h"

namespace moe::schema {

/// The MLIR type of an ONNX element type (TensorProto_DataType); null for strings, complex numbers and unknown codes.
mlir::Type elementType(mlir::MLIRContext *context, int32_t code);
/// The reverse; TensorProto_DataType_UNDEFINED where there is none.
int32_t elementCode(mlir::Type element);

/// A tensor type of ONNX; `dims`, where given, receives the length of each axis as an expression. Dimension names that are digits are
/// lengths. Null where the type is no tensor or its elements have no MLIR type.
mlir::Type tensorType(mlir::MLIRContext *context, const ::onnx::TypeProto &type, std::vector<SymExpr> *dims = nullptr);

/// The reverse; dynamic axes are named by `dims` where it is given.
::onnx::TypeProto typeProto(mlir::Type type, const std::vector<SymExpr> *dims = nullptr);

/// The elements of a tensor whose data is in the message; null with a message in `error` otherwise.
mlir::ElementsAttr elements(mlir::MLIRContext *context, const ::onnx::TensorProto &tensor, std::string &error);
::onnx::TensorProto tensorProto(mlir::ElementsAttr elements, llvm::StringRef name = "");

/// An attribute other than a graph; null with a message in `error` where it has no MLIR form.
mlir::Attribute attribute(mlir::MLIRContext *context, const ::onnx::AttributeProto &proto, std::string &error);
::onnx::AttributeProto attributeProto(llvm::StringRef name, mlir::Attribute attribute);

} // namespace moe::schema
