//===- HostOp.cpp - rt.host_op as a call of the runtime ---------------------------------------------------------===//
#include "HostOp.h"
#include "Abi.h"
#include "moert/abi.h"
#include "moert/moert.h"

using namespace mlir;

namespace moe {
namespace {

/// The moert_type of an element.
int32_t typeCode(Type element) {
  if (isa<BFloat16Type>(element))
    return MOERT_BFLOAT16;
  if (isa<Float8E4M3FNType>(element))
    return MOERT_F8E4M3FN;
  if (isa<Float8E5M2Type>(element))
    return MOERT_F8E5M2;
  int width = llvm::Log2_32(element.getIntOrFloatBitWidth() / 8);
  if (isa<FloatType>(element))
    return MOERT_FLOAT16 + (width == 1 ? 0 : width); // bfloat16 stands between
  if (element.isInteger(1))
    return MOERT_BOOL;
  return (element.isUnsignedInteger() ? MOERT_UINT8 : MOERT_INT8) + width;
}

struct HostOpPattern : ConvertOpToLLVMPattern<rt::HostOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  Value text(ConversionPatternRewriter &rewriter, rt::HostOp op, StringRef value) const {
    auto module = op->getParentOfType<ModuleOp>();
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    std::string name;
    for (int i = 0; module.lookupSymbol(name = "host_op_text_" + std::to_string(i));)
      ++i;
    std::string data = value.str() + '\0';
    LLVM::GlobalOp::create(top, op.getLoc(), LLVM::LLVMArrayType::get(top.getI8Type(), data.size()), /*isConstant=*/true, LLVM::Linkage::Internal, name,
                           top.getStringAttr(data));
    return LLVM::AddressOfOp::create(rewriter, op.getLoc(), abi::pointer(op.getContext()), name);
  }

  /// An array of moert_value that has its types and ranks; `dims` gets the place of each one's lengths.
  Value values(ConversionPatternRewriter &rewriter, rt::HostOp op, TypeRange types, ArrayRef<Attribute> elements, SmallVectorImpl<Value> &dims) const {
    Location loc = op.getLoc();
    static_assert(sizeof(moert_value) % 8 == 0);
    Value array = abi::stackSlots(rewriter, op, types.size() * sizeof(moert_value) / 8);
    auto constant = [&](int32_t value) -> Value { return LLVM::ConstantOp::create(rewriter, loc, rewriter.getI32IntegerAttr(value)); };
    for (auto [index, type] : llvm::enumerate(types)) {
      int64_t rank = cast<MemRefType>(type).getRank(), base = index * sizeof(moert_value);
      auto store = [&](Value value, int64_t field) { LLVM::StoreOp::create(rewriter, loc, value, abi::offset(rewriter, loc, array, base + field)); };
      dims.push_back(abi::stackSlots(rewriter, op, rank));
      store(dims.back(), offsetof(moert_value, dims));
      store(constant(rank), offsetof(moert_value, rank));
      store(constant(typeCode(cast<TypeAttr>(elements[index]).getValue())), offsetof(moert_value, type));
    }
    return array;
  }

  LogicalResult matchAndRewrite(rt::HostOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type ptr = abi::pointer(op.getContext());
    ArrayRef<Attribute> elements = op.getElements().getValue();
    SmallVector<Value> inputDims, outputDims;
    Value inputs = values(rewriter, op, op.getInputs().getTypes(), elements, inputDims);
    for (auto [index, converted] : llvm::enumerate(adaptor.getInputs())) {
      MemRefDescriptor descriptor(converted);
      Value place = abi::offset(rewriter, loc, inputs, index * sizeof(moert_value) + offsetof(moert_value, data));
      LLVM::StoreOp::create(rewriter, loc, descriptor.alignedPtr(rewriter, loc), place);
      for (int64_t axis = 0; axis < cast<MemRefType>(op.getInputs()[index].getType()).getRank(); ++axis)
        LLVM::StoreOp::create(rewriter, loc, descriptor.size(rewriter, loc, axis), abi::offset(rewriter, loc, inputDims[index], 8 * axis));
    }
    Value outputs = values(rewriter, op, op.getOutputs().getTypes(), elements.drop_front(op.getInputs().size()), outputDims);
    auto count = [&](size_t value) -> Value { return LLVM::ConstantOp::create(rewriter, loc, rewriter.getI32IntegerAttr(value)); };
    abi::call(rewriter, loc, abi::callOf(op), abi::Entry::HostOp,
              {text(rewriter, op, op.getName()), text(rewriter, op, op.getAttrs()), count(op.getInputs().size()), inputs, count(op.getOutputs().size()), outputs},
              {});
    SmallVector<Value> results;
    for (auto [index, result] : llvm::enumerate(op.getOutputs())) {
      auto type = cast<MemRefType>(result.getType());
      Value memory = LLVM::LoadOp::create(rewriter, loc, ptr, abi::offset(rewriter, loc, outputs, index * sizeof(moert_value) + offsetof(moert_value, data)));
      SmallVector<Value> lengths;
      for (int64_t axis = 0; axis < type.getRank(); ++axis)
        lengths.push_back(LLVM::LoadOp::create(rewriter, loc, rewriter.getI64Type(), abi::offset(rewriter, loc, outputDims[index], 8 * axis)));
      SmallVector<Value> sizes, strides;
      Value bytes;
      getMemRefDescriptorSizes(loc, type, lengths, rewriter, sizes, strides, bytes, /*sizeInBytes=*/true);
      results.push_back(createMemRefDescriptor(loc, type, memory, memory, sizes, strides, rewriter));
    }
    rewriter.replaceOp(op, results);
    return success();
  }
};

} // namespace

void addHostOpPattern(const LLVMTypeConverter &converter, RewritePatternSet &patterns, PatternBenefit benefit) {
  patterns.add<HostOpPattern>(converter, benefit);
}

} // namespace moe
