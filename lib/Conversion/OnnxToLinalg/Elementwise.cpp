//===- Elementwise.cpp - operators that work on one element at a time -------------------------------------------===//
#include "Loops.h"
#include "NarrowFloats.h"
#include "Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace moe {
namespace {

using Build = ImplicitLocOpBuilder &;

bool isFloat(Value value) { return isa<FloatType>(value.getType()); }

//===- one operand ----------------------------------------------------------------------------------------------===//

template <typename Function> LogicalResult unary(NodeLowering &n, Function function) {
  return n.done(n.elementwise(n.onnxInput(0), signless(n.element(0)), [&](Build b, ValueRange v) -> Value {
    return inFloat32(b, v, [&](ValueRange wide) -> Value { return function(b, wide[0]); });
  }));
}

template <typename Op> LogicalResult mathOp(NodeLowering &n) {
  return unary(n, [](Build b, Value x) { return Op::create(b, x); });
}

LogicalResult neg(NodeLowering &n) {
  return unary(n, [](Build b, Value x) -> Value {
    return isFloat(x) ? arith::NegFOp::create(b, x).getResult() : arith::SubIOp::create(b, scalarConstant(b, x.getType(), 0), x).getResult();
  });
}

LogicalResult absolute(NodeLowering &n) {
  bool isUnsigned = n.element(0).isUnsignedInteger();
  return unary(n, [=](Build b, Value x) -> Value {
    if (isFloat(x))
      return math::AbsFOp::create(b, x);
    return isUnsigned ? x : math::AbsIOp::create(b, x).getResult();
  });
}

LogicalResult reciprocal(NodeLowering &n) {
  return unary(n, [](Build b, Value x) { return arith::DivFOp::create(b, scalarConstant(b, x.getType(), 1), x); });
}

LogicalResult sigmoidOp(NodeLowering &n) { return unary(n, [](Build b, Value x) { return sigmoid(b, x); }); }
LogicalResult softplusOp(NodeLowering &n) { return unary(n, [](Build b, Value x) { return softplus(b, x); }); }

LogicalResult relu(NodeLowering &n) {
  bool isUnsigned = n.element(0).isUnsignedInteger();
  return unary(n, [=](Build b, Value x) { return maximum(b, x, scalarConstant(b, x.getType(), 0), isUnsigned); });
}

LogicalResult sign(NodeLowering &n) {
  bool isUnsigned = n.element(0).isUnsignedInteger();
  return unary(n, [=](Build b, Value x) -> Value {
    Value zero = scalarConstant(b, x.getType(), 0), one = scalarConstant(b, x.getType(), 1), minus = scalarConstant(b, x.getType(), -1);
    Value above, below;
    if (isFloat(x)) {
      above = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, zero);
      below = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, zero);
    } else {
      above = arith::CmpIOp::create(b, isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt, x, zero);
      below = arith::CmpIOp::create(b, isUnsigned ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt, x, zero);
    }
    return arith::SelectOp::create(b, above, one, arith::SelectOp::create(b, below, minus, zero));
  });
}

/// A function of one operand and of attributes.
template <typename Function> LogicalResult activation(NodeLowering &n, Function function) {
  return unary(n, [&](Build b, Value x) -> Value { return function(b, x, [&](double value) { return scalarConstant(b, x.getType(), value); }); });
}

Value isNegative(Build b, Value x) {
  return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, scalarConstant(b, x.getType(), 0));
}

LogicalResult leakyRelu(NodeLowering &n) {
  double alpha = n.node.floatAttribute("alpha", 0.01);
  return activation(n, [=](Build b, Value x, auto c) -> Value {
    return arith::SelectOp::create(b, isNegative(b, x), arith::MulFOp::create(b, x, c(alpha)), x);
  });
}

/// gamma * (x where x > 0, alpha * (exp(x / scale) - 1) elsewhere)
Value exponentialUnit(Build b, Value x, Value alpha, Value gamma, Value scale) {
  Value power = math::ExpM1Op::create(b, arith::DivFOp::create(b, x, scale));
  Value chosen = arith::SelectOp::create(b, isNegative(b, x), arith::MulFOp::create(b, alpha, power), x);
  return arith::MulFOp::create(b, gamma, chosen);
}

LogicalResult elu(NodeLowering &n) {
  double alpha = n.node.floatAttribute("alpha", 1);
  return activation(n, [=](Build b, Value x, auto c) { return exponentialUnit(b, x, c(alpha), c(1), c(1)); });
}

