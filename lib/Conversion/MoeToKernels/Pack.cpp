//===- Pack.cpp - the kernel of moe.pack ------------------------------------------------------------------------===//
//
// For weights that are not known before the model runs. A task is a panel: its rows are read side by side.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Lowerings.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {

/// Zero bits of a type that need not have arithmetic.
static Value zero(Code k, Type element) {
  Value bits = k.constant(k.b.getIntegerType(element.getIntOrFloatBitWidth()), 0);
  return bits.getType() == element ? bits : arith::BitcastOp::create(k.b, element, bits);
}

void lowerPack(PackOp op, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Code c(b);
  auto type = cast<RankedTensorType>(op.getType()); // [..., panels, words, kPanel * group], static
  auto weight = cast<RankedTensorType>(op.getWeight().getType());
  int64_t panels = type.getDimSize(type.getRank() - 3), words = type.getDimSize(type.getRank() - 2), group = type.getShape().back() / kPanel;
  int64_t depth = weight.getShape().back(), outputs = weight.getDimSize(weight.getRank() - 2);
  int64_t tasks = depth == 0 ? 0 : type.getNumElements() / (words * group * kPanel), matrices = panels == 0 ? 0 : tasks / panels;
  Value result = newBuffer(b, type, tensor::getMixedSizes(b, b.getLoc(), op.getResult()));
  Value rows = asRows(b, bufferOf(b, op.getWeight()), c.index(matrices * outputs), c.index(depth));
  Value packed = asRows(b, result, c.index(tasks * words), c.index(kPanel * group));
  launch(b, "pack", {rows, packed}, c.index(tasks), c.index(depth * kPanel), [&](ImplicitLocOpBuilder &kb, ValueRange in, Value begin, Value end) {
    Code(kb).loop(begin, end, [&](Code k, Value task) {
      Value first = k.mul(k.rem(task, k.index(panels)), k.index(kPanel)), matrix = k.mul(k.div(task, k.index(panels)), k.index(outputs));
      k.loop(k.index(0), k.index(kPanel), [&](Code k, Value lane) {
        Value output = k.add(first, lane);
        auto store = [&](Code k, Value d, Value element) {
          Value word = k.add(k.mul(task, k.index(words)), k.div(d, k.index(group)));
          k.store(element, in[1], {word, k.add(k.mul(lane, k.index(group)), k.rem(d, k.index(group)))});
        };
        Value filled = k.choose(k.less(output, k.index(outputs)), k.index(depth), k.index(0));
        k.loop(k.index(0), filled, [&](Code k, Value d) { store(k, d, k.load(in[0], {k.add(matrix, output), d})); });
        k.loop(filled, k.index(words * group), [&](Code k, Value d) { store(k, d, zero(k, type.getElementType())); });
      });
    });
  });
  rewriter.replaceOp(op, tensorOf(b, result, type));
}

} // namespace moe
