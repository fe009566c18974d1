//===- Quantized.cpp - products with, and rows of, weights of few bits ------------------------------------------===//
#include "Quantized.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace moe::raise {

std::optional<Format> unsignedFormat(int64_t bits) {
  switch (bits) {
  case 2:
    return Format::u2;
  case 3:
    return Format::u3;
  case 4:
    return Format::u4;
  case 8:
    return Format::u8;
  default:
    return std::nullopt;
  }
}

Value dequantize(Expansion &e, const PackedWeight &weight, int64_t elements) {
  OpBuilder &b = e.make.b;
  SmallVector<int64_t> shape(e.typeOf(weight.data).getShape());
  shape.back() = elements;
  return e.make.known(DequantizeOp::create(b, e.make.loc, RankedTensorType::get(shape, b.getF32Type()), weight.data, weight.scales, weight.zeros,
                                           weight.global, weight.format, weight.block, weight.rows, weight.zeros ? 0 : weight.zero));
}

Value unpack(Expansion &e, Value codes, Format format, int64_t elements) {
  SmallVector<int64_t> shape(e.typeOf(codes).getShape());
  shape.back() = 1;
  auto type = RankedTensorType::get(shape, e.make.b.getF32Type());
  Value ones = e.make.known(onnx::ConstantOp::create(e.make.b, e.make.loc, DenseElementsAttr::get(type, 1.0f)));
  return dequantize(e, {codes, ones, {}, {}, format}, elements);
}

//===- weights of types narrower than a byte --------------------------------------------------------------------===//

/// The elements of a constant, packed as files have them: the first in the lowest bits.
static DenseElementsAttr packed(ElementsAttr value, RankedTensorType bytes, unsigned bits) {
  std::vector<char> raw(bytes.getNumElements());
  int64_t index = 0;
  auto append = [&](const APInt &code) {
    raw[index * bits / 8] |= char(code.getZExtValue() << (index * bits % 8));
    ++index;
  };
  if (isa<FloatType>(value.getElementType()))
    for (const APFloat &number : value.getValues<APFloat>())
      append(number.bitcastToAPInt());
  else
    for (const APInt &number : value.getValues<APInt>())
      append(number);
  return DenseElementsAttr::getFromRawBuffer(bytes, raw);
}

Value bytesOf(Expansion &e, Value value) {
  RankedTensorType type = e.typeOf(value);
  unsigned bits = type.getElementTypeBitWidth();
  if (bits >= 8)
    return value;
  if (!type.hasStaticShape() || type.getShape().back() * bits % 8 != 0)
    return {};
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = shape.back() * bits / 8;
  OpBuilder &b = e.make.b;
  auto bytes = RankedTensorType::get(shape, b.getIntegerType(8, /*isSigned=*/false));
  if (ElementsAttr constant; matchPattern(value, m_Constant(&constant)))
    return e.make.known(onnx::ConstantOp::create(b, e.make.loc, packed(constant, bytes, bits)));
  auto use = value.getDefiningOp<GetParamOp>();
  auto param = use ? SymbolTable::lookupNearestSymbolFrom<ParamOp>(use, use.getParamAttr()) : ParamOp();
  if (!param || !param.getFile())
    return {};
  // The same range of the file, with another type.
  ModuleOp module = param->getParentOfType<ModuleOp>();
  std::string name = (param.getSymName() + ".bytes").str();
  auto view = SymbolTable::lookupNearestSymbolFrom<ParamOp>(module, b.getStringAttr(name));
  if (!view || view.getFile() != param.getFile()) {
    OpBuilder outside(param);
    view = ParamOp::create(outside, param.getLoc(), name, bytes, *param.getFile(), ElementsAttr(), param.getRoleAttr(), param.getFormatAttr());
    SymbolTable(module).insert(view);
  }
  return e.make.known(GetParamOp::create(b, e.make.loc, bytes, view.getSymName()));
}

