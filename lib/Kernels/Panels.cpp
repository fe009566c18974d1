//===- Panels.cpp - products with packed matrices ---------------------------------------------------------------===//
#include "moe/Kernels/Panels.h"
#include "Words.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"

using namespace mlir;

namespace moe {

/// The first one is for all processors. Two vectors of weights, so that few of their bytes are read for each product; as many rows as leave
/// registers for them and a broadcast.
static constexpr RegisterBlock kBlocks[] = {{"avx2", 8, 6, 2}, {"avx512", 16, 14, 2}, {"amx", 16, 14, 2}};

rt::LaunchOp launchBlocked(ImplicitLocOpBuilder &b, StringRef name, ValueRange args, Value tasks, Value cost,
                           llvm::function_ref<void(Code, const RegisterBlock &, ValueRange, Value, Value)> body, bool tiles) {
  rt::LaunchOp first;
  for (const RegisterBlock &block : ArrayRef(kBlocks).drop_back(tiles ? 0 : 1)) {
    auto write = [&](ImplicitLocOpBuilder &k, ValueRange inside, Value begin, Value end) { body(Code(k), block, inside, begin, end); };
    if (!first)
      first = launch(b, name, args, tasks, cost, write);
    else
      addVariant(first, block.isa, write);
  }
  return first;
}

void PackedWeight::pass(SmallVectorImpl<Value> &args) {
  firstArgument = args.size();
  for (Value buffer : {data, scales, zeros, global})
    if (buffer)
      args.push_back(buffer);
}

bool PackedWeight::isLike(const PackedWeight &other) const {
  auto element = [](Value buffer) { return buffer ? cast<MemRefType>(buffer.getType()).getElementType() : Type(); };
  return element(data) == element(other.data) && element(scales) == element(other.scales) && element(zeros) == element(other.zeros) && element(global) == element(other.global) &&
         format == other.format && block == other.block && zero == other.zero;
}

PackedWeight PackedWeight::inside(ValueRange args) const {
  PackedWeight result = *this;
  int64_t next = firstArgument;
  for (Value *buffer : {&result.data, &result.scales, &result.zeros, &result.global})
    if (*buffer)
      *buffer = args[next++];
  return result;
}

namespace {

/// Rows of a panel between what is read and what is prefetched, where memory is what the product waits for. Hardware does not prefetch
/// beyond a page.
constexpr int64_t kAhead = 32;

/// The loop nest of one register block.
class Product {
public:
  Product(const RegisterBlock &block, Value x, ArrayRef<Value> rows, ArrayRef<PanelVector> vectors, Value depth)
      : block(block), x(x), rows(rows), vectors(vectors), depth(depth), weight(*vectors.front().weight) {
    group = wordLength(weight);
    // Few sums leave registers for partial ones, which keep the multipliers busy while earlier products finish, and whose scale is applied
    // once per block instead of to each element.
    int64_t count = rows.size() * vectors.size();
    few = count <= 8;
    pairs = block.lanes == 16 && isBF16(x) && isBF16(weight.data) && !weight.format;
    chains = few && !pairs ? std::min<int64_t>(group, llvm::divideCeil(8, count)) : 1;
    if (few && count * chains > 16)
      chains = 1;
  }

  SmallVector<Value> run(Code c) {
    SmallVector<Value> zeros(rows.size() * vectors.size(), c.constant(c.vector(block.lanes), 0));
    if (!weight.scales)
      return overRange(c, zeros, c.index(0), depth, getConstantIntValue(depth), {});
    Value size = c.index(weight.block);
    auto length = getConstantIntValue(depth);
    bool whole = length && *length % weight.block == 0;
    return c.loop(c.index(0), c.ceilDiv(depth, size), zeros, [&](Code k, Value number, ValueRange sums) {
      Value low = k.mul(number, size), high = k.add(low, size);
      SmallVector<Scaling> scalings;
      for (const PanelVector &vector : vectors)
        scalings.push_back(scalingAt(k, vector, number, block.lanes));
      return overRange(k, sums, low, whole ? high : k.minIndex(high, depth), whole ? std::optional(weight.block) : std::nullopt, scalings);
    });
  }

private:
  /// Adds the products of [low, high) to `sums`; `low` begins a word. `length` is high - low where it is known.
  SmallVector<Value> overRange(Code c, ValueRange sums, Value low, Value high, std::optional<int64_t> length, ArrayRef<Scaling> scalings) {
    SmallVector<Value> partial(sums);
    bool deferred = few && !scalings.empty();
    int64_t copies = chains;
    if (deferred || copies > 1) {
      partial.assign(sums.size() * copies, c.constant(c.vector(block.lanes), 0));
      if (!deferred)
        llvm::copy(sums, partial.begin());
    }
    Value size = c.index(group), firstWord = c.div(low, size), lastWord = c.div(high, size);
    partial = c.loop(firstWord, lastWord, partial, [&](Code k, Value word, ValueRange carried) {
      SmallVector<Value> now(carried), words;
      for (const PanelVector &vector : vectors) {
        if (few)
          prefetchWords(k, vector, k.add(word, k.index(kAhead)));
        words.push_back(loadWords(k, vector, word, block.lanes));
      }
      if (pairs) {
        stepPair(k, now, word, words);
        return now;
      }
      for (int64_t j = 0; j < group; ++j) {
        Value at = k.add(k.mul(word, size), k.index(j));
        step(k, now, at, j % copies, [&](int64_t v) {
          return scaled(k, decodeWord(k, weight, words[v], k.index(j), block.lanes), v, scalings, deferred);
        });
      }
      return now;
    });
    if (!length || *length % group != 0)
      partial = c.loop(c.mul(lastWord, size), high, partial, [&](Code k, Value at, ValueRange carried) {
        SmallVector<Value> now(carried);
        step(k, now, at, 0, [&](int64_t v) {
          Value word = loadWords(k, vectors[v], lastWord, block.lanes);
          return scaled(k, decodeWord(k, weight, word, k.rem(at, size), block.lanes), v, scalings, deferred);
        });
        return now;
      });
    SmallVector<Value> result;
    for (size_t i = 0; i < sums.size(); ++i) {
      Value sum = partial[i];
      for (int64_t copy = 1; copy < copies; ++copy)
        sum = c.add(sum, partial[copy * sums.size() + i]);
      result.push_back(deferred ? c.fma(sum, scalings[i % vectors.size()].scale, sums[i]) : sum);
    }
    return result;
  }

