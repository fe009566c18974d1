//===- StandardBodies.h - function bodies that ONNX leaves out ----------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Onnx.h"
#include <string>

namespace moe {

/// The nodes, in ONNX's own syntax at opset 21, that a standard operator without a function body of ONNX's stands for: what ONNX defines
/// in prose, for the node's types and attributes. Inputs and outputs have the names in0, in1, ... and out0, out1, ...; a name that starts
/// with @ is the call's attribute. Empty where there is none.
std::string standardBody(onnx::NodeOp node);

/// True where standardBody() knows the operator, at least for some types and attributes.
bool hasStandardBody(onnx::NodeOp node);

} // namespace moe
