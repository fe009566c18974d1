//===- Dequantize.cpp - moe.dequantize to linalg ----------------------------------------------------------------===//
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/Moe.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_DEQUANTIZETOLINALG
#include "moe/Conversion/Passes.h.inc"

namespace {

Type elementOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getElementType(); }

/// Builds the value of one element of the result of `op`.
class Element {
public:
  Element(DequantizeOp op, ImplicitLocOpBuilder &b) : op(op), b(b), i32(b.getI32Type()), f32(b.getF32Type()) {}

  Value at(ValueRange indices) {
    SmallVector<Value> group(indices);
    int64_t rank = indices.size();
    if (op.getRows() != 1)
      group[rank - 2] = arith::DivUIOp::create(b, group[rank - 2], index(op.getRows()));
    group.back() = arith::DivUIOp::create(b, indices.back(), index(op.blockLength()));
    Value value = decode(code(op.getData(), indices));
    if (Value zero = zeroPoint(group))
      value = arith::SubFOp::create(b, value, zero);
    Value result = arith::MulFOp::create(b, value, real(tensor::ExtractOp::create(b, op.getScales(), group)));
    if (Value global = op.getGlobal()) {
      auto outer = indices.take_front(cast<RankedTensorType>(global.getType()).getRank());
      result = arith::MulFOp::create(b, result, real(tensor::ExtractOp::create(b, global, outer)));
    }
    Type to = elementOf(op.getResult());
    if (to.getIntOrFloatBitWidth() < 32)
      return arith::TruncFOp::create(b, to, result);
    return to == f32 ? result : arith::ExtFOp::create(b, to, result).getResult();
  }

private:
  Value index(int64_t value) { return arith::ConstantIndexOp::create(b, value); }
  Value integer(int64_t value) { return arith::ConstantIntOp::create(b, value, 32); }
  Value number(double value) { return arith::ConstantFloatOp::create(b, b.getF32Type(), APFloat(float(value))); }

  /// The byte of `tensor` at `indices` as an i32.
  Value byte(Value tensor, ValueRange indices) {
    Value bits = tensor::ExtractOp::create(b, tensor, indices);
    if (bits.getType() != b.getI8Type())
      bits = arith::BitcastOp::create(b, b.getI8Type(), bits);
    return arith::ExtUIOp::create(b, i32, bits);
  }

  /// The code of the element at `indices` as an i32; the tensor packs codes along its last axis.
  Value code(Value tensor, ValueRange indices) {
    int64_t width = op.width();
    if (width == 8)
      return byte(tensor, indices);
    SmallVector<Value> at(indices);
    Value bit = arith::MulIOp::create(b, indices.back(), index(width));
    at.back() = arith::DivUIOp::create(b, bit, index(8));
    Value word = byte(tensor, at);
    if (8 % width != 0) { // a code may reach into the next byte; behind the last byte there is none
      Value last = arith::SubIOp::create(b, tensor::DimOp::create(b, tensor, int64_t(at.size()) - 1), index(1));
      at.back() = arith::MinUIOp::create(b, arith::AddIOp::create(b, at.back(), index(1)), last);
      word = arith::OrIOp::create(b, word, arith::ShLIOp::create(b, byte(tensor, at), integer(8)));
    }
    Value shift = arith::IndexCastOp::create(b, i32, arith::RemUIOp::create(b, bit, index(8)));
    return arith::AndIOp::create(b, arith::ShRUIOp::create(b, word, shift), integer((1 << width) - 1));
  }

