//===- Norm.cpp - the kernel of moe.norm ------------------------------------------------------------------------===//
//
// A task is a row, gone through twice: for its size, then to scale it. Sums are kept in as many lanes as a vector has, so that they come out
// the same on every machine for one instruction set and any number of threads.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Lowerings.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {
namespace {

constexpr int64_t kLanes = 16;

/// sum over a row of `term`, in vectors and a rest.
Value sumRow(Code c, Value x, Value row, Value width, llvm::function_ref<Value(Code, Value)> term) {
  Value whole = c.mul(c.div(width, c.index(kLanes)), c.index(kLanes));
  Value lanes = c.loop(c.index(0), whole, ValueRange(c.constant(c.vector(kLanes), 0)), [&](Code k, Value at, ValueRange sum) -> SmallVector<Value> {
    return {k.add(sum[0], term(k, k.loadVector(x, {row, at}, kLanes)))};
  }, kLanes)[0];
  Value total = vector::ReductionOp::create(c.b, vector::CombiningKind::ADD, lanes, c.real(0), arith::FastMathFlags::reassoc);
  return c.loop(whole, width, ValueRange(total), [&](Code k, Value at, ValueRange sum) -> SmallVector<Value> {
    return {k.add(sum[0], term(k, k.widen(k.load(x, {row, at}))))};
  })[0];
}

} // namespace

void lowerNorm(NormOp op, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Code c(b);
  auto type = cast<RankedTensorType>(op.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), op.getX());
  Value width = getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes.back()), rows = c.index(1);
  for (OpFoldResult size : ArrayRef(sizes).drop_back())
    rows = c.mul(rows, getValueOrCreateConstantIndexOp(b, b.getLoc(), size));
  Value result = newBuffer(b, type, sizes);
  SmallVector<Value> args = {asRows(b, bufferOf(b, op.getX()), rows, width), asRows(b, result, rows, width), width};
  int scaleAt = optionalBuffer(b, args, op.getScale()), biasAt = optionalBuffer(b, args, op.getBias());
  double epsilon = op.getEpsilon().convertToDouble();
  NormKind kind = op.getKind();
  launch(b, "norm", args, rows, c.div(width, c.index(4)), [&](ImplicitLocOpBuilder &kb, ValueRange in, Value begin, Value end) {
    Code(kb).loop(begin, end, [&](Code k, Value row) {
      Value x = in[0], y = in[1], width = in[2];
      Value count = arith::UIToFPOp::create(k.b, k.b.getF32Type(), k.asInteger(width, k.b.getI64Type()));
      auto splatLike = [](Code k, Value scalar, Value like) { return isa<VectorType>(like.getType()) ? k.splat(scalar, kLanes) : scalar; };
      Value mean;
      if (kind == NormKind::layer)
        mean = arith::DivFOp::create(k.b, sumRow(k, x, row, width, [](Code, Value v) { return v; }), count);
      auto centred = [&](Code k, Value v) { return mean ? k.sub(v, splatLike(k, mean, v)) : v; };
      Value squares = sumRow(k, x, row, width, [&](Code k, Value v) {
        Value d = centred(k, v);
        return k.mul(d, d);
      });
      Value one = k.real(1), size;
      if (kind == NormKind::l2)
        size = arith::MaximumFOp::create(k.b, math::SqrtOp::create(k.b, squares), k.real(epsilon));
      else
        size = math::SqrtOp::create(k.b, k.add(arith::DivFOp::create(k.b, squares, count), k.real(epsilon)));
      // A zero row of an l2 norm without epsilon stays 0.
      Value factor = arith::DivFOp::create(k.b, one, size);
      if (kind == NormKind::l2 && epsilon == 0)
        factor = k.choose(k.compare(arith::CmpFPredicate::OEQ, size, k.real(0)), k.real(0), factor);
      auto finish = [&](Code k, Value v, Value at) {
        auto weight = [&](int argument) {
          return isa<VectorType>(v.getType()) ? k.loadVector(in[argument], {at}, kLanes) : k.widen(k.load(in[argument], {at}));
        };
        Value scaled = k.mul(centred(k, v), splatLike(k, factor, v));
        if (scaleAt >= 0)
          scaled = k.mul(scaled, weight(scaleAt));
        return biasAt >= 0 ? k.add(scaled, weight(biasAt)) : scaled;
      };
      Value whole = k.mul(k.div(width, k.index(kLanes)), k.index(kLanes));
      Type element = cast<MemRefType>(y.getType()).getElementType();
      k.loop(k.index(0), whole, [&](Code k, Value at) { k.storeVector(finish(k, k.loadVector(x, {row, at}, kLanes), at), y, {row, at}); }, kLanes);
      k.loop(whole, width, [&](Code k, Value at) { k.store(k.narrow(finish(k, k.widen(k.load(x, {row, at})), at), element), y, {row, at}); });
    });
  });
  rewriter.replaceOp(op, tensorOf(b, result, type));
}

} // namespace moe
