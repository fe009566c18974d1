//===- NarrowFloats.cpp - floats of 8 and 4 bits in integer arithmetic ------------------------------------------===//
#include "NarrowFloats.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace moe {
namespace {

using Build = ImplicitLocOpBuilder &;
using P = arith::CmpIPredicate;

/// How the bits of a type are read: sign, then `exponent` bits, then `mantissa` bits.
struct Format {
  unsigned exponent, mantissa;
  int bias;
  bool infinite;    ///< the highest exponent means infinity and no number, as in IEEE 754
  bool negativeNaN; ///< no number is what would be -0, which does not exist
  uint32_t largest; ///< bits of the largest number
  uint32_t nan;     ///< bits of a value that is no number; 0 where there is none

  unsigned magnitudeBits() const { return exponent + mantissa; }
};

Format formatOf(Type type) {
  if (isa<Float8E4M3FNType>(type))
    return {4, 3, 7, false, false, 0x7e, 0x7f};
  if (isa<Float8E4M3FNUZType>(type))
    return {4, 3, 8, false, true, 0x7f, 0x80};
  if (isa<Float8E5M2Type>(type))
    return {5, 2, 15, true, false, 0x7b, 0x7e};
  if (isa<Float8E5M2FNUZType>(type))
    return {5, 2, 16, false, true, 0x7f, 0x80};
  return {2, 1, 1, false, false, 0x7, 0}; // f4E2M1FN
}

Value word(Build b, uint32_t value) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(value))); }
Value real(Build b, double value) { return arith::ConstantOp::create(b, b.getF32FloatAttr(value)); }
Value shiftLeft(Build b, Value x, unsigned by) { return arith::ShLIOp::create(b, x, word(b, by)); }
Value shiftRight(Build b, Value x, unsigned by) { return arith::ShRUIOp::create(b, x, word(b, by)); }
Value mask(Build b, Value x, uint32_t bits) { return arith::AndIOp::create(b, x, word(b, bits)); }
Value either(Build b, Value x, Value y) { return arith::OrIOp::create(b, x, y); }
Value compare(Build b, P predicate, Value x, uint32_t y) { return arith::CmpIOp::create(b, predicate, x, word(b, y)); }
Value select(Build b, Value condition, Value x, Value y) { return arith::SelectOp::create(b, condition, x, y); }
Value asFloat(Build b, Value bits) { return arith::BitcastOp::create(b, b.getF32Type(), bits); }
Value asBits(Build b, Value value) { return arith::BitcastOp::create(b, b.getI32Type(), value); }

constexpr uint32_t kNaN = 0x7fc00000, kInfinity = 0x7f800000;

/// f8E8M0FNU holds an exponent only: 2^(bits - 127), 255 is no number.
Value widenScale(Build b, Value bits) {
  Value number = select(b, compare(b, P::eq, bits, 0), word(b, 1u << 22), shiftLeft(b, bits, 23)); // 2^-127 is denormal
  return asFloat(b, select(b, compare(b, P::eq, bits, 255), word(b, kNaN), number));
}

Value narrowScale(Build b, Value value, bool saturate, ScaleRounding rounding) {
  Value bits = mask(b, asBits(b, value), 0x7fffffff);
  // Denormals are below 2^-126: scaled up, their exponent is found in the same way.
  Value small = compare(b, P::ult, bits, 1u << 23);
  Value scaled = asBits(b, arith::MulFOp::create(b, asFloat(b, bits), real(b, 8388608.0)));
  Value source = select(b, small, scaled, bits);
  Value exponent = shiftRight(b, source, 23), fraction = mask(b, source, 0x7fffff);
  Value up;
  if (rounding == ScaleRounding::Up)
    up = compare(b, P::ne, fraction, 0);
  else if (rounding == ScaleRounding::Nearest)
    up = compare(b, P::uge, fraction, 1u << 22);
  if (up)
    exponent = arith::AddIOp::create(b, exponent, arith::ExtUIOp::create(b, b.getI32Type(), up));
  Value lowered = arith::SubIOp::create(b, exponent, word(b, 23));
  Value clamped = arith::MaxSIOp::create(b, lowered, word(b, 0));
  Value code = select(b, small, clamped, exponent);
  Value tooLarge = compare(b, P::uge, code, 255), nan = compare(b, P::ugt, bits, kInfinity);
  code = select(b, tooLarge, word(b, saturate ? 254 : 255), code);
  return select(b, nan, word(b, 255), code);
}

} // namespace

bool isNarrowFloat(Type type) { return isa<FloatType>(type) && type.getIntOrFloatBitWidth() < 16; }