  /// The f32 that a code stands for.
  Value decode(Value code) {
    switch (op.getFormat()) {
    case Format::i2:
    case Format::i4:
    case Format::i8: {
      Value unused = integer(32 - op.width());
      return arith::SIToFPOp::create(b, f32, arith::ShRSIOp::create(b, arith::ShLIOp::create(b, code, unused), unused));
    }
    case Format::f4e2m1:
      return smallFloat(code, 2, 1, 1);
    case Format::f8e4m3: {
      Value magnitude = arith::AndIOp::create(b, code, integer(0x7f));
      Value isNaN = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, magnitude, integer(0x7f));
      return arith::SelectOp::create(b, isNaN, number(NAN), smallFloat(code, 4, 3, 7));
    }
    case Format::f8e5m2: { // the upper half of a float16
      Value bits = arith::TruncIOp::create(b, b.getI16Type(), arith::ShLIOp::create(b, code, integer(8)));
      Value half = arith::BitcastOp::create(b, b.getF16Type(), bits);
      return arith::ExtFOp::create(b, f32, half);
    }
    default:
      return arith::UIToFPOp::create(b, f32, code);
    }
  }

  /// A float of a sign, `exponent` and `mantissa` bits: exact in integer arithmetic, times a power of two.
  Value smallFloat(Value code, unsigned exponent, unsigned mantissa, int bias) {
    Value e = arith::AndIOp::create(b, arith::ShRUIOp::create(b, code, integer(mantissa)), integer((1 << exponent) - 1));
    Value m = arith::AndIOp::create(b, code, integer((1 << mantissa) - 1));
    Value subnormal = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, e, integer(0));
    Value hidden = arith::SelectOp::create(b, subnormal, integer(0), integer(1 << mantissa));
    Value shift = arith::SubIOp::create(b, arith::MaxUIOp::create(b, e, integer(1)), integer(1));
    Value magnitude = arith::ShLIOp::create(b, arith::OrIOp::create(b, m, hidden), shift);
    Value scaled = arith::MulFOp::create(b, arith::UIToFPOp::create(b, f32, magnitude), number(std::ldexp(1.0, 1 - bias - int(mantissa))));
    Value sign = arith::ShRUIOp::create(b, code, integer(exponent + mantissa));
    Value negative = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, sign, integer(0));
    return arith::SelectOp::create(b, negative, arith::NegFOp::create(b, scaled), scaled);
  }

  /// A scale as an f32.
  Value real(Value value) {
    if (value.getType() == f32)
      return value;
    if (isa<Float8E4M3FNType>(value.getType())) {
      Value code = arith::ExtUIOp::create(b, i32, arith::BitcastOp::create(b, b.getI8Type(), value));
      Value isNaN = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, arith::AndIOp::create(b, code, integer(0x7f)), integer(0x7f));
      return arith::SelectOp::create(b, isNaN, number(NAN), smallFloat(code, 4, 3, 7));
    }
    if (isa<Float8E8M0FNUType>(value.getType())) { // the exponent of a float32; 2^-127 is subnormal there
      Value code = arith::ExtUIOp::create(b, i32, arith::BitcastOp::create(b, b.getI8Type(), value));
      Value bits = arith::ShLIOp::create(b, code, integer(23));
      auto pick = [&](int64_t pattern, int64_t replacement) {
        bits = arith::SelectOp::create(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, code, integer(pattern)), integer(replacement), bits);
      };
      pick(0, 0x00400000);
      pick(255, 0x7fc00000);
      return arith::BitcastOp::create(b, f32, bits);
    }
    if (value.getType().getIntOrFloatBitWidth() > 32)
      return arith::TruncFOp::create(b, f32, value);
    return arith::ExtFOp::create(b, f32, value);
  }

  /// The zero point of a group of elements, or null where it is 0.
  Value zeroPoint(ValueRange group) {
    Value zeros = op.getZeroPoints();
    if (!zeros)
      return op.getZero() ? number(double(int64_t(op.getZero()))) : Value();
    if (isa<FloatType>(elementOf(zeros)))
      return real(tensor::ExtractOp::create(b, zeros, group));
    return decode(code(zeros, group));
  }

  DequantizeOp op;
  ImplicitLocOpBuilder &b;
  Type i32, f32;
};

void lower(DequantizeOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  auto type = cast<RankedTensorType>(op.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, op.getLoc(), op.getData());
  sizes.back() = b.getIndexAttr(type.getShape().back());
  Value init = tensor::EmptyOp::create(b, sizes, type.getElementType());
  AffineMap identity = b.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(b, TypeRange(init.getType()), ValueRange(), ValueRange(init), ArrayRef(identity), loops,
                                           [&](OpBuilder &nested, Location loc, ValueRange) {
                                             ImplicitLocOpBuilder inner(loc, nested);
                                             SmallVector<Value> indices;
                                             for (int64_t axis = 0; axis < type.getRank(); ++axis)
                                               indices.push_back(linalg::IndexOp::create(inner, axis));
                                             linalg::YieldOp::create(inner, Element(op, inner).at(indices));
                                           });
  Value result = generic.getResult(0);
  if (result.getType() != type)
    result = tensor::CastOp::create(b, type, result);
  op.replaceAllUsesWith(result);
  op.erase();
}

struct DequantizeToLinalgPass : impl::DequantizeToLinalgBase<DequantizeToLinalgPass> {
  void runOnOperation() override {
    SmallVector<DequantizeOp> ops;
    getOperation().walk([&](DequantizeOp op) {
      if (!op.getData().getDefiningOp<UnpackOp>()) // a kernel reads it packed
        ops.push_back(op);
    });
    for (DequantizeOp op : ops)
      lower(op);
  }
};

} // namespace
} // namespace moe
