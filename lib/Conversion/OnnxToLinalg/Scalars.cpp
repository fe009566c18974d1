//===- Scalars.cpp - ONNX's scalar arithmetic -------------------------------------------------------------------===//
#include "Scalars.h"
#include "NarrowFloats.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace moe {

Value scalarConstant(ImplicitLocOpBuilder &b, Type type, double value) {
  if (auto real = dyn_cast<FloatType>(type))
    return arith::ConstantOp::create(b, b.getFloatAttr(real, value));
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, int64_t(value)));
}

Value inFloat32(ImplicitLocOpBuilder &b, ValueRange values, function_ref<Value(ValueRange)> body) {
  Type type = values.front().getType();
  if (!isa<FloatType>(type) || type.getIntOrFloatBitWidth() >= 32)
    return body(values);
  SmallVector<Value> wide;
  for (Value value : values)
    wide.push_back(castScalar(b, value, b.getF32Type(), false, false));
  return castScalar(b, body(wide), type, false, false);
}

/// The integer that `value` truncates to; NaN and what is out of range give the lowest integer, as x86 does.
static Value truncateToInteger(ImplicitLocOpBuilder &b, Value value, IntegerType to, bool isUnsigned) {
  if (value.getType().getIntOrFloatBitWidth() < 32)
    value = arith::ExtFOp::create(b, b.getF32Type(), value);
  Type from = value.getType();
  // Narrow and unsigned targets go through a wider signed one and wrap.
  unsigned width = std::max(to.getWidth(), 32u);
  if (isUnsigned && to.getWidth() < 64)
    width = 64;
  Type wide = b.getIntegerType(width);
  Value low = scalarConstant(b, from, -std::ldexp(1.0, width - 1));
  Value high = scalarConstant(b, from, std::ldexp(1.0, isUnsigned && width == 64 && to.getWidth() == 64 ? 64 : width - 1));
  Value inside = arith::AndIOp::create(b, arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, value, low),
                                       arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, value, high));
  Value safe = arith::SelectOp::create(b, inside, value, scalarConstant(b, from, 0));
  Value integer = isUnsigned && to.getWidth() == 64
                      ? arith::SelectOp::create(b, arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, safe, scalarConstant(b, from, 0)),
                                                arith::FPToSIOp::create(b, wide, safe), arith::FPToUIOp::create(b, wide, safe))
                            .getResult()
                      : arith::FPToSIOp::create(b, wide, safe).getResult();
  Value lowest = arith::ConstantOp::create(b, b.getIntegerAttr(wide, APInt::getSignedMinValue(width)));
  Value result = arith::SelectOp::create(b, inside, integer, lowest);
  return width == to.getWidth() ? result : arith::TruncIOp::create(b, to, result).getResult();
}

Value castScalar(ImplicitLocOpBuilder &b, Value value, Type to, bool fromUnsigned, bool toUnsigned) {
  Type from = value.getType();
  if (from == to)
    return value;
  if (isNarrowFloat(from))
    return castScalar(b, widenFloat(b, value), to, fromUnsigned, toUnsigned);
  if (isNarrowFloat(to))
    return narrowFloat(b, castScalar(b, value.getType().isF64() ? truncateToOdd(b, value) : value, b.getF32Type(), fromUnsigned, false),
                       cast<FloatType>(to), /*saturate=*/true);
  if (from.isF64() && isa<FloatType>(to) && to.getIntOrFloatBitWidth() == 16)
    return arith::TruncFOp::create(b, to, truncateToOdd(b, value));
  // No instruction converts integers to half precision.
  if (!isa<FloatType>(from) && isa<FloatType>(to) && to.getIntOrFloatBitWidth() == 16)
    return arith::TruncFOp::create(b, to, castScalar(b, value, b.getF32Type(), fromUnsigned, false));
  bool fromFloat = isa<FloatType>(from), toFloat = isa<FloatType>(to);
  if (to.isInteger(1)) {
    Value zero = scalarConstant(b, from, 0);
    return fromFloat ? arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, value, zero).getResult()
                     : arith::CmpIOp::create(b, arith::CmpIPredicate::ne, value, zero).getResult();
  }
  if (fromFloat && toFloat) {
    unsigned a = from.getIntOrFloatBitWidth(), c = to.getIntOrFloatBitWidth();
    if (a < c)
      return arith::ExtFOp::create(b, to, value);
    if (a > c)
      return arith::TruncFOp::create(b, to, value);
    return arith::TruncFOp::create(b, to, arith::ExtFOp::create(b, b.getF32Type(), value));
  }
  if (fromFloat)
    return truncateToInteger(b, value, cast<IntegerType>(to), toUnsigned);
  bool zeroExtend = fromUnsigned || from.isInteger(1);
  if (toFloat)
    return zeroExtend ? arith::UIToFPOp::create(b, to, value).getResult() : arith::SIToFPOp::create(b, to, value).getResult();
  unsigned a = from.getIntOrFloatBitWidth(), c = to.getIntOrFloatBitWidth();
  if (a > c)
    return arith::TruncIOp::create(b, to, value);
  if (a == c)
    return value;
  return zeroExtend ? arith::ExtUIOp::create(b, to, value).getResult() : arith::ExtSIOp::create(b, to, value).getResult();
}