  /// Adds x[rows[m], at] * element(v) to chain `chain` of the sums.
  void step(Code k, SmallVectorImpl<Value> &sums, Value at, int64_t chain, llvm::function_ref<Value(int64_t)> element) {
    SmallVector<Value> weights;
    for (size_t v = 0; v < vectors.size(); ++v)
      weights.push_back(element(v));
    for (auto [m, row] : llvm::enumerate(rows)) {
      Value factor = k.splat(k.widen(k.load(x, {row, at})), block.lanes);
      for (auto [v, value] : llvm::enumerate(weights)) {
        Value &sum = sums[(chain * rows.size() + m) * vectors.size() + v];
        sum = k.fma(factor, value, sum);
      }
    }
  }

  /// Adds the products of a word of two bf16 with two elements of each row.
  void stepPair(Code k, SmallVectorImpl<Value> &sums, Value word, ArrayRef<Value> words) {
    Type bf16 = k.b.getBF16Type(), i32 = k.b.getI32Type();
    auto asPairs = [&](Value bits) { return vector::BitCastOp::create(k.b, VectorType::get({2 * block.lanes}, bf16), bits); };
    for (auto [m, row] : llvm::enumerate(rows)) {
      Value two = vector::LoadOp::create(k.b, VectorType::get({2}, bf16), x, ValueRange{row, k.mul(word, k.index(2))});
      Value bits = vector::ExtractOp::create(k.b, vector::BitCastOp::create(k.b, VectorType::get({1}, i32), two), 0);
      Value factor = asPairs(k.splat(bits, block.lanes));
      for (auto [v, value] : llvm::enumerate(words)) {
        Value &sum = sums[m * vectors.size() + v];
        sum = x86vector::DotBF16Op::create(k.b, k.vector(block.lanes), sum, factor, asPairs(value));
      }
    }
  }

  static bool isBF16(Value memref) { return cast<MemRefType>(memref.getType()).getElementType().isBF16(); }

  Value scaled(Code k, Value value, int64_t v, ArrayRef<Scaling> scalings, bool deferred) {
    if (scalings.empty())
      return value;
    if (Value zero = scalings[v].zero)
      value = k.sub(value, zero);
    return deferred ? value : k.mul(value, scalings[v].scale);
  }

  const RegisterBlock &block;
  Value x;
  ArrayRef<Value> rows;
  ArrayRef<PanelVector> vectors;
  Value depth;
  const PackedWeight &weight;
  int64_t group, chains;
  bool few, pairs; ///< few sums; words of two bf16 are multiplied as they are
};

} // namespace

SmallVector<Value> multiplyPanels(Code c, const RegisterBlock &block, Value x, ArrayRef<Value> rows, ArrayRef<PanelVector> vectors, Value depth) {
  SmallVector<Value> result(rows.size() * vectors.size());
  for (size_t first = 0, end = 0; first < vectors.size(); first = end) { // as many at a time as are of one format
    for (end = first + 1; end < vectors.size() && vectors[end].weight->isLike(*vectors[first].weight);)
      ++end;
    SmallVector<Value> part = Product(block, x, rows, vectors.slice(first, end - first), depth).run(c);
    for (size_t m = 0; m < rows.size(); ++m)
      std::copy_n(part.begin() + m * (end - first), end - first, result.begin() + m * vectors.size() + first);
  }
  return result;
}

void forEachRowBlock(Code c, const RegisterBlock &block, Value low, Value high, llvm::function_ref<void(Code, Value, int64_t)> body) {
  Value size = c.index(block.rows);
  Value whole = c.add(low, c.mul(c.div(c.sub(high, low), size), size));
  c.loop(low, whole, [&](Code inner, Value first) { body(inner, first, block.rows); }, block.rows);
  // What is left takes a few smaller blocks, so that there are few of them to compile.
  for (int64_t count : {8, 4, 3, 2, 1})
    if (count < block.rows) {
      Value fits = c.less(c.index(count - 1), c.sub(high, whole));
      c.when(fits, [&](Code inner) { body(inner, whole, count); });
      whole = c.choose(fits, c.add(whole, c.index(count)), whole);
    }
}

SmallVector<PanelVector> panelVectors(Code c, const RegisterBlock &block, const PackedWeight &weight, ValueRange prefix, Value firstColumn,
                                      int64_t count) {
  SmallVector<PanelVector> result;
  for (int64_t v = 0; v < count; ++v) {
    Value column = c.add(firstColumn, c.index(v * block.lanes));
    Value size = c.index(kPanel);
    result.push_back({&weight, SmallVector<Value>(prefix), c.div(column, size), c.rem(column, size)});
  }
  return result;
}

} // namespace moe
