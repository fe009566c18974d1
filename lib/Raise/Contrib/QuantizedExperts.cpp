//===- QuantizedExperts.cpp - QMoE ------------------------------------------------------------------------------===//
#include "Experts.h"
#include "Quantized.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace moe::raise {
namespace {

/// Operands of QMoE.
enum Operand : unsigned { kInput, kRouter, kFirst, kFirstScale, kFirstBias, kSecond, kSecondScale, kSecondBias, kThird, kThirdScale, kThirdBias,
                          kFirstZero, kSecondZero, kThirdZero, kRouterWeights, kFirstGlobal, kSecondGlobal, kFirstActScale, kLastActScale = 20 };

/// One of the weights: [E, N, K].
struct Projection {
  unsigned weight, scale, zero, global;
  int64_t bits, rows, columns;
};

class QuantizedExperts {
public:
  explicit QuantizedExperts(Expansion &e) : e(e) {}

  LogicalResult run() {
    kind = e.node.stringAttribute("quant_type", "int");
    block = e.node.intAttribute("block_size", 0);
    if (failed(e.needRank(kInput, {2, 3})) || failed(e.needRank(kRouter, 2)) || failed(e.needRank(kFirst, 3)) || failed(e.needRank(kSecond, 3)) ||
        failed(e.needRank(kThird, 3)))
      return failure();
    auto found = expertUnit(e, bool(e.in(kThird)));
    if (failed(found) || failed(kinds()))
      return failure();
    unit = *found;
    count = e.length(e.in(kFirst), 0);
    hidden = e.length(e.in(kInput), -1);
    if (failed(e.needLength(count, "the number of experts")) || failed(e.needLength(hidden, "the last axis of input")) || failed(widths()))
      return failure();
    int64_t first = unit.fused ? 2 * inner : inner;
    if (failed(e.needShape(kRouter, {ShapedType::kDynamic, count})) || failed(e.needShape(kRouterWeights, {ShapedType::kDynamic, count})) ||
        failed(e.needShape(kFirstBias, {count, first})) || failed(e.needShape(kSecondBias, {count, hidden})) ||
        failed(e.needShape(kThirdBias, {count, inner})))
      return failure();
    ExpertBanks banks;
    FailureOr<std::pair<Value, Value>> up = bank({kFirst, kFirstScale, kFirstZero, kFirstGlobal, bitsOf("fc1"), first, hidden}, unit.fused);
    FailureOr<std::pair<Value, Value>> down = bank({kSecond, kSecondScale, kSecondZero, kSecondGlobal, bitsOf("fc2"), hidden, inner}, false);
    if (failed(up) || failed(down))
      return failure();
    std::tie(banks.gate, banks.up) = *up;
    std::tie(banks.gateBias, banks.upBias) = splitFused(e, unit, e.in(kFirstBias));
    banks.down = down->first;
    banks.downBias = e.in(kSecondBias);
    if (e.in(kThird)) {
      auto third = bank({kThird, kThirdScale, kThirdZero, kFirstGlobal, bitsOf("fc3"), inner, hidden}, false);
      if (failed(third))
        return failure();
      banks.up = third->first;
      banks.upBias = e.in(kThirdBias);
    } else if (!unit.gated) {
      std::swap(banks.gate, banks.up);
      std::swap(banks.gateBias, banks.upBias);
    }
    auto routed = routeTokens(e, e.in(kRouter), e.in(kRouterWeights));
    if (failed(routed))
      return failure();
    return e.done(runExperts(e, unit, routed->first, routed->second, banks));
  }

private:
  /// Refuses kinds of quantization that are not implemented, and layouts of other execution providers.
  LogicalResult kinds() {
    if (!llvm::is_contained({"int", "fp4", "nvfp4", "fp8"}, kind))
      return e.fail("quant_type '" + kind + "' is not supported; export with int, fp8, fp4 or nvfp4");
    for (unsigned index = kFirstActScale; index <= kLastActScale; ++index)
      if (e.in(index))
        return e.fail(e.nameOf(index) + " is not supported: activations keep their type; export with weights quantized alone");
    if (kind == "int" && e.node.intAttribute("weights_prepacked", -1) == 1)
      return e.fail("the weights are prepacked for another execution provider (weights_prepacked); export for the CPU, or with weights_prepacked 0");
    if (kind == "nvfp4" && e.node.intAttribute("weights_prepacked", -1) != 1)
      return e.fail("NVFP4 weights packed along N are not supported; export with weights_prepacked 1, which packs them along K");
    if (kind == "int" && block != 0 && (block < 16 || !llvm::isPowerOf2_64(block)))
      return e.fail("block_size is " + Twine(block) + "; it needs a power of two of at least 16");
    if (kind != "fp8")
      for (unsigned index : {kFirstScale, kSecondScale})
        if (!e.in(index))
          return e.fail(e.nameOf(index) + " is missing, which quant_type '" + kind + "' needs");
    if (e.in(kThird) && kind != "int")
      return e.fail("fc3_experts_weights are supported for quant_type int alone");
    return success();
  }