LogicalResult selu(NodeLowering &n) {
  double alpha = n.node.floatAttribute("alpha", 1.67326319217681884765625), gamma = n.node.floatAttribute("gamma", 1.05070102214813232421875);
  return activation(n, [=](Build b, Value x, auto c) { return exponentialUnit(b, x, c(alpha), c(gamma), c(1)); });
}

LogicalResult celu(NodeLowering &n) {
  double alpha = n.node.floatAttribute("alpha", 1);
  return activation(n, [=](Build b, Value x, auto c) { return exponentialUnit(b, x, c(alpha), c(1), c(alpha)); });
}

Value hardSigmoid(Build b, Value x, Value alpha, Value beta) {
  Value zero = scalarConstant(b, x.getType(), 0), one = scalarConstant(b, x.getType(), 1);
  Value line = arith::AddFOp::create(b, arith::MulFOp::create(b, x, alpha), beta);
  return arith::MaximumFOp::create(b, zero, arith::MinimumFOp::create(b, one, line));
}

LogicalResult hardSigmoidOp(NodeLowering &n) {
  double alpha = n.node.floatAttribute("alpha", 0.2), beta = n.node.floatAttribute("beta", 0.5);
  return activation(n, [=](Build b, Value x, auto c) { return hardSigmoid(b, x, c(alpha), c(beta)); });
}

LogicalResult hardSwish(NodeLowering &n) {
  return activation(n, [](Build b, Value x, auto c) { return arith::MulFOp::create(b, x, hardSigmoid(b, x, c(1.0 / 6), c(0.5))); });
}

LogicalResult thresholdedRelu(NodeLowering &n) {
  double alpha = n.node.floatAttribute("alpha", 1);
  return activation(n, [=](Build b, Value x, auto c) -> Value {
    return arith::SelectOp::create(b, arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, c(alpha)), x, c(0));
  });
}

LogicalResult softsign(NodeLowering &n) {
  return activation(n, [](Build b, Value x, auto c) { return arith::DivFOp::create(b, x, arith::AddFOp::create(b, c(1), math::AbsFOp::create(b, x))); });
}

LogicalResult mish(NodeLowering &n) {
  return unary(n, [](Build b, Value x) { return arith::MulFOp::create(b, x, math::TanhOp::create(b, softplus(b, x))); });
}

LogicalResult swish(NodeLowering &n) {
  double alpha = n.node.floatAttribute("alpha", 1);
  return activation(n, [=](Build b, Value x, auto c) { return arith::MulFOp::create(b, x, sigmoid(b, arith::MulFOp::create(b, c(alpha), x))); });
}

LogicalResult shrink(NodeLowering &n) {
  double bias = n.node.floatAttribute("bias", 0), lambd = n.node.floatAttribute("lambd", 0.5);
  Type element = signless(n.element(0));
  bool isUnsigned = n.element(0).isUnsignedInteger();
  // Integers are compared and shifted as float64.
  Type wide = isa<FloatType>(element) ? accumulator(n, element) : Type(n.b.getF64Type());
  return n.done(n.elementwise(n.onnxInput(0), element, [&](Build b, ValueRange v) {
    Value x = castScalar(b, v[0], wide, isUnsigned, false), shift = scalarConstant(b, wide, bias);
    Value below = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, scalarConstant(b, wide, -lambd));
    Value above = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, scalarConstant(b, wide, lambd));
    Value upper = arith::SelectOp::create(b, above, arith::SubFOp::create(b, x, shift), scalarConstant(b, wide, 0));
    return castScalar(b, arith::SelectOp::create(b, below, arith::AddFOp::create(b, x, shift), upper), element, false, isUnsigned);
  }));
}

LogicalResult geluOp(NodeLowering &n) {
  bool tanhForm = n.node.stringAttribute("approximate", "none") == "tanh";
  return unary(n, [=](Build b, Value x) { return gelu(b, x, tanhForm); });
}

LogicalResult isNaN(NodeLowering &n) {
  return n.done(n.elementwise(n.onnxInput(0), n.b.getI1Type(), [&](Build b, ValueRange v) -> Value {
    Value wide = castScalar(b, v[0], accumulator(n, v[0].getType()), false, false);
    return arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, wide, wide);
  }));
}

LogicalResult isInf(NodeLowering &n) {
  bool negative = n.node.intAttribute("detect_negative", 1), positive = n.node.intAttribute("detect_positive", 1);
  return n.done(n.elementwise(n.onnxInput(0), n.b.getI1Type(), [&](Build b, ValueRange v) -> Value {
    Value wide = castScalar(b, v[0], accumulator(n, v[0].getType()), false, false), found = scalarConstant(b, b.getI1Type(), 0);
    for (bool lowest : {true, false})
      if (lowest ? negative : positive) {
        auto type = cast<FloatType>(wide.getType());
        Value infinity = arith::ConstantOp::create(b, b.getFloatAttr(type, APFloat::getInf(type.getFloatSemantics(), lowest)));
        found = arith::OrIOp::create(b, found, arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, wide, infinity));
      }
    return found;
  }));
}

