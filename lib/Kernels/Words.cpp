//===- Words.cpp - from the words of panels to floats -----------------------------------------------------------===//
#include "Words.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace moe {
namespace {

/// How codes of a weight are read.
struct CodeFormat {
  Format format;
  int64_t width; ///< bits of a code

  /// Codes of one word.
  int64_t group() const { return 32 / width; }
  /// True where a register's table turns codes into floats.
  bool hasTable(int64_t lanes) const { return lanes == 16 ? width <= 4 : format == Format::f4e2m1; }
  /// What a code of at most 4 bits stands for.
  float valueOf(int64_t code) const {
    static const float kE2M1[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
    int64_t value = code & ((1 << width) - 1);
    if (format == Format::f4e2m1)
      return value & 8 ? -kE2M1[value & 7] : kE2M1[value & 7];
    return isSigned(format) && value >> (width - 1) ? value - (1 << width) : value;
  }
};

/// Arithmetic on `lanes` words.
class Words {
public:
  Words(Code c, int64_t lanes) : c(c), b(c.b), lanes(lanes), type(VectorType::get({lanes}, c.b.getI32Type())) {}

  Value number(int64_t value) { return c.constant(type, value); }
  Value each(Value index) { return c.splat(c.asInteger(index, b.getI32Type()), lanes); }
  Value right(Value words, Value by) { return b.createOrFold<arith::ShRUIOp>(words, by); }
  Value left(Value words, Value by) { return b.createOrFold<arith::ShLIOp>(words, by); }
  Value low(Value words, int64_t bits) { return arith::AndIOp::create(b, words, number((int64_t(1) << bits) - 1)); }
  Value asFloats(Value words) { return arith::BitcastOp::create(b, c.vector(lanes), words); }
  Value converted(Value words) { return arith::SIToFPOp::create(b, c.vector(lanes), words); }

  /// The float of `element` type in the lowest bits.
  Value real(Value words, FloatType element) {
    if (element.isBF16())
      return asFloats(left(words, number(16)));
    if (element.isF16())
      return half(words);
    if (isa<Float8E4M3FNType>(element))
      return e4m3(words);
    // f8E8M0FNU: the exponent of a float32; 2^-127 is subnormal there.
    Value code = low(words, 8), bits = left(code, number(23));
    auto replace = [&](int64_t pattern, int64_t with) {
      Value match = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, code, number(pattern));
      bits = c.choose(match, number(with), bits);
    };
    replace(0, 0x00400000);
    replace(255, 0x7fc00000);
    return asFloats(bits);
  }

  /// Code number `place` of each word, less `zero`.
  Value code(Value words, Value place, CodeFormat codes, int64_t zero) {
    int64_t bits = codes.width;
    Value at = c.mul(place, c.index(bits));
    if (codes.format == Format::f8e4m3)
      return e4m3(right(words, each(at)));
    if (codes.format == Format::f8e5m2) // the upper half of a float16
      return half(left(right(words, each(at)), number(8)));
    if (codes.hasTable(lanes))
      return looked(right(words, each(at)), codes, zero);
    Value value;
    if (isSigned(codes.format)) {
      Value top = left(words, each(c.sub(c.index(32 - bits), at)));
      value = converted(arith::ShRSIOp::create(b, top, number(32 - bits)));
    } else {
      value = converted(low(right(words, each(at)), bits));
    }
    return zero ? c.sub(value, c.constant(c.vector(lanes), zero)) : value;
  }

private:
  /// The float16 in the lowest bits.
  Value half(Value words) {
    auto narrow = [&](Type scalar) { return VectorType::get({lanes}, scalar); };
    Value bits = arith::TruncIOp::create(b, narrow(b.getI16Type()), words);
    return c.widen(arith::BitcastOp::create(b, narrow(b.getF16Type()), bits));
  }

  /// The float of a sign, 4 bits of exponent and 3 of mantissa in the lowest bits: a float16 has room for these, with an exponent that is 8 less.
  Value e4m3(Value words) {
    Value magnitude = low(words, 7), sign = left(arith::AndIOp::create(b, words, number(0x80)), number(8));
    Value real = c.mul(half(arith::OrIOp::create(b, left(magnitude, number(7)), sign)), c.constant(c.vector(lanes), 256));
    Value isNaN = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, magnitude, number(0x7f));
    return c.choose(isNaN, c.constant(c.vector(lanes), NAN), real);
  }

  /// Table look-up by the lowest bits; the instructions ignore the others.
  Value looked(Value indices, CodeFormat codes, int64_t zero) {
    SmallVector<float> table;
    for (int64_t i = 0; i < lanes; ++i)
      table.push_back(codes.valueOf(i) - zero);
    Value values = arith::ConstantOp::create(b, DenseElementsAttr::get(c.vector(lanes), ArrayRef(table)));
    auto look = [&](StringRef instruction) {
      return LLVM::CallIntrinsicOp::create(b, c.vector(lanes), b.getStringAttr(instruction), ValueRange{values, indices}).getResult(0);
    };
    if (lanes == 16)
      return look("llvm.x86.avx512.permvar.sf.512");
    // Eight magnitudes; the sign is bit 3.
    Value sign = left(arith::AndIOp::create(b, indices, number(8)), number(28));
    Value magnitude = arith::BitcastOp::create(b, type, look("llvm.x86.avx2.permps"));
    return asFloats(arith::OrIOp::create(b, magnitude, sign));
  }

  Code c;
  ImplicitLocOpBuilder &b;
  int64_t lanes;
  VectorType type;
};

