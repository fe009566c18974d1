//===- Pack.cpp - the kernel of moe.pack ------------------------------------------------------------------------===//
//
// For weights that are not known before the model runs. A task is a panel: its rows are read side by side.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Lowerings.h"
#include "moe/Kernels/Panels.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {

void lowerPack(PackOp op, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Code c(b);
  auto type = cast<RankedTensorType>(op.getType()); // [..., panels, depth, kPanel], static
  auto weight = cast<RankedTensorType>(op.getWeight().getType());
  int64_t panels = type.getDimSize(type.getRank() - 3), depth = weight.getShape().back(), outputs = weight.getDimSize(weight.getRank() - 2);
  int64_t tasks = depth == 0 ? 0 : type.getNumElements() / (depth * kPanel), matrices = panels == 0 ? 0 : tasks / panels;
  Value result = newBuffer(b, type, tensor::getMixedSizes(b, b.getLoc(), op.getResult()));
  Value rows = asRows(b, bufferOf(b, op.getWeight()), c.index(matrices * outputs), c.index(depth));
  Value packed = asRows(b, result, c.index(tasks * depth), c.index(kPanel));
  launch(b, "pack", {rows, packed}, c.index(tasks), c.index(depth * kPanel), [&](ImplicitLocOpBuilder &kb, ValueRange in, Value begin, Value end) {
    Code(kb).loop(begin, end, [&](Code k, Value task) {
      Value first = k.mul(k.rem(task, k.index(panels)), k.index(kPanel)), matrix = k.mul(k.div(task, k.index(panels)), k.index(outputs));
      k.loop(k.index(0), k.index(kPanel), [&](Code k, Value lane) {
        Value output = k.add(first, lane);
        auto copy = [&](Code k, llvm::function_ref<Value(Code, Value)> element) {
          k.loop(k.index(0), k.index(depth), [&](Code k, Value d) { k.store(element(k, d), in[1], {k.add(k.mul(task, k.index(depth)), d), lane}); });
        };
        k.when(k.less(output, k.index(outputs)),
               [&](Code k) { copy(k, [&](Code k, Value d) { return k.load(in[0], {k.add(matrix, output), d}); }); },
               [&](Code k) { copy(k, [&](Code k, Value) { return k.constant(type.getElementType(), 0); }); });
      });
    });
  });
  rewriter.replaceOp(op, tensorOf(b, result, type));
}

} // namespace moe
