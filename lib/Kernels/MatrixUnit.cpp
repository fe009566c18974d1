//===- MatrixUnit.cpp - the instructions that multiply matrices -------------------------------------------------===//
#include "moe/Kernels/MatrixUnit.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"

using namespace mlir;

namespace moe {

MatrixUnit::MatrixUnit(const Chip &chip, Type operand) : operand(operand), lanes(chip.wave), nvidia(chip.vendor == Vendor::Nvidia) {
  bool half = operand.isBF16();
  if (nvidia) { // mma.sync.m16n8k16; for float32, which tensor cores would round, fused multiply-adds on sums that lie in the same way
    n = 8;
    k = half ? 16 : 1;
    piece = half ? 2 : 1;
    aPieces = half ? 4 : 2;
    bPieces = 2;
  } else { // v_mfma_f32_16x16x16_bf16 and v_mfma_f32_16x16x4_f32
    k = half ? 16 : 4;
    piece = half ? 4 : 1;
  }
}

MatrixUnit::At MatrixUnit::a(Code c, Value lane, int64_t number) const {
  if (!nvidia)
    return {c.rem(lane, c.index(16)), c.mul(c.div(lane, c.index(16)), c.index(piece))};
  Value row = c.add(c.div(lane, c.index(4)), c.index(number % 2 * 8));
  return {row, k == 1 ? c.index(0) : c.add(c.mul(c.rem(lane, c.index(4)), c.index(2)), c.index(number / 2 * 8))};
}

MatrixUnit::At MatrixUnit::b(Code c, Value lane, int64_t number) const {
  if (!nvidia)
    return a(c, lane, number);
  Value inGroup = c.mul(c.rem(lane, c.index(4)), c.index(2));
  if (k == 1) // the columns of the lane's sums
    return {c.add(inGroup, c.index(number)), c.index(0)};
  return {c.div(lane, c.index(4)), c.add(inGroup, c.index(number * 8))};
}

MatrixUnit::At MatrixUnit::sum(Code c, Value lane, int64_t number) const {
  if (!nvidia)
    return {c.add(c.mul(c.div(lane, c.index(16)), c.index(4)), c.index(number)), c.rem(lane, c.index(16))};
  return {c.add(c.div(lane, c.index(4)), c.index(number / 2 * 8)), c.add(c.mul(c.rem(lane, c.index(4)), c.index(2)), c.index(number % 2))};
}

static Value element(Code c, Value vector, int64_t place) { return vector::ExtractOp::create(c.b, vector, place); }

/// D = A * B + C by NVIDIA's instruction: two bfloat16 are a word.
static Value mmaSync(Code c, ArrayRef<Value> a, ArrayRef<Value> b, Value total) {
  Type i32 = c.b.getI32Type(), f32 = c.b.getF32Type();
  auto words = [&](ArrayRef<Value> pieces) {
    return llvm::map_to_vector(pieces, [&](Value piece) { return element(c, vector::BitCastOp::create(c.b, VectorType::get({1}, i32), piece), 0); });
  };
  SmallVector<Value> sums;
  for (int64_t i = 0; i < MatrixUnit::sums; ++i)
    sums.push_back(element(c, total, i));
  auto type = LLVM::LLVMStructType::getLiteral(c.b.getContext(), SmallVector<Type>(4, f32));
  using Layouts = std::array<NVVM::MMALayout, 2>;
  using Types = std::array<NVVM::MMATypes, 2>;
  Value result = NVVM::MmaOp::create(c.b, type, words(a), words(b), sums, ArrayRef<int64_t>{16, 8, 16}, std::nullopt, std::nullopt,
                                     Types{NVVM::MMATypes::bf16, NVVM::MMATypes::bf16}, Layouts{NVVM::MMALayout::row, NVVM::MMALayout::col});
  SmallVector<Value> parts;
  for (int64_t i = 0; i < MatrixUnit::sums; ++i)
    parts.push_back(LLVM::ExtractValueOp::create(c.b, result, i));
  return vector::FromElementsOp::create(c.b, cast<VectorType>(total.getType()), parts);
}

/// The same by AMD's.
static Value mfma(Code c, Value a, Value b, Value total, bool half) {
  SmallVector<Value> operands = {a, b, total};
  if (half) {
    auto bits = VectorType::get({4}, c.b.getI16Type());
    operands[0] = vector::BitCastOp::create(c.b, bits, a);
    operands[1] = vector::BitCastOp::create(c.b, bits, b);
  } else {
    operands[0] = element(c, a, 0);
    operands[1] = element(c, b, 0);
  }
  for (int i = 0; i < 3; ++i) // no broadcast between lanes
    operands.push_back(arith::ConstantOp::create(c.b, c.b.getI32IntegerAttr(0)));
  StringRef name = half ? "llvm.amdgcn.mfma.f32.16x16x16bf16.1k" : "llvm.amdgcn.mfma.f32.16x16x4f32";
  return LLVM::CallIntrinsicOp::create(c.b, total.getType(), c.b.getStringAttr(name), operands).getResult(0);
}

Value MatrixUnit::multiply(Code c, ArrayRef<Value> a, ArrayRef<Value> b, Value total) const {
  if (!nvidia)
    return mfma(c, a[0], b[0], total, operand.isBF16());
  if (operand.isBF16())
    return mmaSync(c, a, b, total);
  auto spread = [&](ArrayRef<Value> pieces, auto which) {
    SmallVector<Value> values;
    for (int64_t i = 0; i < sums; ++i)
      values.push_back(element(c, pieces[which(i)], 0));
    return vector::FromElementsOp::create(c.b, cast<VectorType>(total.getType()), values).getResult();
  };
  return c.fma(spread(a, [](int64_t i) { return i / 2; }), spread(b, [](int64_t i) { return i % 2; }), total);
}

} // namespace moe