  int64_t bitsOf(StringRef projection) {
    if (kind != "int")
      return kind == "fp8" ? 8 : 4;
    return e.node.intAttribute((projection + "_expert_weight_bits").str(), e.node.intAttribute("expert_weight_bits", 4));
  }

  /// The expert's width, from the rows of fc1: scales have them in every layout.
  LogicalResult widths() {
    bool byScale = kind != "fp8";
    if (byScale && failed(e.needRank(kFirstScale, {2, 3})))
      return failure();
    int64_t rows = e.length(e.in(byScale ? kFirstScale : kFirst), 1);
    if (failed(e.needLength(rows, "the number of rows of fc1_experts_weights")))
      return failure();
    if (unit.fused && rows % 2 != 0)
      return e.fail("fc1_experts_weights hold gate and up in an odd number of rows, " + Twine(rows));
    inner = unit.fused ? rows / 2 : rows;
    return success();
  }

  /// The weight as float32: the gate and the up part where it is `split`, else one value.
  FailureOr<std::pair<Value, Value>> bank(const Projection &p, bool split) {
    if (kind == "int")
      return integers(p, split);
    FailureOr<Value> whole = floats(p);
    if (failed(whole))
      return failure();
    return split ? splitFused(e, unit, *whole) : std::pair<Value, Value>(*whole, Value());
  }

  LogicalResult needPacked(const Projection &p) {
    ArrayRef<int64_t> shape = e.typeOf(e.in(p.weight)).getShape();
    int64_t bytes = llvm::divideCeil(p.columns * p.bits, 8);
    if (p.columns * p.bits % 8 != 0)
      return e.fail("rows of " + Twine(p.columns) + " elements of " + Twine(p.bits) + " bits do not end on a byte");
    if (shape == ArrayRef<int64_t>{count, p.rows, bytes})
      return success();
    auto text = [](int64_t a, int64_t b, int64_t c) { return ("[" + Twine(a) + ", " + Twine(b) + ", " + Twine(c) + "]").str(); };
    return e.fail(e.nameOf(p.weight) + " has the shape " + text(shape[0], shape[1], shape[2]) + ", but its scales and the input need " +
                  text(count, p.rows, bytes) + ": prepacked for another execution provider? Export for the CPU, or with weights_prepacked 0");
  }

  FailureOr<std::pair<Value, Value>> integers(const Projection &p, bool split) {
    std::optional<Format> format = unsignedFormat(p.bits);
    if (!format)
      return e.fail("experts of " + Twine(p.bits) + " bits are not supported; export with 2, 3, 4 or 8");
    if (failed(needPacked(p)))
      return failure();
    if (block && p.columns % block != 0)
      return e.fail("block_size " + Twine(block) + " does not divide rows of " + Twine(p.columns) + " elements");
    int64_t blocks = block ? p.columns / block : 1;
    if (failed(e.needShape(p.scale, block ? SmallVector<int64_t>{count, p.rows, blocks} : SmallVector<int64_t>{count, p.rows})) ||
        failed(e.needShape(p.zero, block ? SmallVector<int64_t>{count, p.rows, int64_t(llvm::divideCeil(blocks * p.bits, 8))}
                                         : SmallVector<int64_t>{count, int64_t(llvm::divideCeil(p.rows * p.bits, 8))})))
      return failure();
    Value scales = e.in(p.scale), zeros = e.in(p.zero);
    if (!block) { // a scale for each row; zero points lie along the rows
      scales = e.unsqueeze(scales, 2);
      if (zeros)
        zeros = e.unsqueeze(unpack(e, zeros, *format, p.rows), 2);
    }
    auto part = [&](Value data, Value scale, Value zero) {
      PackedWeight weight{data, scale, zero, {}, *format, block};
      weight.zero = int64_t(1) << (p.bits - 1);
      return dequantize(e, weight, p.columns);
    };
    if (!split)
      return std::pair<Value, Value>(part(e.in(p.weight), scales, zeros), Value());
    auto [gate, up] = splitFused(e, unit, e.in(p.weight));
    auto [gateScales, upScales] = splitFused(e, unit, scales);
    auto [gateZeros, upZeros] = splitFused(e, unit, zeros);
    return std::pair<Value, Value>(part(gate, gateScales, gateZeros), part(up, upScales, upZeros));
  }

