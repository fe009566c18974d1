//===- Panels.cpp - products with packed matrices ---------------------------------------------------------------===//
#include "moe/Kernels/Panels.h"

using namespace mlir;

namespace moe {

llvm::ArrayRef<RegisterBlock> registerBlocks() {
  // 12 accumulators of 16 registers leave room for 2 weights and a broadcast; 24 of 32 for 4 weights and broadcasts from memory.
  static const RegisterBlock blocks[] = {{"avx2", 8, 6, 2}, {"avx512", 16, 6, 4}};
  return blocks;
}

rt::LaunchOp launchBlocked(ImplicitLocOpBuilder &b, StringRef name, ValueRange args, Value tasks, Value cost,
                           llvm::function_ref<void(Code, const RegisterBlock &, ValueRange, Value, Value)> body) {
  rt::LaunchOp first;
  for (const RegisterBlock &block : registerBlocks()) {
    auto write = [&](ImplicitLocOpBuilder &k, ValueRange inside, Value begin, Value end) { body(Code(k), block, inside, begin, end); };
    if (!first)
      first = launch(b, name, args, tasks, cost, write);
    else
      addVariant(first, block.isa, write);
  }
  return first;
}

SmallVector<Value> multiplyPanels(Code c, const RegisterBlock &block, Value x, ArrayRef<Value> rows, ArrayRef<PanelVector> vectors, Value depth) {
  SmallVector<Value> zeros(rows.size() * vectors.size(), c.constant(c.vector(block.lanes), 0));
  return c.loop(c.index(0), depth, zeros, [&](Code k, Value at, ValueRange sums) {
    SmallVector<Value> weights, result;
    for (const PanelVector &vector : vectors) {
      SmallVector<Value> place(vector.prefix);
      place.append({vector.panel, at, vector.column});
      weights.push_back(k.loadVector(vector.weight, place, block.lanes));
    }
    for (auto [m, row] : llvm::enumerate(rows)) {
      Value element = k.splat(k.widen(k.load(x, {row, at})), block.lanes);
      for (auto [v, weight] : llvm::enumerate(weights))
        result.push_back(k.fma(element, weight, sums[m * weights.size() + v]));
    }
    return result;
  });
}

void forEachRowBlock(Code c, const RegisterBlock &block, Value low, Value high, llvm::function_ref<void(Code, Value, int64_t)> body) {
  Value count = c.sub(high, low), size = c.index(block.rows);
  Value whole = c.add(low, c.mul(c.div(count, size), size)), rest = c.sub(high, whole);
  c.loop(low, whole, [&](Code inner, Value first) { body(inner, first, block.rows); }, block.rows);
  for (int64_t left = 1; left < block.rows; ++left)
    c.when(c.equal(rest, c.index(left)), [&](Code inner) { body(inner, whole, left); });
}

SmallVector<PanelVector> panelVectors(Code c, const RegisterBlock &block, Value weight, ValueRange prefix, Value firstColumn, int64_t count) {
  SmallVector<PanelVector> result;
  for (int64_t v = 0; v < count; ++v) {
    Value column = c.add(firstColumn, c.index(v * block.lanes));
    Value size = c.index(kPanel);
    result.push_back({weight, SmallVector<Value>(prefix), c.div(column, size), c.rem(column, size)});
  }
  return result;
}

} // namespace moe
