//===- Spell.h - moe ops as ONNX operators --------------------------------------------------------------*- C++ -*-===//
//
// Each function writes what an op means with standard operators and those of ONNX Runtime, where the maker stands, and returns the result;
// null after a diagnostic where ONNX has no form for it.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "../../Raise/NodeMaker.h"
#include "moe/Dialect/Moe.h"

namespace moe::spell {

using raise::NodeMaker;

/// The opset of the standard domain that spelled operators are of.
inline constexpr int64_t kOpset = 23;

/// A node of com.microsoft.
mlir::Value contrib(NodeMaker &make, llvm::StringRef op, mlir::Type type, mlir::ValueRange operands, llvm::ArrayRef<mlir::NamedAttribute> attrs);
/// An operand that is left out.
mlir::Value none(NodeMaker &make);
/// The value with elements of another type.
mlir::Value cast(NodeMaker &make, mlir::Value value, mlir::Type element);
mlir::Value unsqueeze(NodeMaker &make, mlir::Value value, llvm::ArrayRef<int64_t> axes);
/// The length of an axis, a tensor of rank 0.
mlir::Value length(NodeMaker &make, mlir::Value value, int64_t axis);
/// Zeros, or `fill`, of the shape [lengths...], tensors of rank 0.
mlir::Value filled(NodeMaker &make, mlir::ValueRange lengths, mlir::Attribute fill);

mlir::Value spell(NodeMaker &make, LinearOp op);
mlir::Value spell(NodeMaker &make, NormOp op);
mlir::Value spell(NodeMaker &make, RotaryOp op);
mlir::Value spell(NodeMaker &make, AttentionOp op);
mlir::Value spell(NodeMaker &make, ExpertsOp op);
/// The ids and the weights.
std::pair<mlir::Value, mlir::Value> spell(NodeMaker &make, RouteOp op);

} // namespace moe::spell
