//===- Quantize.cpp - numbers as multiples of a scale -----------------------------------------------------------===//
#include "Loops.h"
#include "NarrowFloats.h"
#include "Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace moe {
namespace {

using Build = ImplicitLocOpBuilder &;

bool isSingle(NodeLowering &n, unsigned operand) {
  const SymExpr *length = n.rank(operand) == 1 ? n.expr(n.onnxInput(operand), 0) : nullptr;
  return n.rank(operand) == 0 || (length && length->is(1));
}

/// Reads a scale or zero point for the place of an element: one of the whole tensor, one per index of an axis, or one per block of an axis.
class BlockParameter {
public:
  BlockParameter(NodeLowering &n, unsigned operand, int64_t axis, int64_t block) : value(n.in(operand)), rank(n.rank(operand)), axis(axis), block(block) {
    single = isSingle(n, operand);
  }

  Value at(Build b, ValueRange indices) const {
    if (single)
      return tensor::ExtractOp::create(b, value, SmallVector<Value>(rank, arith::ConstantIndexOp::create(b, 0)));
    if (block == 0)
      return tensor::ExtractOp::create(b, value, indices[axis]);
    SmallVector<Value> from(indices);
    from[axis] = arith::DivUIOp::create(b, from[axis], arith::ConstantIndexOp::create(b, block));
    return tensor::ExtractOp::create(b, value, from);
  }

private:
  Value value;
  int64_t rank, axis, block;
  bool single = false;
};

struct BlockLayout {
  int64_t axis, block;
};

/// The axis and block size of a node; scale and zero point must fit them.
FailureOr<BlockLayout> layout(NodeLowering &n) {
  int64_t rank = n.rank(0), axis = n.node.intAttribute("axis", 1), block = n.node.intAttribute("block_size", 0), scaleRank = n.rank(1);
  if (block < 0)
    return n.fail("block_size " + Twine(block) + " is negative");
  if (scaleRank > 0)
    axis = NodeLowering::wrap(rank == 1 ? 0 : axis, rank);
  if (scaleRank > 0 && (axis < 0 || axis >= rank))
    return n.fail("axis is out of range for a tensor of rank " + Twine(rank));
  if (scaleRank > 1 ? scaleRank != rank || block == 0 : block != 0 && scaleRank != rank)
    return n.fail("the scale has rank " + Twine(scaleRank) + "; it needs rank 0, rank 1, or with block_size that of the operand");
  if (n.has(2) && n.rank(2) != scaleRank && !(isSingle(n, 1) && isSingle(n, 2)))
    return n.fail("the zero point has another rank than the scale");
  for (int64_t at = 0; at < scaleRank; ++at) {
    // Each place needs a scale.
    int64_t of = scaleRank == 1 ? axis : at;
    Value length = n.dim(0u, of), scales = n.dim(1u, at);
    Value needed = block && of == axis ? arith::CeilDivUIOp::create(n.b, length, n.index(block)).getResult() : length;
    Value fits = arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, scales, needed);
    if (scaleRank == 1 && block == 0)
      fits = arith::OrIOp::create(n.b, fits, arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, scales, n.index(1)));
    n.check(fits, "the scale does not fit the operand");
  }
  return BlockLayout{axis, scaleRank == 0 ? 0 : block};
}

LogicalResult dequantizeLinear(NodeLowering &n) {
  auto blocks = layout(n);
  if (failed(blocks))
    return failure();
  Type element = signless(n.onnxElement()), from = n.element(0), wide = n.b.getF32Type();
  BlockParameter scale(n, 1, blocks->axis, blocks->block), zero(n, n.has(2) ? 2 : 1, blocks->axis, blocks->block);
  Value data = n.in(0);
  bool isUnsigned = from.isUnsignedInteger(), isInteger = isa<IntegerType>(from);
  return n.done(n.generate(n.sizes(data), element, [&](OpBuilder &builder, Location loc, ValueRange at) -> Value {
    ImplicitLocOpBuilder b(loc, builder);
    Value x = tensor::ExtractOp::create(b, data, at);
    if (isInteger) { // the difference of integers is exact
      x = castScalar(b, x, b.getI64Type(), isUnsigned, false);
      if (n.has(2))
        x = arith::SubIOp::create(b, x, castScalar(b, zero.at(b, at), b.getI64Type(), isUnsigned, false));
    }
    Value real = castScalar(b, x, wide, false, false);
    return castScalar(b, arith::MulFOp::create(b, real, castScalar(b, scale.at(b, at), wide, false, false)), element, false, false);
  }));
}

LogicalResult quantizeLinear(NodeLowering &n) {
  auto blocks = layout(n);
  if (failed(blocks))
    return failure();
  Type to = n.onnxElement(), element = signless(to), wide = n.element(0).isF64() || n.element(1).isF64() ? Type(n.b.getF64Type()) : n.b.getF32Type();
  BlockParameter scale(n, 1, blocks->axis, blocks->block), zero(n, n.has(2) ? 2 : 1, blocks->axis, blocks->block);
  Value data = n.in(0);
  bool isUnsigned = to.isUnsignedInteger(), saturate = n.node.intAttribute("saturate", 1) != 0;
  return n.done(n.generate(n.sizes(data), element, [&](OpBuilder &builder, Location loc, ValueRange at) -> Value {
    ImplicitLocOpBuilder b(loc, builder);
    Value x = castScalar(b, tensor::ExtractOp::create(b, data, at), wide, false, false);
    Value quotient = arith::DivFOp::create(b, x, castScalar(b, scale.at(b, at), wide, false, false));
    if (auto narrow = dyn_cast<FloatType>(element)) {
      Value single = castScalar(b, quotient, b.getF32Type(), false, false);
      return isNarrowFloat(element) ? narrowFloat(b, single, narrow, saturate) : castScalar(b, single, element, false, false);
    }
    Value rounded = math::RoundEvenOp::create(b, quotient);
    if (n.has(2))
      rounded = arith::AddFOp::create(b, rounded, castScalar(b, zero.at(b, at), wide, isUnsigned, false));
    unsigned width = element.getIntOrFloatBitWidth();
    double low = isUnsigned ? 0 : -std::ldexp(1.0, width - 1), high = std::ldexp(1.0, isUnsigned ? width : width - 1) - 1;
    Value clamped = arith::MinNumFOp::create(b, arith::MaxNumFOp::create(b, rounded, scalarConstant(b, wide, low)), scalarConstant(b, wide, high));
    return castScalar(b, castScalar(b, clamped, b.getI64Type(), false, false), element, false, isUnsigned);
  }));
}

} // namespace

void addQuantize(LoweringTable &table) {
  table["DequantizeLinear"] = dequantizeLinear;
  table["QuantizeLinear"] = quantizeLinear;
}

} // namespace moe
