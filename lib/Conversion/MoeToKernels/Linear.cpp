//===- Linear.cpp - the kernel of moe.linear --------------------------------------------------------------------===//
//
// A task is 64 outputs of up to 96 rows: the block of weights that it reads stays in the second-level cache.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Lowerings.h"
#include "moe/Kernels/Panels.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {

static constexpr int64_t kRows = 96; ///< a multiple of every register block's rows

void lowerLinear(LinearOp op, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Code c(b);
  auto type = cast<RankedTensorType>(op.getType());
  int64_t outputs = type.getShape().back();
  Value packed = packedWeight(b, op.getWeight());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), op.getInput());
  Value depth = getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes.back()), rows = c.index(1);
  for (OpFoldResult size : ArrayRef(sizes).drop_back())
    rows = c.mul(rows, getValueOrCreateConstantIndexOp(b, b.getLoc(), size));
  sizes.back() = b.getIndexAttr(outputs);
  Value result = newBuffer(b, type, sizes);
  Value input = asRows(b, bufferOf(b, op.getInput()), rows, depth), output = asRows(b, result, rows, c.index(outputs));
  SmallVector<Value> args = {input, bufferOf(b, packed), output, rows, depth};
  if (op.getBias())
    args.push_back(bufferOf(b, op.getBias()));
  int64_t blocks = (outputs + kBlock - 1) / kBlock;
  Value rowBlocks = c.ceilDiv(rows, c.index(kRows));
  Value tasks = c.mul(rowBlocks, c.index(blocks));
  Value cost = c.div(c.mul(c.minIndex(rows, c.index(kRows)), depth), c.index(4)); // 64 outputs at 16 products a cycle
  launchBlocked(b, "linear", args, tasks, cost, [&](Code k, const RegisterBlock &block, ValueRange in, Value begin, Value end) {
    Value x = in[0], weight = in[1], y = in[2], rows = in[3], depth = in[4];
    int64_t width = block.lanes * block.vectors;
    k.loop(begin, end, [&](Code k, Value task) {
      // Neighbouring tasks share rows: the weights are larger.
      Value column = k.mul(k.rem(task, k.index(blocks)), k.index(kBlock));
      Value low = k.mul(k.div(task, k.index(blocks)), k.index(kRows)), high = k.minIndex(k.add(low, k.index(kRows)), rows);
      k.loop(column, k.minIndex(k.add(column, k.index(kBlock)), k.index(outputs)), [&](Code k, Value first) {
        auto vectors = panelVectors(k, block, weight, {}, first, block.vectors);
        forEachRowBlock(k, block, low, high, [&](Code k, Value row, int64_t count) {
          SmallVector<Value> rowsOf;
          for (int64_t m = 0; m < count; ++m)
            rowsOf.push_back(k.add(row, k.index(m)));
          SmallVector<Value> sums = multiplyPanels(k, block, x, rowsOf, vectors, depth);
          for (int64_t v = 0; v < block.vectors; ++v) {
            Value at = k.add(first, k.index(v * block.lanes));
            ColumnGuard guard(k, at, block.lanes, width, outputs);
            Value bias = op.getBias() ? guard.load(k, in[5], {at}) : Value();
            for (int64_t m = 0; m < count; ++m) {
              Value sum = sums[m * block.vectors + v];
              guard.store(k, bias ? k.add(sum, bias) : sum, y, {rowsOf[m], at});
            }
          }
        });
      }, width);
    });
  });
  rewriter.replaceOp(op, tensorOf(b, result, type));
}

} // namespace moe
