//===- Rotary.cpp - the kernel of moe.rotary --------------------------------------------------------------------===//
#include "Lowerings.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {

void lowerRotary(RotaryOp op, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Code c(b);
  auto type = cast<RankedTensorType>(op.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), op.getX());
  SmallVector<Value> lengths = llvm::map_to_vector(sizes, [&](OpFoldResult size) { return getValueOrCreateConstantIndexOp(b, b.getLoc(), size); });
  Value result = newBuffer(b, type, sizes);
  Value half = getValueOrCreateConstantIndexOp(b, b.getLoc(), tensor::getMixedSize(b, b.getLoc(), op.getCos(), 2));
  bool sharedTable = cast<RankedTensorType>(op.getCos().getType()).getDimSize(0) == 1, interleaved = op.getInterleaved();
  Value rows = c.mul(c.mul(lengths[0], lengths[1]), lengths[2]);
  SmallVector<Value> args = {bufferOf(b, op.getX()), bufferOf(b, op.getCos()), bufferOf(b, op.getSin()), result, lengths[1], lengths[2], lengths[3], half};
  launch(b, "rotary", args, rows, c.div(lengths[3], c.index(4)), [&](ImplicitLocOpBuilder &kb, ValueRange in, Value begin, Value end) {
    Code(kb).loop(begin, end, [&](Code k, Value task) {
      Value x = in[0], cos = in[1], sin = in[2], y = in[3], heads = in[4], steps = in[5], width = in[6], half = in[7];
      Type element = cast<MemRefType>(y.getType()).getElementType();
      Value s = k.rem(task, steps), h = k.rem(k.div(task, steps), heads), n = k.div(task, k.mul(steps, heads));
      Value table = sharedTable ? k.index(0) : n;
      k.loop(k.index(0), half, [&](Code k, Value i) {
        Value first = interleaved ? k.mul(i, k.index(2)) : i, second = interleaved ? k.add(first, k.index(1)) : k.add(i, half);
        Value a = k.widen(k.load(x, {n, h, s, first})), z = k.widen(k.load(x, {n, h, s, second}));
        Value cosine = k.widen(k.load(cos, {table, s, i})), sine = k.widen(k.load(sin, {table, s, i}));
        k.store(k.narrow(k.sub(k.mul(a, cosine), k.mul(z, sine)), element), y, {n, h, s, first});
        k.store(k.narrow(k.add(k.mul(z, cosine), k.mul(a, sine)), element), y, {n, h, s, second});
      });
      k.loop(k.mul(half, k.index(2)), width, [&](Code k, Value i) { k.store(k.load(x, {n, h, s, i}), y, {n, h, s, i}); });
    });
  });
  rewriter.replaceOp(op, tensorOf(b, result, type));
}

} // namespace moe
