//===- Elementwise.cpp - operators that work on one element at a time -------------------------------------------===//
#include "NodeLowering.h"
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

LogicalResult geluOp(NodeLowering &n) {
  bool tanhForm = n.node.stringAttribute("approximate", "none") == "tanh";
  return unary(n, [=](Build b, Value x) { return gelu(b, x, tanhForm); });
}

LogicalResult isNaN(NodeLowering &n) {
  return n.done(n.elementwise(n.onnxInput(0), n.b.getI1Type(), [](Build b, ValueRange v) -> Value {
    Value wide = v[0].getType().getIntOrFloatBitWidth() < 32 ? arith::ExtFOp::create(b, b.getF32Type(), v[0]).getResult() : v[0];
    return arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, wide, wide);
  }));
}

LogicalResult logicalNot(NodeLowering &n) {
  return n.done(n.elementwise(n.onnxInput(0), n.b.getI1Type(), [](Build b, ValueRange v) -> Value {
    return arith::XOrIOp::create(b, v[0], scalarConstant(b, b.getI1Type(), 1));
  }));
}

LogicalResult castOp(NodeLowering &n) {
  Type from = n.element(0), to = n.onnxElement();
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
  table["Sigmoid"] = sigmoidOp;
  table["Softplus"] = softplusOp;
  table["Relu"] = relu;
  table["Gelu"] = geluOp;
  table["Sign"] = sign;
  table["IsNaN"] = isNaN;
  table["Not"] = logicalNot;
  table["Clip"] = clip;
  table["Add"] = arithmetic<arith::AddFOp, arith::AddIOp>;
  table["Sub"] = arithmetic<arith::SubFOp, arith::SubIOp>;
  table["Mul"] = arithmetic<arith::MulFOp, arith::MulIOp>;
  table["Sum"] = arithmetic<arith::AddFOp, arith::AddIOp>;
  table["Div"] = divideOp;
  table["Max"] = maxOp;
  table["Min"] = minOp;
  table["Mod"] = mod;
  table["Pow"] = pow;
  table["And"] = bits<arith::AndIOp>;
  table["Or"] = bits<arith::OrIOp>;
  table["Xor"] = bits<arith::XOrIOp>;
  table["Where"] = where;
  table["Equal"] = compare<P::OEQ, I::eq, I::eq>;
  table["Less"] = compare<P::OLT, I::slt, I::ult>;
  table["LessOrEqual"] = compare<P::OLE, I::sle, I::ule>;
  table["Greater"] = compare<P::OGT, I::sgt, I::ugt>;
  table["GreaterOrEqual"] = compare<P::OGE, I::sge, I::uge>;
}

} // namespace moe
