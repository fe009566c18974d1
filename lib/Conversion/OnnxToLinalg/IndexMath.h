//===- IndexMath.h - folding arithmetic on lengths and places -----------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace moe {

/// Arithmetic on index values; what is constant folds at once, so that types stay static.
class IndexMath {
public:
  explicit IndexMath(mlir::ImplicitLocOpBuilder &b) : b(b) {}
  using Value = mlir::Value;
  using P = mlir::arith::CmpIPredicate;

  Value of(int64_t value) { return mlir::arith::ConstantIndexOp::create(b, value); }
  Value add(Value x, Value y) { return b.createOrFold<mlir::arith::AddIOp>(x, y); }
  Value add(Value x, int64_t y) { return y == 0 ? x : add(x, of(y)); }
  Value sub(Value x, Value y) { return b.createOrFold<mlir::arith::SubIOp>(x, y); }
  Value sub(Value x, int64_t y) { return y == 0 ? x : sub(x, of(y)); }
  Value mul(Value x, Value y) { return b.createOrFold<mlir::arith::MulIOp>(x, y); }
  Value mul(Value x, int64_t y) { return y == 1 ? x : mul(x, of(y)); }
  /// Quotients of numbers that are not negative; the divisor is not 0.
  Value div(Value x, Value y) { return b.createOrFold<mlir::arith::DivUIOp>(x, y); }
  Value div(Value x, int64_t y) { return y == 1 ? x : div(x, of(y)); }
  Value rem(Value x, Value y) { return b.createOrFold<mlir::arith::RemUIOp>(x, y); }
  Value rem(Value x, int64_t y) { return rem(x, of(y)); }
  /// Quotients rounded down and up, of signed numbers.
  Value floorDiv(Value x, int64_t y) { return y == 1 ? x : b.createOrFold<mlir::arith::FloorDivSIOp>(x, of(y)); }
  Value ceilDiv(Value x, int64_t y) { return y == 1 ? x : b.createOrFold<mlir::arith::CeilDivSIOp>(x, of(y)); }
  Value max(Value x, Value y) { return b.createOrFold<mlir::arith::MaxSIOp>(x, y); }
  Value max(Value x, int64_t y) { return max(x, of(y)); }
  Value min(Value x, Value y) { return b.createOrFold<mlir::arith::MinSIOp>(x, y); }
  Value cmp(P predicate, Value x, Value y) { return b.createOrFold<mlir::arith::CmpIOp>(predicate, x, y); }
  Value cmp(P predicate, Value x, int64_t y) { return cmp(predicate, x, of(y)); }
  Value both(Value x, Value y) { return b.createOrFold<mlir::arith::AndIOp>(x, y); }
  Value either(Value x, Value y) { return b.createOrFold<mlir::arith::OrIOp>(x, y); }
  Value select(Value condition, Value x, Value y) { return b.createOrFold<mlir::arith::SelectOp>(condition, x, y); }

private:
  mlir::ImplicitLocOpBuilder &b;
};

} // namespace moe