Value widenFloat(Build b, Value value) {
  Type type = value.getType();
  Value raw = arith::BitcastOp::create(b, b.getIntegerType(type.getIntOrFloatBitWidth()), value);
  Value bits = arith::ExtUIOp::create(b, b.getI32Type(), raw);
  if (isa<Float8E8M0FNUType>(type))
    return widenScale(b, bits);
  Format format = formatOf(type);
  uint32_t signBit = 1u << format.magnitudeBits();
  Value magnitude = mask(b, bits, signBit - 1);
  // Read as a float32 the exponent has another bias: a product with a power of two corrects it, for denormals too.
  Value number = arith::MulFOp::create(b, asFloat(b, shiftLeft(b, magnitude, 23 - format.mantissa)), real(b, std::ldexp(1.0, 127 - format.bias)));
  Value result = asBits(b, number);
  if (format.infinite) {
    uint32_t infinity = ((1u << format.exponent) - 1) << format.mantissa;
    result = select(b, compare(b, P::eq, magnitude, infinity), word(b, kInfinity), result);
    result = select(b, compare(b, P::ugt, magnitude, infinity), word(b, kNaN), result);
  } else if (format.nan && !format.negativeNaN) {
    result = select(b, compare(b, P::eq, magnitude, format.nan), word(b, kNaN), result);
  }
  result = either(b, result, shiftLeft(b, mask(b, bits, signBit), 31 - format.magnitudeBits()));
  if (format.negativeNaN)
    result = select(b, compare(b, P::eq, bits, format.nan), word(b, kNaN), result);
  return asFloat(b, result);
}

Value narrowFloat(Build b, Value value, FloatType type, bool saturate, ScaleRounding rounding) {
  auto finish = [&](Value code) -> Value {
    Value raw = arith::TruncIOp::create(b, b.getIntegerType(type.getIntOrFloatBitWidth()), code);
    return arith::BitcastOp::create(b, type, raw);
  };
  if (isa<Float8E8M0FNUType>(type))
    return finish(narrowScale(b, value, saturate, rounding));
  Format format = formatOf(type);
  Value bits = asBits(b, value), magnitude = mask(b, bits, 0x7fffffff);
  // Normal numbers: round the mantissa in place, then correct the bias of the exponent.
  unsigned dropped = 23 - format.mantissa;
  Value even = mask(b, shiftRight(b, magnitude, dropped), 1);
  Value rounded = arith::AddIOp::create(b, arith::AddIOp::create(b, magnitude, word(b, (1u << (dropped - 1)) - 1)), even);
  Value normal = arith::SubIOp::create(b, shiftRight(b, rounded, dropped), word(b, uint32_t(127 - format.bias) << format.mantissa));
  // Denormal ones are multiples of the smallest; too large values must not reach the conversion.
  Value isSmall = compare(b, P::ult, magnitude, uint32_t(128 - format.bias) << 23);
  Value units = arith::MulFOp::create(b, asFloat(b, select(b, isSmall, magnitude, word(b, 0))), real(b, std::ldexp(1.0, format.bias - 1 + int(format.mantissa))));
  Value denormal = arith::FPToUIOp::create(b, b.getI32Type(), math::RoundEvenOp::create(b, units));
  Value code = select(b, isSmall, denormal, normal);
  bool clamps = saturate || !format.nan;
  uint32_t beyond = clamps ? format.largest : format.infinite ? format.largest + 1 : format.nan;
  Value tooLarge = either(b, compare(b, P::uge, magnitude, kInfinity),
                          arith::AndIOp::create(b, compare(b, P::ugt, code, format.largest), compare(b, P::eq, arith::ExtUIOp::create(b, b.getI32Type(), isSmall), 0)));
  code = select(b, tooLarge, word(b, beyond), code);
  Value sign = shiftRight(b, mask(b, bits, 0x80000000u), 31 - format.magnitudeBits());
  Value isNaN = compare(b, P::ugt, magnitude, kInfinity);
  if (format.negativeNaN) {
    // Neither 0 nor what is no number has a sign.
    Value unsignedCode = either(b, compare(b, P::eq, code, 0), compare(b, P::eq, code, format.nan));
    code = select(b, unsignedCode, code, either(b, code, sign));
  } else {
    code = either(b, code, sign);
  }
  if (format.nan)
    code = select(b, isNaN, format.negativeNaN ? word(b, format.nan) : either(b, word(b, format.nan), sign), code);
  else
    code = select(b, isNaN, word(b, 1u << format.magnitudeBits()), code);
  return finish(code);
}

Value truncateToOdd(Build b, Value value) {
  Value narrow = arith::TruncFOp::create(b, b.getF32Type(), value), back = arith::ExtFOp::create(b, b.getF64Type(), narrow);
  Value inexact = arith::CmpFOp::create(b, arith::CmpFPredicate::ONE, back, value);
  Value larger = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, math::AbsFOp::create(b, back), math::AbsFOp::create(b, value));
  Value bits = asBits(b, narrow);
  Value towardsZero = arith::SubIOp::create(b, bits, arith::ExtUIOp::create(b, b.getI32Type(), larger));
  return asFloat(b, select(b, inexact, either(b, towardsZero, word(b, 1)), bits));
}

} // namespace moe
