//===- ExpandDeviceMath.cpp - elementary functions in device code become arithmetic ------------------------------===//
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Approximation.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_EXPANDDEVICEMATH
#include "moe/Transforms/Passes.h.inc"

namespace {

/// sin(x), or cos(x) = sin(x + pi/2): n = round(2 x / pi), and a Taylor polynomial of the rest, all in float64.
template <typename Op, int64_t quarter> struct ExpandPeriodic : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!op.getType().isF32() && !op.getType().isF64())
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type f64 = b.getF64Type(), i64 = b.getI64Type();
    auto real = [&](double value) -> Value { return arith::ConstantOp::create(b, b.getF64FloatAttr(value)); };
    auto whole = [&](int64_t value) -> Value { return arith::ConstantOp::create(b, b.getI64IntegerAttr(value)); };
    auto fma = [&](Value x, Value y, Value z) -> Value { return math::FmaOp::create(b, x, y, z); };
    Value x = op.getType().isF64() ? op.getOperand() : arith::ExtFOp::create(b, f64, op.getOperand()).getResult();
    Value n = math::RoundEvenOp::create(b, arith::MulFOp::create(b, x, real(0x1.45f306dc9c883p-1)));
    Value r = fma(n, real(-0x1.1a62633145c07p-54), fma(n, real(-0x1.921fb54442d18p+0), x)), square = arith::MulFOp::create(b, r, r);
    auto polynomial = [&](ArrayRef<double> factors) {
      Value sum = real(factors.front());
      for (double factor : factors.drop_front())
        sum = fma(sum, square, real(factor));
      return sum;
    };
    Value sine = arith::MulFOp::create(b, r, polynomial({1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6, 1.0}));
    Value cosine = polynomial({1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24, -0.5, 1.0});
    Value turn = arith::AddIOp::create(b, arith::FPToSIOp::create(b, i64, n), whole(quarter));
    auto bit = [&](int64_t mask) -> Value {
      return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, arith::AndIOp::create(b, turn, whole(mask)), whole(0));
    };
    Value value = arith::SelectOp::create(b, bit(1), cosine, sine);
    value = arith::SelectOp::create(b, bit(2), arith::NegFOp::create(b, value), value);
    rewriter.replaceOp(op, op.getType().isF64() ? value : arith::TruncFOp::create(b, op.getType(), value).getResult());
    return success();
  }
};

/// |x| of an integer is the larger one of x and -x.
struct ExpandAbsolute : OpRewritePattern<math::AbsIOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::AbsIOp op, PatternRewriter &rewriter) const override {
    Value zero = arith::ConstantOp::create(rewriter, op.getLoc(), rewriter.getZeroAttr(op.getType()));
    Value negative = arith::SubIOp::create(rewriter, op.getLoc(), zero, op.getOperand());
    rewriter.replaceOpWithNewOp<arith::MaxSIOp>(op, op.getOperand(), negative);
    return success();
  }
};

/// What a GPU has an instruction for, as LLVM's intrinsic: the vendors' own passes would call their libraries for it.
template <typename Op> struct ToIntrinsic : OpRewritePattern<Op> {
  ToIntrinsic(MLIRContext *context, StringRef name) : OpRewritePattern<Op>(context), name(name) {}
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<LLVM::CallIntrinsicOp>(op, op.getType(), rewriter.getStringAttr(name), op->getOperands());
    return success();
  }
  StringRef name;
};

void addIntrinsics(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ToIntrinsic<math::AbsFOp>>(context, "llvm.fabs");
  patterns.add<ToIntrinsic<math::CeilOp>>(context, "llvm.ceil");
  patterns.add<ToIntrinsic<math::CopySignOp>>(context, "llvm.copysign");
  patterns.add<ToIntrinsic<math::FloorOp>>(context, "llvm.floor");
  patterns.add<ToIntrinsic<math::FmaOp>>(context, "llvm.fma");
  patterns.add<ToIntrinsic<math::RoundEvenOp>>(context, "llvm.roundeven");
  patterns.add<ToIntrinsic<math::RoundOp>>(context, "llvm.round");
  patterns.add<ToIntrinsic<math::SqrtOp>>(context, "llvm.sqrt");
  patterns.add<ToIntrinsic<math::TruncOp>>(context, "llvm.trunc");
}

struct ExpandDeviceMathPass : impl::ExpandDeviceMathBase<ExpandDeviceMathPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandPeriodic<math::SinOp, 0>, ExpandPeriodic<math::CosOp, 1>>(&getContext(), /*benefit=*/10);
    patterns.add<ExpandAbsolute>(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
      return name != math::SinOp::getOperationName() && name != math::CosOp::getOperationName();
    });
    math::populateExpansionPatterns(patterns, {"sinh", "cosh", "tan", "asinh", "acosh", "atanh", "fpowi", "powf", "exp2", "rsqrt"});
    RewritePatternSet intrinsics(&getContext());
    addIntrinsics(intrinsics);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))) || failed(applyPatternsGreedily(getOperation(), std::move(intrinsics))))
      signalPassFailure();
  }
};

} // namespace
} // namespace moe
