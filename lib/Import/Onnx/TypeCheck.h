//===- TypeCheck.h - operand types against an operator's schema ---------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/ValueRange.h"
#include "onnx/defs/schema.h"

namespace moe {

/// What is wrong with the types of a node's operands: a type that its parameter does not allow, or two types where the schema binds one.
/// Empty where nothing is, or where the types are not known. What a newer version of the operator allows is let through: exporters write
/// models of narrow floats for opsets that have them in few operators.
std::string typeError(const ::onnx::OpSchema &schema, const ::onnx::NodeProto &node, mlir::ValueRange operands);

} // namespace moe
