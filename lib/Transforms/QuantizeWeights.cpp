//===- QuantizeWeights.cpp - weights take the formats that are asked for ----------------------------------------===//
#include "moe/Dialect/Onnx.h"
#include "moe/Transforms/Passes.h"
#include "moe/Transforms/WeightFormat.h"
#include "llvm/ADT/APFloat.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_QUANTIZEWEIGHTS
#include "moe/Transforms/Passes.h.inc"

namespace {

/// The name of an element type, as in the artefact's manifest.
std::string nameOf(Type element) {
  std::string text;
  llvm::raw_string_ostream(text) << element;
  return StringRef(text).lower();
}

/// The format of a weight that comes with codes of few bits, "" for others.
std::string formatOfCodes(Value weight) {
  if (auto codes = weight.getDefiningOp<DequantizeOp>()) {
    std::string block = codes.getBlock() ? ":" + std::to_string(codes.getBlock()) : "";
    return (stringifyFormat(codes.getFormat()) + block).str();
  }
  auto node = weight.getDefiningOp<onnx::NodeOp>();
  return node && node.is("DequantizeLinear") ? nameOf(getElementTypeOrSelf(node.getOperand(0).getType())) : "";
}

class Quantizer {
public:
  explicit Quantizer(ModuleOp module, const WeightFormats &formats) : symbols(module), formats(formats) {}

  unsigned run(func::FuncOp function) {
    unsigned count = 0;
    for (const WeightUse &use : weightUses(function)) {
      Value weight = use.operand->get();
      Type element = getElementTypeOrSelf(weight.getType());
      WeightFormat format = formats.of(use.role);
      std::string stored = formatOfCodes(weight);
      bool keeps = !stored.empty() || format.kind == WeightFormat::Keep || (!format.isCoded() && element.getIntOrFloatBitWidth() <= 16);
      if (stored.empty())
        stored = keeps ? nameOf(element) : format.name();
      for (StringRef name : paramsOf(weight))
        describe(symbols.lookup<ParamOp>(name), use.role, stored);
      if (keeps)
        continue;
      OpBuilder b(weight.getContext());
      b.setInsertionPointAfterValue(weight);
      Location loc = weight.getDefiningOp()->getLoc();
      if (auto gather = dyn_cast<onnx::NodeOp>(use.operand->getOwner()))
        replaceRows(gather, b, loc, format);
      else
        use.operand->set(format.isCoded() ? dequantized(b, loc, weight.getType(), quantize(b, loc, weight, format)) : narrowed(b, loc, weight, format));
      ++count;
    }
    return count;
  }

private:
  static void describe(ParamOp param, Role role, StringRef format) {
    auto join = [&](std::optional<StringRef> old, StringRef added) {
      bool known = old && llvm::is_contained(llvm::split(*old, '+'), added);
      return StringAttr::get(param.getContext(), known ? old->str() : old ? (*old + "+" + added).str() : added.str());
    };
    param.setRoleAttr(join(param.getRole(), moe::nameOf(role)));
    param.setFormatAttr(join(param.getFormat(), format));
  }

  static Value node(OpBuilder &b, Location loc, StringRef name, Type type, ValueRange operands, NamedAttribute attr) {
    return onnx::NodeOp::create(b, loc, name, type, operands, attr, 13)->getResult(0);
  }

  /// A float format, in whose range all numbers are put.
  static Value narrowed(OpBuilder &b, Location loc, Value weight, const WeightFormat &format) {
    bool half = format.kind == WeightFormat::F16;
    Type to = half ? Type(b.getF16Type()) : b.getBF16Type();
    auto type = cast<RankedTensorType>(weight.getType());
    double largest = llvm::APFloat::getLargest(cast<FloatType>(to).getFloatSemantics()).convertToDouble();
    auto limit = [&](double value) {
      return onnx::ConstantOp::create(b, loc, DenseElementsAttr::get(RankedTensorType::get({}, type.getElementType()), b.getFloatAttr(type.getElementType(), value))).getResult();
    };
    Value inside = onnx::NodeOp::create(b, loc, "Clip", TypeRange(type), {weight, limit(-largest), limit(largest)}, {}, 13)->getResult(0);
    constexpr int64_t kFloat16 = 10, kBFloat16 = 16; // ONNX's numbers of the types
    return node(b, loc, "Cast", type.clone(to), inside, b.getNamedAttr("to", b.getI64IntegerAttr(half ? kFloat16 : kBFloat16)));
  }

  static Value dequantized(OpBuilder &b, Location loc, Type type, QuantizeOp codes, function_ref<Value(Value)> rows = nullptr) {
    auto at = [&](Value value) { return value && rows ? rows(value) : value; };
    auto op = DequantizeOp::create(b, loc, type, at(codes.getData()), at(codes.getScales()), at(codes.getZeroPoints()), codes.getGlobal(), codes.getFormat());
    op.setBlock(codes.getBlock());
    op.setZero(codes.getZero());
    return op;
  }

  /// Rows of codes are gathered, and become numbers then.
  static void replaceRows(onnx::NodeOp gather, OpBuilder b, Location loc, const WeightFormat &format) {
    Value table = gather.getOperand(0), ids = gather.getOperand(1);
    auto type = cast<RankedTensorType>(gather.getResult(0).getType());
    OpBuilder here(gather);
    auto rows = [&](Value from) {
      SmallVector<int64_t> shape(type.getShape());
      auto fromType = cast<RankedTensorType>(from.getType());
      shape.back() = fromType.getShape().back();
      return node(here, gather.getLoc(), "Gather", RankedTensorType::get(shape, fromType.getElementType()), {from, ids},
                  here.getNamedAttr("axis", here.getI64IntegerAttr(0)));
    };
    Value result;
    if (format.isCoded()) {
      result = dequantized(here, gather.getLoc(), type, quantize(b, loc, table, format), rows);
    } else {
      constexpr int64_t kFloat = 1;
      result = node(here, gather.getLoc(), "Cast", type, rows(narrowed(b, loc, table, format)), b.getNamedAttr("to", b.getI64IntegerAttr(kFloat)));
    }
    gather.getResult(0).replaceAllUsesWith(result);
    gather.erase();
  }

  SymbolTable symbols;
  const WeightFormats &formats;
};

struct QuantizeWeightsPass : impl::QuantizeWeightsBase<QuantizeWeightsPass> {
  using QuantizeWeightsBase::QuantizeWeightsBase;
  void runOnOperation() override {
    auto parsed = formats.empty() ? WeightFormats() : WeightFormats::parse(formats);
    if (!parsed) {
      getOperation().emitError("formats: ") << llvm::toString(parsed.takeError());
      return signalPassFailure();
    }
    unsigned count = 0;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal())
        count += Quantizer(getOperation(), *parsed).run(function);
    quantized += count;
  }
};

} // namespace
} // namespace moe