LogicalResult bitwiseNot(NodeLowering &n) {
  return n.done(n.elementwise(n.onnxInput(0), signless(n.element(0)), [](Build b, ValueRange v) -> Value {
    return arith::XOrIOp::create(b, v[0], scalarConstant(b, v[0].getType(), -1));
  }));
}

LogicalResult bitCast(NodeLowering &n) {
  Type to = signless(n.onnxElement());
  if (to.getIntOrFloatBitWidth() != signless(n.element(0)).getIntOrFloatBitWidth() || to.isInteger(1) != n.element(0).isInteger(1))
    return n.fail("needs a type of the same width");
  return n.done(n.elementwise(n.onnxInput(0), to, [&](Build b, ValueRange v) -> Value {
    return v[0].getType() == to ? v[0] : arith::BitcastOp::create(b, to, v[0]).getResult();
  }));
}

LogicalResult logicalNot(NodeLowering &n) {
  return n.done(n.elementwise(n.onnxInput(0), n.b.getI1Type(), [](Build b, ValueRange v) -> Value {
    return arith::XOrIOp::create(b, v[0], scalarConstant(b, b.getI1Type(), 1));
  }));
}

LogicalResult castOp(NodeLowering &n) {
  Type from = n.element(0), to = n.onnxElement();
  if (isNarrowFloat(to)) {
    bool saturate = n.node.intAttribute("saturate", 1) != 0;
    StringRef mode = n.node.stringAttribute("round_mode", "up");
    if (mode != "up" && mode != "down" && mode != "nearest")
      return n.fail("round_mode '" + mode + "' is unknown");
    auto rounding = mode == "up" ? ScaleRounding::Up : mode == "down" ? ScaleRounding::Down : ScaleRounding::Nearest;
    return n.done(n.elementwise(n.onnxInput(0), to, [&](Build b, ValueRange v) {
      Value odd = v[0].getType().isF64() ? truncateToOdd(b, v[0]) : v[0];
      return narrowFloat(b, castScalar(b, odd, b.getF32Type(), from.isUnsignedInteger(), false), cast<FloatType>(to), saturate, rounding);
    }));
  }
  return n.done(n.elementwise(n.onnxInput(0), signless(to), [&](Build b, ValueRange v) {
    return castScalar(b, v[0], signless(to), from.isUnsignedInteger(), to.isUnsignedInteger());
  }));
}

LogicalResult identity(NodeLowering &n) { return n.done(n.in(0)); }

LogicalResult clip(NodeLowering &n) {
  bool isUnsigned = n.element(0).isUnsignedInteger();
  Type type = signless(n.element(0));
  Value low, high;
  if (n.node.getVersion() < 11) {
    low = n.constant(type, n.node.floatAttribute("min", -3.4028234663852886e38));
    high = n.constant(type, n.node.floatAttribute("max", 3.4028234663852886e38));
  } else {
    low = n.has(1) ? n.scalar(1) : Value();
    high = n.has(2) ? n.scalar(2) : Value();
  }
  return n.done(n.elementwise(n.onnxInput(0), type, [&](Build b, ValueRange v) {
    Value x = low ? maximum(b, v[0], low, isUnsigned) : v[0];
    return high ? minimum(b, x, high, isUnsigned) : x;
  }));
}

//===- two and more operands ------------------------------------------------------------------------------------===//

template <typename FloatOp, typename IntOp> LogicalResult arithmetic(NodeLowering &n) {
  return n.done(n.elementwise(n.node.getOperands(), signless(n.element(0)), [](Build b, ValueRange v) -> Value {
    Value result = v[0];
    for (Value next : v.drop_front()) {
      Value left = result;
      result = isFloat(left) ? inFloat32(b, {left, next}, [&](ValueRange w) { return FloatOp::create(b, w[0], w[1]).getResult(); })
                             : IntOp::create(b, left, next).getResult();
    }
    return result;
  }));
}

/// Applies `function` from left to right over any number of operands.
template <typename Function> LogicalResult fold(NodeLowering &n, Function function) {
  bool isUnsigned = n.element(0).isUnsignedInteger();
  return n.done(n.elementwise(n.node.getOperands(), signless(n.element(0)), [&](Build b, ValueRange v) -> Value {
    Value result = v[0];
    for (Value next : v.drop_front())
      result = function(b, result, next, isUnsigned);
    return result;
  }));
}