/// `divisor`, or 1 where the division would trap (by 0, or the lowest integer by -1 with `lowest` = the dividend).
static Value safeDivisor(ImplicitLocOpBuilder &b, Value dividend, Value divisor, bool isUnsigned) {
  Type type = divisor.getType();
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  Value bad = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, divisor, scalarConstant(b, type, 0));
  if (!isUnsigned) {
    Value lowest = arith::ConstantOp::create(b, b.getIntegerAttr(type, APInt::getSignedMinValue(width)));
    Value overflow = arith::AndIOp::create(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, dividend, lowest),
                                           arith::CmpIOp::create(b, arith::CmpIPredicate::eq, divisor, scalarConstant(b, type, -1)));
    bad = arith::OrIOp::create(b, bad, overflow);
  }
  return arith::SelectOp::create(b, bad, scalarConstant(b, type, 1), divisor);
}

Value divide(ImplicitLocOpBuilder &b, Value x, Value y, bool isUnsigned) {
  if (isa<FloatType>(x.getType()))
    return inFloat32(b, {x, y}, [&](ValueRange v) { return arith::DivFOp::create(b, v[0], v[1]); });
  Value divisor = safeDivisor(b, x, y, isUnsigned);
  return isUnsigned ? arith::DivUIOp::create(b, x, divisor).getResult() : arith::DivSIOp::create(b, x, divisor).getResult();
}

Value remainder(ImplicitLocOpBuilder &b, Value x, Value y, bool isUnsigned, bool fmod) {
  if (isa<FloatType>(x.getType()))
    return inFloat32(b, {x, y}, [&](ValueRange v) -> Value {
      Value rest = arith::RemFOp::create(b, v[0], v[1]);
      if (fmod)
        return rest;
      Value zero = scalarConstant(b, v[0].getType(), 0);
      Value differs = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, arith::MulFOp::create(b, rest, v[1]), zero);
      return arith::SelectOp::create(b, differs, arith::AddFOp::create(b, rest, v[1]), rest);
    });
  Value divisor = safeDivisor(b, x, y, isUnsigned);
  if (isUnsigned)
    return arith::RemUIOp::create(b, x, divisor);
  Value rest = arith::RemSIOp::create(b, x, divisor);
  if (fmod)
    return rest;
  Value zero = scalarConstant(b, x.getType(), 0);
  Value nonzero = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, rest, zero);
  Value restNegative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, rest, zero);
  Value divisorNegative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, divisor, zero);
  Value differs = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, restNegative, divisorNegative);
  return arith::SelectOp::create(b, arith::AndIOp::create(b, nonzero, differs), arith::AddIOp::create(b, rest, divisor), rest);
}

