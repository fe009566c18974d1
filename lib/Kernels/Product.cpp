//===- Product.cpp - rows times packed weights ------------------------------------------------------------------===//
#include "moe/Kernels/Product.h"
#include "Tiles.h"
#include "Words.h"

using namespace mlir;

namespace moe {

namespace {

/// Weights stay in the second-level cache while all rows go past them.
class RegisterProduct {
public:
  RegisterProduct(const RegisterBlock &block, const RowProduct &product)
      : block(block), product(product), each(block.vectors / int64_t(product.weights.size())) {}

  void run(Code c) {
    if (!decodable())
      return runPacked(c);
    // Codes that several blocks of rows go past become floats once.
    c.when(c.less(c.index(block.rows), c.sub(product.lastRow, product.firstRow)), [&](Code k) { runDecoded(k); }, [&](Code k) { runPacked(k); });
  }

private:
  /// Longer rows would not fit the stack and the cache.
  static constexpr int64_t kLongest = 16384;

  /// K in whole words.
  static int64_t paddedDepth(const PackedWeight &weight) {
    ArrayRef<int64_t> shape = cast<MemRefType>(weight.data.getType()).getShape();
    return shape[shape.size() - 2] * wordLength(weight);
  }

  bool decodable() const {
    return llvm::all_of(product.weights, [](const PackedWeight *weight) {
      return weight->format && cast<MemRefType>(weight->data.getType()).hasStaticShape() && paddedDepth(*weight) <= kLongest;
    });
  }

  void forEachOutput(Code c, llvm::function_ref<void(Code, Value, ArrayRef<PanelVector>)> body) {
    c.loop(product.firstOutput, product.lastOutput, [&](Code k, Value output) {
      SmallVector<PanelVector> vectors;
      for (const PackedWeight *weight : product.weights)
        llvm::append_range(vectors, panelVectors(k, block, *weight, product.prefix, output, each));
      body(k, output, vectors);
    }, each * block.lanes);
  }

  void runPacked(Code c) {
    forEachOutput(c, [&](Code k, Value output, ArrayRef<PanelVector> vectors) { multiply(k, output, vectors); });
  }

  void runDecoded(Code c) {
    int64_t depth = 0;
    for (const PackedWeight *weight : product.weights)
      depth = std::max(depth, paddedDepth(*weight));
    PackedWeight numbers;
    numbers.data = stackMemory(c.b, product.x, {block.vectors, depth, block.lanes}, c.b.getF32Type());
    forEachOutput(c, [&](Code k, Value output, ArrayRef<PanelVector> vectors) {
      SmallVector<PanelVector> decoded;
      for (auto [place, vector] : llvm::enumerate(vectors)) {
        decodeVector(k, vector, product.depth, numbers.data, place, block.lanes);
        decoded.push_back({&numbers, {}, k.index(place), k.index(0)});
      }
      multiply(k, output, decoded);
    });
  }

  void multiply(Code c, Value output, ArrayRef<PanelVector> vectors) {
    forEachRowBlock(c, block, product.firstRow, product.lastRow, [&](Code k, Value first, int64_t count) {
      SmallVector<Value> rows, places;
      for (int64_t m = 0; m < count; ++m) {
        rows.push_back(k.add(first, k.index(m)));
        places.push_back(product.place(k, rows.back()));
      }
      SmallVector<Value> sums = multiplyPanels(k, block, product.x, places, vectors, product.depth);
      for (int64_t m = 0; m < count; ++m)
        product.finish(k, rows[m], output, ArrayRef(sums).slice(m * vectors.size(), vectors.size()));
    });
  }

  const RegisterBlock &block;
  const RowProduct &product;
  int64_t each; ///< vectors of a weight
};

} // namespace

void multiplyRows(Code c, const RegisterBlock &block, const RowProduct &product) {
  if (block.isa != "amx" || !fitsTiles(product.x, product.weights))
    return RegisterProduct(block, product).run(c);
  // A few rows leave most of a tile empty.
  constexpr int64_t kFewest = 6;
  c.when(c.less(c.sub(product.lastRow, product.firstRow), c.index(kFewest)), [&](Code k) { RegisterProduct(block, product).run(k); },
         [&](Code k) { multiplyInTiles(k, product); });
}

} // namespace moe
