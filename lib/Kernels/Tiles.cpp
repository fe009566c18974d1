//===- Tiles.cpp - rows times packed weights in AMX tiles -------------------------------------------------------===//
//
// A tile holds 16 rows of 64 bytes. A step multiplies two tiles of rows with two of weights, each 32 elements along K, and adds to four tiles
// of sums: every tile that is loaded is used twice. A panel's rows are tiles of weights as they lie. Rows are gathered to the stack, where
// they are read for all outputs of the task; from there the sums are finished row by row.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Tiles.h"
#include "mlir/Dialect/AMX/AMXDialect.h"

using namespace mlir;

namespace moe {

static constexpr int64_t kTileRows = 16, kRows = 2 * kTileRows, kTileDepth = 32, kTilesOfWeights = 2;
/// Rows longer than this would not stay in the second-level cache.
static constexpr int64_t kLongest = 8192;

static MemRefType typeOf(Value memref) { return cast<MemRefType>(memref.getType()); }

/// K of a weight of two elements a word.
static int64_t depthOf(const PackedWeight &weight) { return 2 * typeOf(weight.data).getShape()[typeOf(weight.data).getRank() - 2]; }

bool fitsTiles(Value x, ArrayRef<const PackedWeight *> weights) {
  return typeOf(x).getElementType().isBF16() && llvm::all_of(weights, [](const PackedWeight *weight) {
           if (weight->format || !typeOf(weight->data).getElementType().isBF16() || !typeOf(weight->data).hasStaticShape())
             return false;
           int64_t depth = depthOf(*weight);
           return depth % kTileDepth == 0 && depth <= kLongest;
         });
}

namespace {

class TileProduct {
public:
  TileProduct(Code c, const RowProduct &product) : product(product), depth(depthOf(*product.weights.front())) {
    bf16 = c.b.getBF16Type();
    rows = stackMemory(c.b, product.x, {kRows, depth}, bf16);
    sums = stackMemory(c.b, product.x, {kRows, kTilesOfWeights * kPanel}, c.b.getF32Type());
    operand = amx::TileType::get({kTileRows, kTileDepth}, bf16);
    total = amx::TileType::get({kTileRows, kPanel}, c.b.getF32Type());
  }

  void run(Code c) {
    int64_t each = kTilesOfWeights / int64_t(product.weights.size());
    c.loop(product.firstRow, product.lastRow, [&](Code k, Value first) {
      Value count = k.minIndex(k.sub(product.lastRow, first), k.index(kRows));
      gather(k, first, count);
      k.loop(product.firstOutput, product.lastOutput, [&](Code k, Value output) {
        multiply(k, output, each);
        k.loop(k.index(0), count, [&](Code k, Value m) {
          SmallVector<Value> row;
          for (int64_t v = 0; v < kTilesOfWeights; ++v)
            row.push_back(k.loadVector(sums, {m, k.index(v * kPanel)}, kPanel));
          product.finish(k, k.add(first, m), output, row);
        });
      }, each * kPanel);
    }, kRows);
  }

private:
  /// Rows past `count` keep what they hold: their sums are not read.
  void gather(Code c, Value first, Value count) {
    c.loop(c.index(0), count, [&](Code k, Value m) {
      Value place = product.place(k, k.add(first, m));
      k.loop(k.index(0), k.index(depth), [&](Code k, Value at) {
        auto type = VectorType::get({kTileDepth}, bf16);
        Value part = vector::LoadOp::create(k.b, type, product.x, ValueRange{place, at});
        vector::StoreOp::create(k.b, part, rows, ValueRange{m, at});
      }, kTileDepth);
    });
  }

  /// sums[m, :] of the outputs from `output` on, `each` panels of each weight.
  void multiply(Code c, Value output, int64_t each) {
    SmallVector<Value> zeros;
    for (int64_t i = 0; i < 2 * kTilesOfWeights; ++i)
      zeros.push_back(amx::TileZeroOp::create(c.b, total));
    int64_t words = depth / 2, step = kTileDepth / 2;
    SmallVector<Value> tiles = c.loop(c.index(0), c.index(words), zeros, [&](Code k, Value word, ValueRange carried) {
      SmallVector<Value> left, right, result;
      for (int64_t half = 0; half < 2; ++half)
        left.push_back(amx::TileLoadOp::create(k.b, operand, rows, ValueRange{k.index(half * kTileRows), k.mul(word, k.index(2))}));
      for (const PackedWeight *weight : product.weights)
        for (int64_t v = 0; v < each; ++v) {
          SmallVector<Value> at(product.prefix);
          at.append({k.add(k.div(output, k.index(kPanel)), k.index(v)), word, k.index(0)});
          right.push_back(amx::TileLoadOp::create(k.b, operand, weight->data, at));
        }
      for (int64_t i = 0; i < 2 * kTilesOfWeights; ++i)
        result.push_back(amx::TileMulFOp::create(k.b, total, left[i / kTilesOfWeights], right[i % kTilesOfWeights], carried[i]));
      return result;
    }, step);
    for (int64_t i = 0; i < 2 * kTilesOfWeights; ++i)
      amx::TileStoreOp::create(c.b, sums, ValueRange{c.index(i / kTilesOfWeights * kTileRows), c.index(i % kTilesOfWeights * kPanel)}, tiles[i]);
  }

  const RowProduct &product;
  int64_t depth;
  Type bf16;
  Value rows, sums; ///< memrefs on the stack
  amx::TileType operand, total;
};

} // namespace

void multiplyInTiles(Code c, const RowProduct &product) { TileProduct(c, product).run(c); }

} // namespace moe
