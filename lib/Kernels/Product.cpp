//===- Product.cpp - rows times packed weights ------------------------------------------------------------------===//
#include "moe/Kernels/Product.h"
#include "Tiles.h"

using namespace mlir;

namespace moe {

/// Weights stay in the second-level cache while all rows go past them.
static void multiplyInRegisters(Code c, const RegisterBlock &block, const RowProduct &product) {
  int64_t each = block.vectors / int64_t(product.weights.size());
  c.loop(product.firstOutput, product.lastOutput, [&](Code k, Value output) {
    SmallVector<PanelVector> vectors;
    for (const PackedWeight *weight : product.weights)
      llvm::append_range(vectors, panelVectors(k, block, *weight, product.prefix, output, each));
    forEachRowBlock(k, block, product.firstRow, product.lastRow, [&](Code k, Value first, int64_t count) {
      SmallVector<Value> rows, places;
      for (int64_t m = 0; m < count; ++m) {
        rows.push_back(k.add(first, k.index(m)));
        places.push_back(product.place(k, rows.back()));
      }
      SmallVector<Value> sums = multiplyPanels(k, block, product.x, places, vectors, product.depth);
      for (int64_t m = 0; m < count; ++m)
        product.finish(k, rows[m], output, ArrayRef(sums).slice(m * vectors.size(), vectors.size()));
    });
  }, each * block.lanes);
}

void multiplyRows(Code c, const RegisterBlock &block, const RowProduct &product) {
  if (block.isa != "amx" || !fitsTiles(product.x, product.weights))
    return multiplyInRegisters(c, block, product);
  // A few rows leave most of a tile empty.
  constexpr int64_t kFewest = 6;
  c.when(c.less(c.sub(product.lastRow, product.firstRow), c.index(kFewest)), [&](Code k) { multiplyInRegisters(k, block, product); },
         [&](Code k) { multiplyInTiles(k, product); });
}

} // namespace moe