  FailureOr<Value> floats(const Projection &p) {
    if (kind == "fp8")
      return bytes(p);
    // MXFP4 and NVFP4. NVFP4's shape is said to be [E, K, N / 2], but its bytes are rows of K.
    int64_t length = kind == "fp4" ? 32 : 16;
    Value data = e.in(p.weight);
    if (kind == "fp4" && failed(needPacked(p)))
      return failure();
    if (kind == "nvfp4") {
      if (failed(e.needShape(p.weight, {count, p.columns, p.rows / 2})))
        return failure();
      data = e.reshape(data, {count, p.rows, p.columns / 2});
    }
    Type scale = e.elementOf(e.in(p.scale));
    if (kind == "fp4" ? !isa<Float8E8M0FNUType>(scale) : !isa<Float8E4M3FNType>(scale))
      return e.fail(e.nameOf(p.scale) + " needs elements of type " + (kind == "fp4" ? "float8e8m0" : "float8e4m3fn"));
    if (failed(e.needShape(p.scale, {count, p.rows, int64_t(llvm::divideCeil(p.columns, length))})) || failed(e.needShape(p.global, count)))
      return failure();
    if (!e.in(p.global))
      return e.fail(e.nameOf(p.global) + " is missing, which quant_type '" + kind + "' needs");
    PackedWeight weight{data, e.in(p.scale), {}, e.in(p.global), Format::f4e2m1, length};
    return dequantize(e, weight, p.columns);
  }

  /// float8e4m3fn [E, N, K], with a scale for each square block or for each expert.
  FailureOr<Value> bytes(const Projection &p) {
    if (!isa<Float8E4M3FNType>(e.elementOf(e.in(p.weight))))
      return e.fail(e.nameOf(p.weight) + " needs elements of type float8e4m3fn for quant_type 'fp8'");
    if (failed(e.needShape(p.weight, {count, p.rows, p.columns})))
      return failure();
    PackedWeight weight{e.in(p.weight), e.in(p.scale), {}, {}, Format::f8e4m3, std::max<int64_t>(block, 0), block > 0 ? block : p.rows};
    if (block <= 0) {
      if (!e.in(p.global))
        return e.fail(e.nameOf(p.global) + " is missing, which quant_type 'fp8' without block_size needs");
      weight.scales = e.reshape(e.in(p.global), {count, 1, 1});
    } else if (!weight.scales) {
      return e.fail(e.nameOf(p.scale) + " is missing, which quant_type 'fp8' with block_size needs");
    } else if (failed(e.needShape(p.scale, {count, int64_t(llvm::divideCeil(p.rows, block)), int64_t(llvm::divideCeil(p.columns, block))}))) {
      return failure();
    }
    return dequantize(e, weight, p.columns);
  }

  Expansion &e;
  ExpertUnit unit;
  StringRef kind;
  int64_t block = 0, count = 0, hidden = 0, inner = 0;
};

/// Scores as MoE does; accuracy_level is not read: it only permits a kernel to round activations.
LogicalResult quantizedExperts(Expansion &e) { return QuantizedExperts(e).run(); }

} // namespace

void addQuantizedExperts(ExpandTable &table) { addMicrosoft(table, "QMoE", quantizedExperts); }

} // namespace moe::raise
