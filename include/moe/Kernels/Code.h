//===- Code.h - short forms for writing loops and arithmetic ------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace moe {

/// A place in the code that is being made, with short names for what kernels are made of. Indices are of type index; comparisons of
/// indices are unsigned.
class Code {
public:
  using Value = mlir::Value;
  using Body = llvm::function_ref<void(Code, Value index)>;
  using Carrying = llvm::function_ref<llvm::SmallVector<Value>(Code, Value index, mlir::ValueRange carried)>;

  explicit Code(mlir::ImplicitLocOpBuilder &b) : b(b) {}

  mlir::ImplicitLocOpBuilder &b;

  Value index(int64_t value) const { return mlir::arith::ConstantIndexOp::create(b, value); }
  Value real(double value) const { return constant(b.getF32Type(), value); }
  Value constant(mlir::Type type, double value) const;
  Value flag(bool value) const { return mlir::arith::ConstantOp::create(b, b.getBoolAttr(value)); }

  Value add(Value x, Value y) const;
  Value sub(Value x, Value y) const;
  Value mul(Value x, Value y) const;
  Value div(Value x, Value y) const { return b.createOrFold<mlir::arith::DivUIOp>(x, y); }
  Value rem(Value x, Value y) const { return b.createOrFold<mlir::arith::RemUIOp>(x, y); }
  Value ceilDiv(Value x, Value y) const { return div(add(x, sub(y, index(1))), y); }
  Value minIndex(Value x, Value y) const { return b.createOrFold<mlir::arith::MinUIOp>(x, y); }
  Value maxIndex(Value x, Value y) const { return b.createOrFold<mlir::arith::MaxUIOp>(x, y); }
  Value less(Value x, Value y) const { return mlir::arith::CmpIOp::create(b, mlir::arith::CmpIPredicate::ult, x, y); }
  Value equal(Value x, Value y) const { return mlir::arith::CmpIOp::create(b, mlir::arith::CmpIPredicate::eq, x, y); }
  Value both(Value x, Value y) const { return mlir::arith::AndIOp::create(b, x, y); }
  Value either(Value x, Value y) const { return mlir::arith::OrIOp::create(b, x, y); }
  Value choose(Value condition, Value x, Value y) const { return mlir::arith::SelectOp::create(b, condition, x, y); }
  Value compare(mlir::arith::CmpFPredicate predicate, Value x, Value y) const { return mlir::arith::CmpFOp::create(b, predicate, x, y); }

  /// An integer as an index, and back.
  Value asIndex(Value integer) const { return mlir::arith::IndexCastOp::create(b, b.getIndexType(), integer); }
  Value asInteger(Value index, mlir::Type type) const { return mlir::arith::IndexCastOp::create(b, type, index); }
  /// A float scalar or vector in float32, and back in `element`.
  Value widen(Value value) const;
  Value narrow(Value value, mlir::Type element) const;

  Value dim(Value memref, int64_t axis) const { return b.createOrFold<mlir::memref::DimOp>(memref, index(axis)); }
  Value load(Value memref, mlir::ValueRange at) const { return mlir::memref::LoadOp::create(b, memref, at); }
  void store(Value value, Value memref, mlir::ValueRange at) const { mlir::memref::StoreOp::create(b, value, memref, at); }

  void loop(Value low, Value high, Body body, int64_t step = 1) const;
  llvm::SmallVector<Value> loop(Value low, Value high, mlir::ValueRange initial, Carrying body, int64_t step = 1) const;
  void when(Value condition, llvm::function_ref<void(Code)> then, llvm::function_ref<void(Code)> otherwise = nullptr) const;
  /// What the branch taken gives.
  Value branch(Value condition, llvm::function_ref<Value(Code)> then, llvm::function_ref<Value(Code)> otherwise) const;

  //===- vectors ------------------------------------------------------------------------------------------------===//

  mlir::VectorType vector(int64_t lanes) const { return mlir::VectorType::get({lanes}, b.getF32Type()); }
  Value splat(Value scalar, int64_t lanes) const;
  Value fma(Value x, Value y, Value z) const { return mlir::vector::FMAOp::create(b, x, y, z); }
  /// `lanes` elements along the last axis as float32.
  Value loadVector(Value memref, mlir::ValueRange at, int64_t lanes) const;
  /// The same; lanes at and after `count` read 0 and touch no memory.
  Value loadFirst(Value memref, mlir::ValueRange at, int64_t lanes, Value count) const;
  void storeVector(Value vector, Value memref, mlir::ValueRange at) const;
  void storeFirst(Value vector, Value memref, mlir::ValueRange at, Value count) const;
};

} // namespace moe
