//===- EmulateTiles.cpp - AMX tiles as vectors ------------------------------------------------------------------===//
#include "moe/Dialect/Rt.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_EMULATETILES
#include "moe/Transforms/Passes.h.inc"

namespace {

VectorType vectorOf(Type tile) {
  auto type = cast<amx::TileType>(tile);
  return VectorType::get(type.getShape(), type.getElementType());
}

/// The place of row `row` of a tile at `indices`.
SmallVector<Value> rowAt(ImplicitLocOpBuilder &b, ValueRange indices, int64_t row) {
  SmallVector<Value> place(indices);
  Value &outer = place[place.size() - 2];
  outer = arith::AddIOp::create(b, outer, arith::ConstantIndexOp::create(b, row));
  return place;
}

struct ZeroPattern : OpConversionPattern<amx::TileZeroOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(amx::TileZeroOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, rewriter.getZeroAttr(vectorOf(op.getType())));
    return success();
  }
};

struct LoadPattern : OpConversionPattern<amx::TileLoadOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(amx::TileLoadOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    VectorType type = vectorOf(op.getType()), row = VectorType::get(type.getDimSize(1), type.getElementType());
    Value tile = arith::ConstantOp::create(b, rewriter.getZeroAttr(type));
    for (int64_t m = 0; m < type.getDimSize(0); ++m)
      tile = vector::InsertOp::create(b, vector::LoadOp::create(b, row, op.getBase(), rowAt(b, op.getIndices(), m)), tile, m);
    rewriter.replaceOp(op, tile);
    return success();
  }
};

struct StorePattern : OpConversionPattern<amx::TileStoreOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(amx::TileStoreOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    for (int64_t m = 0; m < vectorOf(op.getVal().getType()).getDimSize(0); ++m)
      vector::StoreOp::create(b, vector::ExtractOp::create(b, adaptor.getVal(), m), op.getBase(), rowAt(b, op.getIndices(), m));
    rewriter.eraseOp(op);
    return success();
  }
};

/// acc[m, n] += sum over j of lhs[m, j] * rhs[j / 2, 2 * n + j mod 2].
struct MultiplyPattern : OpConversionPattern<amx::TileMulFOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(amx::TileMulFOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    VectorType type = vectorOf(op.getType()), sums = VectorType::get(type.getDimSize(1), b.getF32Type());
    VectorType words = VectorType::get(type.getDimSize(1), b.getI32Type());
    auto constant = [&](int64_t value) { return arith::ConstantOp::create(b, DenseElementsAttr::get(words, b.getI32IntegerAttr(value))); };
    SmallVector<Value> weights;
    for (int64_t word = 0; word < vectorOf(op.getRhs().getType()).getDimSize(0); ++word) {
      Value pairs = vector::BitCastOp::create(b, words, vector::ExtractOp::create(b, adaptor.getRhs(), word));
      weights.push_back(arith::BitcastOp::create(b, sums, arith::ShLIOp::create(b, pairs, constant(16))));
      weights.push_back(arith::BitcastOp::create(b, sums, arith::AndIOp::create(b, pairs, constant(int32_t(0xffff0000)))));
    }
    Value result = adaptor.getAcc();
    for (int64_t m = 0; m < type.getDimSize(0); ++m) {
      Value sum = vector::ExtractOp::create(b, result, m), row = vector::ExtractOp::create(b, adaptor.getLhs(), m);
      for (auto [j, weight] : llvm::enumerate(weights)) {
        Value element = vector::ExtractOp::create(b, row, int64_t(j));
        Value factor = arith::ExtFOp::create(b, b.getF32Type(), element);
        sum = vector::FMAOp::create(b, vector::BroadcastOp::create(b, sums, factor), weight, sum);
      }
      result = vector::InsertOp::create(b, sum, result, m);
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct EmulateTilesPass : impl::EmulateTilesBase<EmulateTilesPass> {
  void runOnOperation() override {
    // The bodies with tiles take the place of those for the instruction set below.
    StringAttr below = StringAttr::get(&getContext(), "avx512");
    auto isaOf = [](func::FuncOp kernel) { return kernel->getAttrOfType<StringAttr>(rt::kIsaAttr); };
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (!isaOf(kernel) || isaOf(kernel) != "amx")
        continue;
      std::string name = (kernel.getSymName().drop_back(StringRef("amx").size()) + below.getValue()).str();
      if (auto replaced = getOperation().lookupSymbol<func::FuncOp>(name))
        replaced.erase();
      kernel.setSymName(name);
      kernel->setAttr(rt::kIsaAttr, below);
    }
    TypeConverter types;
    types.addConversion([](Type type) { return type; });
    types.addConversion([](amx::TileType type) -> Type { return vectorOf(type); });
    ConversionTarget target(getContext());
    target.addIllegalDialect<amx::AMXDialect>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    RewritePatternSet patterns(&getContext());
    patterns.add<ZeroPattern, LoadPattern, StorePattern, MultiplyPattern>(types, &getContext());
    scf::populateSCFStructuralTypeConversionsAndLegality(types, patterns, target);
    if (failed(applyPartialConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace moe