namespace {

//===- MatMulNBits ----------------------------------------------------------------------------------------------===//

/// zero_points as [N, bytes] or floats [N, blocks]; old exporters give them, and scales, without axes.
Value inRows(Expansion &e, Value value, int64_t rows, int64_t columns) {
  return value && e.rankOf(value) != 2 ? e.reshape(value, {rows, columns}) : value;
}

/// Scales and zero points by element instead of by block: each column has the group that g_idx gives it.
LogicalResult regroup(Expansion &e, PackedWeight &weight, int64_t blocks, int64_t columns) {
  Value groups = e.in(4);
  if (failed(e.needRank(4, 1)) || e.length(groups, 0) < columns)
    return e.fail("g_idx needs a group for each of the " + Twine(columns) + " columns");
  groups = e.slice(groups, 0, 0, columns);
  auto spread = [&](Value value) { return e.op("Gather", {value, groups}, e.attr("axis", 1)); };
  if (weight.zeros) {
    bool packed = !isa<FloatType>(e.elementOf(weight.zeros));
    weight.zeros = spread(packed ? unpack(e, weight.zeros, weight.format, blocks) : weight.zeros);
  }
  weight.scales = spread(weight.scales);
  weight.block = 1;
  return success();
}

/// A * W^T + bias, W [N, K] of `bits` bits in blocks along K. accuracy_level is not read: it only permits a kernel to round activations.
LogicalResult matMulNBits(Expansion &e) {
  Value a = e.in(0), packed = e.in(1), bias = e.in(5);
  int64_t k = e.node.intAttribute("K", 0), n = e.node.intAttribute("N", 0), bits = e.node.intAttribute("bits", 4);
  int64_t block = e.node.intAttribute("block_size", 0);
  std::optional<Format> format = unsignedFormat(bits);
  if (!format || bits == 3)
    return e.fail("bits is " + Twine(bits) + "; 2, 4 and 8 are supported");
  if (e.node.intAttribute("weight_prepacked", 0))
    return e.fail("B is prepacked for another execution provider (weight_prepacked); export without it");
  if (k < 1 || n < 1 || block < 16 || !llvm::isPowerOf2_64(block))
    return e.fail("K and N need to be at least 1, and block_size a power of two of at least 16");
  int64_t blocks = llvm::divideCeil(k, block), bytes = block * bits / 8, rank = e.rankOf(a);
  if (rank < 1 || (!ShapedType::isDynamic(e.length(a, -1)) && e.length(a, -1) != k))
    return e.fail("the last axis of A does not have the length K, " + Twine(k));
  if (failed(e.needShape(5, n)))
    return failure();
  if (e.typeOf(packed).hasStaticShape() && e.typeOf(packed).getNumElements() == 0) { // an omitted projection
    Value zeros = e.filled(rank == 1 ? e.make.ints(n) : e.concat({e.lengths(a, 0, rank - 1), e.make.ints(n)}, 0), 0, e.elementOf(a));
    return e.done(bias ? e.add(zeros, bias) : zeros);
  }
  if (failed(e.needShape(1, {n, blocks, bytes})))
    return failure();
  PackedWeight weight{e.reshape(packed, {n, blocks * bytes}), inRows(e, e.in(2), n, blocks), {}, {}, *format, block};
  weight.zero = int64_t(1) << (bits - 1);
  if (Value zeros = e.in(3)) {
    bool floats = isa<FloatType>(e.elementOf(zeros));
    int64_t columns = floats ? blocks : llvm::divideCeil(blocks * bits, 8);
    if (e.typeOf(zeros).hasStaticShape() && e.typeOf(zeros).getNumElements() != n * columns)
      return e.fail("zero_points has " + Twine(e.typeOf(zeros).getNumElements()) + " elements; it needs " + Twine(n) + " rows of " + Twine(columns));
    weight.zeros = inRows(e, zeros, n, columns);
  }
  if (e.typeOf(weight.scales).getShape() != ArrayRef<int64_t>{n, blocks})
    return e.fail("scales does not have the shape [" + Twine(n) + ", " + Twine(blocks) + "]");
  if (e.in(4) && failed(regroup(e, weight, blocks, k)))
    return failure();
  SmallVector<int64_t> shape(e.typeOf(a).getShape());
  shape.back() = n;
  auto type = RankedTensorType::get(shape, e.elementOf(a));
  Value y = e.make.known(LinearOp::create(e.make.b, e.make.loc, type, a, dequantize(e, weight, k), bias));
  return e.done(y);
}

//===- GatherBlockQuantized -------------------------------------------------------------------------------------===//

/// The format of codes of an element type; bytes hold `bits` each.
std::optional<Format> formatOf(Type element, int64_t bits) {
  if (auto integer = dyn_cast<IntegerType>(element)) {
    if (integer.getWidth() == 8)
      return bits == 3 ? std::nullopt : unsignedFormat(bits);
    return integer.isUnsigned() ? Format::u4 : Format::i4;
  }
  if (isa<Float4E2M1FNType>(element))
    return Format::f4e2m1;
  if (isa<Float8E4M3FNType>(element))
    return Format::f8e4m3;
  if (isa<Float8E5M2Type>(element))
    return Format::f8e5m2;
  return std::nullopt;
}

/// Rows of a table of few bits. An index out of range gives zeros.
LogicalResult gatherBlockQuantized(Expansion &e) {
  Value data = e.in(0), indices = e.in(1), scales = e.in(2), zeros = e.in(3);
  int64_t rank = e.rankOf(data), bits = e.node.intAttribute("bits", 4), block = e.node.intAttribute("block_size", 128);
  int64_t gatherAxis = e.node.intAttribute("gather_axis", 0), blockAxis = e.node.intAttribute("quantize_axis", 1);
  gatherAxis = gatherAxis < 0 ? gatherAxis + rank : gatherAxis;
  blockAxis = blockAxis < 0 ? blockAxis + rank : blockAxis;
  std::optional<Format> format = formatOf(e.elementOf(data), bits);
  if (!format)
    return e.fail("elements of this type, or bits " + Twine(bits) + ", are not supported");
  if (rank < 2 || blockAxis != rank - 1 || gatherAxis != 0)
    return e.fail("only gather_axis 0 and the last axis as quantize_axis are supported, on a rank of at least 2");
  bool floats = *format >= Format::f4e2m1, bytes = isa<IntegerType>(e.elementOf(data)) && e.typeOf(data).getElementTypeBitWidth() == 8;
  if (floats && zeros)
    return e.fail("zero_points are for integers");
  if (block < 0 || (block == 0 && !floats))
    return e.fail("block_size is " + Twine(block) + "; integers need at least 16");
  if (failed(e.needLength(e.length(data, 0), "the first axis of data")) || failed(e.needLength(e.length(data, -1), "the last axis of data")))
    return failure();
  int64_t width = e.length(data, -1) * (bytes ? 8 / bits : 1), table = e.length(data, 0);
  Value rows = bytesOf(e, data), zeroRows = zeros ? bytesOf(e, zeros) : Value();
  if (!rows || (zeros && !zeroRows))
    return e.fail("data and zero_points of less than a byte need to be weights whose rows end on a byte");
  OpBuilder &b = e.make.b;
  // Out of range is decided here, so that no index reaches the table.
  Type index = e.elementOf(indices);
  Value inRange = e.op("And", {e.op("GreaterOrEqual", {indices, e.make.number(-table, index)}), e.op("Less", {indices, e.make.number(table, index)})});
  Value safe = e.op("Where", {inRange, indices, e.make.number(0, index)});
  auto gather = [&](Value from) { return e.op("Gather", {from, safe}, e.attr("axis", int64_t(0))); };
  PackedWeight weight{gather(rows), {}, zeros ? gather(zeroRows) : Value(), {}, *format, block};
  weight.zero = bytes ? int64_t(1) << (bits - 1) : 0;
  int64_t blocks = block ? llvm::divideCeil(width, block) : 1;
  if (e.length(scales, -1) != blocks)
    return e.fail("scales needs " + Twine(blocks) + " blocks in each row");
  if (e.length(scales, 0) == table)
    weight.scales = gather(scales);
  else if (floats && e.length(scales, 0) == 1) // one row for all
    weight.scales = e.op("Gather", {scales, e.op("Mul", {safe, e.make.number(0, index)})}, e.attr("axis", int64_t(0)));
  else
    return e.fail("scales needs a row for each of the " + Twine(table) + " rows of data");
  Value result = dequantize(e, weight, width);
  SmallVector<int64_t> last;
  for (int64_t axis = 1; axis < rank; ++axis)
    last.push_back(e.rankOf(indices) + axis - 1);
  Value zero = e.make.number(0, b.getF32Type());
  result = e.op("Where", {e.unsqueeze(inRange, last), result, zero});
  return e.done(e.cast(result, e.elementOf(scales)));
}

//===- integer products -----------------------------------------------------------------------------------------===//

/// (a - az)(b - bz) as float32.
Value integerProduct(Expansion &e, Value a, Value b, Value az, Value bz) {
  SmallVector<Value> operands = {a, b};
  if (az || bz)
    operands.push_back(az ? az : e.none());
  if (bz)
    operands.push_back(bz);
  return e.cast(e.op("MatMulInteger", operands), e.make.b.getF32Type());
}

/// A is rounded to uint8 with one scale for the tensor, as DynamicQuantizeLinear does.
LogicalResult dynamicQuantizeMatMul(Expansion &e) {
  ValueRange rounded = e.make.nodes("DynamicQuantizeLinear", 3, e.in(0), {}, 21);
  Value product = integerProduct(e, rounded[0], e.in(1), rounded[2], e.in(3));
  Value y = e.mul(product, e.mul(rounded[1], e.in(2)));
  return e.done(e.in(4) ? e.add(y, e.in(4)) : y);
}

LogicalResult matMulIntegerToFloat(Expansion &e) {
  Value product = integerProduct(e, e.in(0), e.in(1), e.in(4), e.in(5));
  Value y = e.mul(product, e.mul(e.widened(e.in(2)), e.widened(e.in(3))));
  if (e.in(6))
    y = e.add(y, e.widened(e.in(6)));
  return e.done(e.cast(y, e.elementOf(e.in(2))));
}

} // namespace

void addQuantized(ExpandTable &table) {
  addMicrosoft(table, "MatMulNBits", matMulNBits);
  addMicrosoft(table, "GatherBlockQuantized", gatherBlockQuantized);
  addMicrosoft(table, "DynamicQuantizeMatMul", dynamicQuantizeMatMul);
  addMicrosoft(table, "MatMulIntegerToFloat", matMulIntegerToFloat);
}

} // namespace moe::raise