LogicalResult divideOp(NodeLowering &n) { return fold(n, divide); }
LogicalResult maxOp(NodeLowering &n) { return fold(n, maximum); }
LogicalResult minOp(NodeLowering &n) { return fold(n, minimum); }

LogicalResult mod(NodeLowering &n) {
  bool fmod = n.node.intAttribute("fmod", 0) != 0;
  return fold(n, [=](Build b, Value x, Value y, bool isUnsigned) { return remainder(b, x, y, isUnsigned, fmod); });
}

LogicalResult pow(NodeLowering &n) {
  Type x = n.element(0), y = n.element(1);
  return n.done(n.elementwise(n.node.getOperands(), signless(x), [&](Build b, ValueRange v) { return power(b, v[0], v[1], x, y); }));
}

template <arith::CmpFPredicate real, arith::CmpIPredicate integer, arith::CmpIPredicate natural>
LogicalResult compare(NodeLowering &n) {
  bool isUnsigned = n.element(0).isUnsignedInteger() || n.element(0).isInteger(1);
  return n.done(n.elementwise(n.node.getOperands(), n.b.getI1Type(), [&](Build b, ValueRange v) -> Value {
    if (!isFloat(v[0]))
      return arith::CmpIOp::create(b, isUnsigned ? natural : integer, v[0], v[1]);
    SmallVector<Value> wide(v);
    if (wide[0].getType().getIntOrFloatBitWidth() < 32)
      for (Value &value : wide)
        value = arith::ExtFOp::create(b, b.getF32Type(), value);
    return arith::CmpFOp::create(b, real, wide[0], wide[1]);
  }));
}

template <typename Op> LogicalResult bits(NodeLowering &n) {
  return fold(n, [](Build b, Value x, Value y, bool) { return Op::create(b, x, y).getResult(); });
}

LogicalResult bitShift(NodeLowering &n) {
  StringRef direction = n.node.stringAttribute("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return n.fail("direction '" + direction + "' is unknown");
  bool isUnsigned = n.element(0).isUnsignedInteger();
  return n.done(n.elementwise(n.node.getOperands(), signless(n.element(0)), [&](Build b, ValueRange v) -> Value {
    // A shift by the width or more (a negative one is read as such) leaves nothing but the sign.
    Type type = v[0].getType();
    int64_t width = type.getIntOrFloatBitWidth();
    Value zero = scalarConstant(b, type, 0), last = scalarConstant(b, type, width - 1);
    Value fits = arith::CmpIOp::create(b, arith::CmpIPredicate::ule, v[1], last);
    if (direction == "RIGHT" && !isUnsigned)
      return arith::ShRSIOp::create(b, v[0], arith::SelectOp::create(b, fits, v[1], last));
    Value by = arith::SelectOp::create(b, fits, v[1], zero);
    Value shifted = direction == "LEFT" ? arith::ShLIOp::create(b, v[0], by).getResult() : arith::ShRUIOp::create(b, v[0], by).getResult();
    return arith::SelectOp::create(b, fits, shifted, zero);
  }));
}

LogicalResult mean(NodeLowering &n) {
  double count = n.node.getNumOperands();
  return n.done(n.elementwise(n.node.getOperands(), signless(n.element(0)), [&](Build b, ValueRange v) -> Value {
    return inFloat32(b, v, [&](ValueRange wide) -> Value {
      Value sum = wide[0];
      for (Value next : wide.drop_front())
        sum = arith::AddFOp::create(b, sum, next);
      return arith::DivFOp::create(b, sum, scalarConstant(b, sum.getType(), count));
    });
  }));
}

LogicalResult prelu(NodeLowering &n) {
  bool isUnsigned = n.element(0).isUnsignedInteger();
  return n.done(n.elementwise(n.node.getOperands(), signless(n.element(0)), [&](Build b, ValueRange v) -> Value {
    Type type = v[0].getType();
    if (isUnsigned)
      return v[0];
    if (!isFloat(v[0])) {
      Value below = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, v[0], scalarConstant(b, type, 0));
      return arith::SelectOp::create(b, below, arith::MulIOp::create(b, v[0], v[1]), v[0]);
    }
    return inFloat32(b, v, [&](ValueRange w) -> Value {
      return arith::SelectOp::create(b, isNegative(b, w[0]), arith::MulFOp::create(b, w[0], w[1]), w[0]);
    });
  }));
}

