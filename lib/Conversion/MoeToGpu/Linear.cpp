//===- Linear.cpp - the kernel of moe.linear for GPUs -------------------------------------------------------------===//
#include "Lowerings.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {

void lowerLinearToGpu(LinearOp op, const Chip &chip, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Code c(b);
  auto type = cast<RankedTensorType>(op.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), op.getInput());
  Value depth = getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes.back()), rows = c.index(1), outputs = c.index(type.getShape().back());
  for (OpFoldResult size : ArrayRef(sizes).drop_back())
    rows = c.mul(rows, getValueOrCreateConstantIndexOp(b, b.getLoc(), size));
  sizes.back() = b.getIndexAttr(type.getShape().back());
  Value result = newBuffer(b, type, sizes);
  SmallVector<Value> args = {asRows(b, bufferOf(b, op.getInput()), rows, depth), bufferOf(b, op.getWeight()), asRows(b, result, rows, outputs), rows};
  int biasAt = optionalBuffer(b, args, op.getBias());

  Type operand = operandType(op.getInput(), op.getWeight());
  MatrixUnit unit(chip, operand);
  TileProduct product(unit, 1);
  Grid grid{{c.ceilDiv(outputs, c.index(TileProduct::kColumns)), c.ceilDiv(rows, c.index(TileProduct::kRows))}, product.threads()};
  launchGrid(b, "linear", args, grid, product.shared(), [&](Code k, ValueRange in, ValueRange shared) {
    Value x = in[0], weight = in[1], y = in[2], rows = in[3], depth = k.dim(weight, 1), outputs = k.dim(weight, 0);
    Value firstRow = k.mul(blockOf(k, 1), k.index(TileProduct::kRows)), firstColumn = k.mul(blockOf(k), k.index(TileProduct::kColumns));
    auto row = [&](Code k, Value row, Value at) {
      Value place = k.add(firstRow, row);
      return loadInside(k, k.both(k.less(place, rows), k.less(at, depth)), x, {place, at}, operand);
    };
    auto column = [&](Code k, Value column, Value at) {
      Value place = k.add(firstColumn, column);
      return loadInside(k, k.both(k.less(place, outputs), k.less(at, depth)), weight, {place, at}, operand);
    };
    product.write(k, shared, depth, row, {column}, [&](Code k, Value row, Value column, ArrayRef<Value> sums) {
      Value r = k.add(firstRow, row), n = k.add(firstColumn, column);
      k.when(k.both(k.less(r, rows), k.less(n, outputs)), [&](Code k) {
        Value sum = biasAt < 0 ? sums[0] : k.add(sums[0], k.widen(k.load(in[biasAt], {n})));
        k.store(k.narrow(sum, type.getElementType()), y, {r, n});
      });
    });
  });
  rewriter.replaceOp(op, tensorOf(b, result, type));
}

} // namespace moe
