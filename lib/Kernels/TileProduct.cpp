//===- TileProduct.cpp - a block of a GPU multiplies rows with weights ------------------------------------------===//
#include "moe/Kernels/TileProduct.h"

using namespace mlir;

namespace moe {

constexpr int64_t kBetween = 16; ///< bytes between rows in workgroup memory, so that the lanes of a wave use different banks

SmallVector<SharedArray> TileProduct::shared() const {
  int64_t width = strip() + kBetween * 8 / unit.operand.getIntOrFloatBitWidth();
  SmallVector<SharedArray> arrays = {{{kRows, width}, unit.operand}};
  arrays.append(weights, SharedArray{{kColumns, width}, unit.operand});
  return arrays;
}

Value TileProduct::partRow(Code c) const {
  Value wave = c.div(threadOf(c), c.index(unit.lanes));
  return c.mul(c.div(wave, c.index(kWavesAcross)), c.index(kPart));
}

Value TileProduct::partColumn(Code c) const {
  Value wave = c.div(threadOf(c), c.index(unit.lanes));
  return c.mul(c.rem(wave, c.index(kWavesAcross)), c.index(kPart));
}

/// Threads that are neighbours read elements that are neighbours along k.
void TileProduct::fill(Code c, Value tile, Value first, Source source) const {
  int64_t rows = cast<MemRefType>(tile.getType()).getDimSize(0), each = rows * strip() / threads();
  for (int64_t i = 0; i < each; ++i) {
    Value number = c.add(threadOf(c), c.index(i * threads()));
    Value row = c.div(number, c.index(strip())), at = c.rem(number, c.index(strip()));
    c.store(source(c, row, c.add(first, at)), tile, {row, at});
  }
}

SmallVector<Value> TileProduct::multiplyStrip(Code c, ValueRange shared, ValueRange sums) const {
  SmallVector<Value> now(sums);
  auto pieceType = VectorType::get({unit.piece}, unit.operand);
  auto load = [&](Value tile, Value first, MatrixUnit::At at, int64_t k) -> Value {
    return vector::LoadOp::create(c.b, pieceType, tile, ValueRange{c.add(first, at.outer), c.add(at.inner, c.index(k))});
  };
  Value lane = this->lane(c), row = partRow(c), column = partColumn(c);
  for (int64_t k = 0; k < strip(); k += unit.k) {
    SmallVector<SmallVector<Value>> a(unitRows());
    for (int64_t i = 0; i < unitRows(); ++i)
      for (int64_t p = 0; p < unit.aPieces; ++p)
        a[i].push_back(load(shared[0], c.add(row, c.index(i * unit.m)), unit.a(c, lane, p), k));
    for (size_t w = 0; w < weights; ++w)
      for (int64_t j = 0; j < unitColumns(); ++j) {
        SmallVector<Value> b;
        for (int64_t p = 0; p < unit.bPieces; ++p)
          b.push_back(load(shared[1 + w], c.add(column, c.index(j * unit.n)), unit.b(c, lane, p), k));
        for (int64_t i = 0; i < unitRows(); ++i) {
          Value &sum = now[(w * unitColumns() + j) * unitRows() + i];
          sum = unit.multiply(c, a[i], b, sum);
        }
      }
  }
  return now;
}

void TileProduct::write(Code c, ValueRange shared, Value depth, Source rows, ArrayRef<Source> columns,
                        llvm::function_ref<void(Code, Value, Value, ArrayRef<Value>)> finish) const {
  SmallVector<Value> zeros(weights * unitColumns() * unitRows(), c.constant(c.vector(MatrixUnit::sums), 0));
  SmallVector<Value> sums = c.loop(c.index(0), depth, zeros, [&](Code k, Value first, ValueRange now) {
    fill(k, shared[0], first, rows);
    for (auto [w, source] : llvm::enumerate(columns))
      fill(k, shared[1 + w], first, source);
    barrier(k);
    SmallVector<Value> next = multiplyStrip(k, shared, now);
    barrier(k); // the next strip takes its place
    return next;
  }, strip());
  for (int64_t j = 0; j < unitColumns(); ++j)
    for (int64_t i = 0; i < unitRows(); ++i)
      for (int64_t s = 0; s < MatrixUnit::sums; ++s) {
        MatrixUnit::At at = unit.sum(c, lane(c), s);
        SmallVector<Value> values;
        for (size_t w = 0; w < weights; ++w)
          values.push_back(vector::ExtractOp::create(c.b, sums[(w * unitColumns() + j) * unitRows() + i], s));
        finish(c, c.add(c.add(partRow(c), c.index(i * unit.m)), at.outer), c.add(c.add(partColumn(c), c.index(j * unit.n)), at.inner), values);
      }
}

} // namespace moe
