//===- NarrowFloats.h - floats of 8 and 4 bits in integer arithmetic ----------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace moe {

/// True for floats of less than 16 bits, which no instruction set here converts.
bool isNarrowFloat(mlir::Type type);

/// A float of 8 or 4 bits as float32; exact.
mlir::Value widenFloat(mlir::ImplicitLocOpBuilder &b, mlir::Value value);

/// How a value that is no power of two becomes one of f8E8M0FNU.
enum class ScaleRounding { Up, Down, Nearest };

/// A float32 rounded to nearest even. What is too large becomes the largest number where `saturate` is set, else infinity, or no number
/// where the type has no infinity; f4E2M1FN always saturates, and makes -0 of what is no number. ONNX's Cast operator defines all cases.
mlir::Value narrowFloat(mlir::ImplicitLocOpBuilder &b, mlir::Value value, mlir::FloatType type, bool saturate,
                        ScaleRounding rounding = ScaleRounding::Up);

/// A float64 as float32 that a second rounding to at most 22 bits of mantissa rounds as the float64 itself ("round to odd").
mlir::Value truncateToOdd(mlir::ImplicitLocOpBuilder &b, mlir::Value value);

} // namespace moe
