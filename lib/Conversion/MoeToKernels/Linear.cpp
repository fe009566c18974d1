//===- Linear.cpp - the kernel of moe.linear --------------------------------------------------------------------===//
//
// A task is 64 outputs of up to 84 rows: the block of weights that it reads stays in the second-level cache.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Lowerings.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {

static constexpr int64_t kRows = 84; ///< a multiple of every register block's rows

void lowerLinear(LinearOp op, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Code c(b);
  auto type = cast<RankedTensorType>(op.getType());
  int64_t outputs = type.getShape().back();
  PackedWeight packed = packedWeight(b, op.getWeight());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), op.getInput());
  Value depth = getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes.back()), rows = c.index(1);
  for (OpFoldResult size : ArrayRef(sizes).drop_back())
    rows = c.mul(rows, getValueOrCreateConstantIndexOp(b, b.getLoc(), size));
  sizes.back() = b.getIndexAttr(outputs);
  Value result = newBuffer(b, type, sizes);
  Value input = asRows(b, bufferOf(b, op.getInput()), rows, depth), output = asRows(b, result, rows, c.index(outputs));
  SmallVector<Value> args = {input, output, rows, depth};
  int biasAt = optionalBuffer(b, args, op.getBias());
  packed.pass(args);
  int64_t blocks = (outputs + kBlock - 1) / kBlock;
  Value rowBlocks = c.ceilDiv(rows, c.index(kRows));
  Value tasks = c.mul(rowBlocks, c.index(blocks));
  Value cost = c.div(c.mul(c.minIndex(rows, c.index(kRows)), depth), c.index(4)); // 64 outputs at 16 products a cycle
  launchBlocked(b, "linear", args, tasks, cost, [&](Code k, const RegisterBlock &block, ValueRange in, Value begin, Value end) {
    Value x = in[0], y = in[1], rows = in[2], depth = in[3];
    PackedWeight weight = packed.inside(in);
    k.loop(begin, end, [&](Code k, Value task) {
      // Neighbouring tasks share rows: the weights are larger.
      Value column = k.mul(k.rem(task, k.index(blocks)), k.index(kBlock)), row = k.mul(k.div(task, k.index(blocks)), k.index(kRows));
      RowProduct product{x, depth, {&weight}, {}, row, k.minIndex(k.add(row, k.index(kRows)), rows), column,
                         k.minIndex(k.add(column, k.index(kBlock)), k.index(outputs))};
      auto place = [](Code, Value row) { return row; };
      auto finish = [&](Code k, Value row, Value output, ArrayRef<Value> sums) {
        for (auto [v, sum] : llvm::enumerate(sums)) {
          Value at = k.add(output, k.index(v * block.lanes));
          ColumnGuard guard(k, at, block.lanes, sums.size() * block.lanes, outputs);
          guard.store(k, biasAt < 0 ? sum : k.add(sum, guard.load(k, in[biasAt], {at})), y, {row, at});
        }
      };
      product.place = place;
      product.finish = finish;
      multiplyRows(k, block, product);
    });
  }, fitsTiles(input, {&packed}));
  rewriter.replaceOp(op, tensorOf(b, result, type));
}

} // namespace moe
