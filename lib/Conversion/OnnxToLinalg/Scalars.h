//===- Scalars.h - ONNX's scalar arithmetic -----------------------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace moe {

using mlir::ImplicitLocOpBuilder;
using mlir::Type;
using mlir::Value;

/// A scalar constant of an integer or float type.
Value scalarConstant(ImplicitLocOpBuilder &b, Type type, double value);
/// Converts as ONNX's Cast does: floats to integers by truncation (out of range: the lowest integer), to booleans by != 0.
Value castScalar(ImplicitLocOpBuilder &b, Value value, Type to, bool fromUnsigned, bool toUnsigned);
/// Runs `body` on floats of at least 32 bits and converts back: half-precision types have no arithmetic of their own here.
Value inFloat32(ImplicitLocOpBuilder &b, mlir::ValueRange values, llvm::function_ref<Value(mlir::ValueRange)> body);

Value divide(ImplicitLocOpBuilder &b, Value x, Value y, bool isUnsigned);
/// The remainder with the sign of the divisor, or with fmod's sign (that of the dividend).
Value remainder(ImplicitLocOpBuilder &b, Value x, Value y, bool isUnsigned, bool fmod);
Value maximum(ImplicitLocOpBuilder &b, Value x, Value y, bool isUnsigned);
Value minimum(ImplicitLocOpBuilder &b, Value x, Value y, bool isUnsigned);
Value power(ImplicitLocOpBuilder &b, Value x, Value y, Type xElement, Type yElement);
Value sigmoid(ImplicitLocOpBuilder &b, Value x);
Value softplus(ImplicitLocOpBuilder &b, Value x);
Value gelu(ImplicitLocOpBuilder &b, Value x, bool tanhForm);

} // namespace moe