/// Inference leaves the operand as it is and keeps all of it.
LogicalResult dropout(NodeLowering &n) {
  if (n.has(2)) {
    DenseElementsAttr training;
    if (!matchPattern(n.in(2), m_Constant(&training)) || training.getSplatValue<bool>())
      return n.fail("training_mode must be a constant false; export the model for inference");
  }
  SmallVector<Value> results = {n.in(0)};
  if (n.node.getNumResults() > 1) {
    Type element = signless(n.onnxElement(1));
    results.push_back(n.filled(n.sizes(n.in(0)), n.constant(element, 1)));
  }
  return n.done(results);
}

LogicalResult where(NodeLowering &n) {
  return n.done(n.elementwise(n.node.getOperands(), signless(n.element(1)), [](Build b, ValueRange v) -> Value {
    return arith::SelectOp::create(b, v[0], v[1], v[2]);
  }));
}

} // namespace

void addElementwise(LoweringTable &table) {
  using P = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  table["Identity"] = identity;
  table["Cast"] = castOp;
  table["Neg"] = neg;
  table["Abs"] = absolute;
  table["Reciprocal"] = reciprocal;
  table["Sqrt"] = mathOp<math::SqrtOp>;
  table["Exp"] = mathOp<math::ExpOp>;
  table["Log"] = mathOp<math::LogOp>;
  table["Sin"] = mathOp<math::SinOp>;
  table["Cos"] = mathOp<math::CosOp>;
  table["Tanh"] = mathOp<math::TanhOp>;
  table["Erf"] = mathOp<math::ErfOp>;
  table["Floor"] = mathOp<math::FloorOp>;
  table["Ceil"] = mathOp<math::CeilOp>;
  table["Round"] = mathOp<math::RoundEvenOp>;
  table["Tan"] = mathOp<math::TanOp>;
  table["Asin"] = mathOp<math::AsinOp>;
  table["Acos"] = mathOp<math::AcosOp>;
  table["Atan"] = mathOp<math::AtanOp>;
  table["Sinh"] = mathOp<math::SinhOp>;
  table["Cosh"] = mathOp<math::CoshOp>;
  table["Asinh"] = mathOp<math::AsinhOp>;
  table["Acosh"] = mathOp<math::AcoshOp>;
  table["Atanh"] = mathOp<math::AtanhOp>;
  table["Sigmoid"] = sigmoidOp;
  table["Softplus"] = softplusOp;
  table["Relu"] = relu;
  table["Gelu"] = geluOp;
  table["LeakyRelu"] = leakyRelu;
  table["Elu"] = elu;
  table["Selu"] = selu;
  table["Celu"] = celu;
  table["HardSigmoid"] = hardSigmoidOp;
  table["HardSwish"] = hardSwish;
  table["ThresholdedRelu"] = thresholdedRelu;
  table["Softsign"] = softsign;
  table["Mish"] = mish;
  table["Swish"] = swish;
  table["Shrink"] = shrink;
  table["PRelu"] = prelu;
  table["Dropout"] = dropout;
  table["Sign"] = sign;
  table["IsNaN"] = isNaN;
  table["IsInf"] = isInf;
  table["BitwiseNot"] = bitwiseNot;
  table["BitCast"] = bitCast;
  table["Not"] = logicalNot;
  table["Clip"] = clip;
  table["Add"] = arithmetic<arith::AddFOp, arith::AddIOp>;
  table["Sub"] = arithmetic<arith::SubFOp, arith::SubIOp>;
  table["Mul"] = arithmetic<arith::MulFOp, arith::MulIOp>;
  table["Sum"] = arithmetic<arith::AddFOp, arith::AddIOp>;
  table["Mean"] = mean;
  table["Div"] = divideOp;
  table["Max"] = maxOp;
  table["Min"] = minOp;
  table["Mod"] = mod;
  table["Pow"] = pow;
  table["And"] = bits<arith::AndIOp>;
  table["Or"] = bits<arith::OrIOp>;
  table["Xor"] = bits<arith::XOrIOp>;
  table["BitwiseAnd"] = bits<arith::AndIOp>;
  table["BitwiseOr"] = bits<arith::OrIOp>;
  table["BitwiseXor"] = bits<arith::XOrIOp>;
  table["BitShift"] = bitShift;
  table["Where"] = where;
  table["Equal"] = compare<P::OEQ, I::eq, I::eq>;
  table["Less"] = compare<P::OLT, I::slt, I::ult>;
  table["LessOrEqual"] = compare<P::OLE, I::sle, I::ule>;
  table["Greater"] = compare<P::OGT, I::sgt, I::ugt>;
  table["GreaterOrEqual"] = compare<P::OGE, I::sge, I::uge>;
}

} // namespace moe