Type elementOf(Value memref) { return cast<MemRefType>(memref.getType()).getElementType(); }

/// Elements that share a word of 32 bits.
int64_t sharing(Type element) { return std::max<int64_t>(1, 32 / element.getIntOrFloatBitWidth()); }

/// Words of a buffer of panels at the vector's outputs.
Value loadFrom(Code c, Value buffer, const PanelVector &vector, Value word, int64_t lanes) {
  Type element = elementOf(buffer);
  int64_t group = sharing(element);
  SmallVector<Value> place(vector.prefix);
  place.append({vector.panel, word, c.mul(vector.column, c.index(group))});
  Value loaded = vector::LoadOp::create(c.b, VectorType::get({lanes * group}, element), buffer, place);
  return group == 1 ? c.widen(loaded) : vector::BitCastOp::create(c.b, VectorType::get({lanes}, c.b.getI32Type()), loaded).getResult();
}

/// Element `place` of words of floats.
Value realOf(Code c, Type element, Value words, Value place, int64_t lanes) {
  int64_t width = element.getIntOrFloatBitWidth();
  if (width >= 32)
    return words;
  Words w(c, lanes);
  return w.real(w.right(words, w.each(c.mul(place, c.index(width)))), cast<FloatType>(element));
}

} // namespace

bool readsPacked(DequantizeOp op) {
  auto constantRows = [](Value value) { return cast<RankedTensorType>(value.getType()).hasStaticShape(); };
  auto readable = [](Type scale) { return scale.isF32() || scale.isF16() || scale.isBF16() || isa<Float8E8M0FNUType, Float8E4M3FNType>(scale); };
  Format format = op.getFormat();
  Type scale = cast<RankedTensorType>(op.getScales().getType()).getElementType();
  if (format == Format::u3 || op.getRows() != 1 || !readable(scale))
    return false;
  if (Value global = op.getGlobal()) // one for each matrix
    if (auto type = cast<RankedTensorType>(global.getType()); !readable(type.getElementType()) || type.getRank() + 2 != cast<RankedTensorType>(op.getType()).getRank())
      return false;
  if (Value zeros = op.getZeroPoints())
    if (Type element = cast<RankedTensorType>(zeros.getType()).getElementType(); isa<FloatType>(element) && !readable(element))
      return false;
  int64_t depth = cast<RankedTensorType>(op.getType()).getShape().back(), group = 32 / op.width();
  return constantRows(op.getData()) && (op.blockLength() % group == 0 || op.blockLength() >= depth);
}

int64_t wordLength(const PackedWeight &weight) { return weight.format ? 32 / weight.width : sharing(elementOf(weight.data)); }

Value loadWords(Code c, const PanelVector &vector, Value word, int64_t lanes) { return loadFrom(c, vector.weight->data, vector, word, lanes); }

void prefetchWords(Code c, const PanelVector &vector, Value word) {
  SmallVector<Value> place(vector.prefix);
  place.append({vector.panel, word, c.index(0)});
  memref::PrefetchOp::create(c.b, vector.weight->data, place, /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
}

Value decodeWord(Code c, const PackedWeight &weight, Value words, Value place, int64_t lanes) {
  if (!weight.format)
    return realOf(c, elementOf(weight.data), words, place, lanes);
  return Words(c, lanes).code(words, place, {*weight.format, weight.width}, weight.zero);
}

Scaling scalingAt(Code c, const PanelVector &vector, Value number, int64_t lanes) {
  const PackedWeight &weight = *vector.weight;
  auto read = [&](Value buffer, int64_t group, llvm::function_ref<Value(Value, Value)> decode) {
    return decode(loadFrom(c, buffer, vector, c.div(number, c.index(group)), lanes), c.rem(number, c.index(group)));
  };
  auto readReal = [&](Value buffer) {
    Type element = elementOf(buffer);
    return read(buffer, sharing(element), [&](Value words, Value place) { return realOf(c, element, words, place, lanes); });
  };
  Scaling scaling{readReal(weight.scales), Value()};
  if (weight.global)
    scaling.scale = c.mul(scaling.scale, c.splat(c.widen(c.load(weight.global, vector.prefix)), lanes));
  CodeFormat codes{*weight.format, weight.width};
  if (weight.zeros && isa<FloatType>(elementOf(weight.zeros)))
    scaling.zero = readReal(weight.zeros);
  else if (weight.zeros)
    scaling.zero = read(weight.zeros, codes.group(), [&](Value words, Value place) { return Words(c, lanes).code(words, place, codes, 0); });
  return scaling;
}

void decodeVector(Code c, const PanelVector &vector, Value depth, Value into, int64_t place, int64_t lanes) {
  const PackedWeight &weight = *vector.weight;
  Value block = c.index(weight.block), group = c.index(wordLength(weight));
  c.loop(c.index(0), c.ceilDiv(depth, block), [&](Code k, Value number) {
    Scaling scaling = scalingAt(k, vector, number, lanes);
    Value low = k.mul(number, block), high = k.minIndex(k.add(low, block), depth);
    k.loop(k.div(low, group), k.ceilDiv(high, group), [&](Code k, Value word) {
      Value words = loadWords(k, vector, word, lanes);
      for (int64_t j = 0; j < wordLength(weight); ++j) {
        Value value = decodeWord(k, weight, words, k.index(j), lanes);
        if (scaling.zero)
          value = k.sub(value, scaling.zero);
        k.storeVector(k.mul(value, scaling.scale), into, {k.index(place), k.add(k.mul(word, group), k.index(j)), k.index(0)});
      }
    });
  });
}

} // namespace moe