Value maximum(ImplicitLocOpBuilder &b, Value x, Value y, bool isUnsigned) {
  if (isa<FloatType>(x.getType()))
    return inFloat32(b, {x, y}, [&](ValueRange v) { return arith::MaximumFOp::create(b, v[0], v[1]); });
  return isUnsigned ? arith::MaxUIOp::create(b, x, y).getResult() : arith::MaxSIOp::create(b, x, y).getResult();
}

Value minimum(ImplicitLocOpBuilder &b, Value x, Value y, bool isUnsigned) {
  if (isa<FloatType>(x.getType()))
    return inFloat32(b, {x, y}, [&](ValueRange v) { return arith::MinimumFOp::create(b, v[0], v[1]); });
  return isUnsigned ? arith::MinUIOp::create(b, x, y).getResult() : arith::MinSIOp::create(b, x, y).getResult();
}

Value power(ImplicitLocOpBuilder &b, Value x, Value y, Type xElement, Type yElement) {
  Type type = x.getType();
  FloatAttr exponent;
  if (isa<FloatType>(type) && matchPattern(y, m_Constant(&exponent))) {
    double value = exponent.getValueAsDouble();
    if (value == 2)
      return inFloat32(b, x, [&](ValueRange v) { return arith::MulFOp::create(b, v[0], v[0]); });
    if (value == 3)
      return inFloat32(b, x, [&](ValueRange v) { return arith::MulFOp::create(b, arith::MulFOp::create(b, v[0], v[0]), v[0]); });
    if (value == 1)
      return x;
  }
  // Integers are raised as doubles; what fits into 53 bits is exact.
  Type wide = isa<FloatType>(type) && !type.isF64() && !(isa<FloatType>(y.getType()) && y.getType().isF64()) ? Type(b.getF32Type())
                                                                                                            : Type(b.getF64Type());
  Value base = castScalar(b, x, wide, xElement.isUnsignedInteger(), false);
  Value power = castScalar(b, y, wide, yElement.isUnsignedInteger(), false);
  return castScalar(b, math::PowFOp::create(b, base, power), type, false, xElement.isUnsignedInteger());
}

Value sigmoid(ImplicitLocOpBuilder &b, Value x) {
  return inFloat32(b, x, [&](ValueRange v) {
    Value one = scalarConstant(b, v[0].getType(), 1);
    Value power = math::ExpOp::create(b, arith::NegFOp::create(b, v[0]));
    return arith::DivFOp::create(b, one, arith::AddFOp::create(b, one, power));
  });
}

Value softplus(ImplicitLocOpBuilder &b, Value x) {
  return inFloat32(b, x, [&](ValueRange v) {
    // max(x, 0) + log1p(exp(-|x|)) neither overflows nor loses small values.
    Value zero = scalarConstant(b, v[0].getType(), 0);
    Value small = math::ExpOp::create(b, arith::NegFOp::create(b, math::AbsFOp::create(b, v[0])));
    return arith::AddFOp::create(b, arith::MaximumFOp::create(b, v[0], zero), math::Log1pOp::create(b, small));
  });
}

Value gelu(ImplicitLocOpBuilder &b, Value x, bool tanhForm) {
  return inFloat32(b, x, [&](ValueRange v) {
    Type type = v[0].getType();
    Value half = scalarConstant(b, type, 0.5), one = scalarConstant(b, type, 1), inner;
    if (tanhForm) {
      Value cube = arith::MulFOp::create(b, arith::MulFOp::create(b, v[0], v[0]), v[0]);
      Value sum = arith::AddFOp::create(b, v[0], arith::MulFOp::create(b, scalarConstant(b, type, 0.044715), cube));
      inner = math::TanhOp::create(b, arith::MulFOp::create(b, scalarConstant(b, type, 0.7978845608028654), sum));
    } else {
      inner = math::ErfOp::create(b, arith::MulFOp::create(b, v[0], scalarConstant(b, type, 0.7071067811865476)));
    }
    return arith::MulFOp::create(b, arith::MulFOp::create(b, half, v[0]), arith::AddFOp::create(b, one, inner));
  });
}

} // namespace moe
