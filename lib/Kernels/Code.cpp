//===- Code.cpp - short forms for writing loops and arithmetic --------------------------------------------------===//
#include "moe/Kernels/Code.h"

using namespace mlir;

namespace moe {

static bool isReal(Value value) { return isa<FloatType>(getElementTypeOrSelf(value.getType())); }

/// Products and sums may fuse.
static arith::FastMathFlagsAttr contract(OpBuilder &b) {
  return arith::FastMathFlagsAttr::get(b.getContext(), arith::FastMathFlags::contract);
}

Value Code::constant(Type type, double value) const {
  Type element = getElementTypeOrSelf(type);
  TypedAttr attr = isa<FloatType>(element) ? TypedAttr(b.getFloatAttr(element, value)) : TypedAttr(b.getIntegerAttr(element, int64_t(value)));
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, Attribute(attr));
  return arith::ConstantOp::create(b, attr);
}

Value Code::add(Value x, Value y) const {
  return isReal(x) ? arith::AddFOp::create(b, x, y, contract(b)).getResult() : b.createOrFold<arith::AddIOp>(x, y);
}
Value Code::sub(Value x, Value y) const {
  return isReal(x) ? arith::SubFOp::create(b, x, y, contract(b)).getResult() : b.createOrFold<arith::SubIOp>(x, y);
}
Value Code::mul(Value x, Value y) const {
  return isReal(x) ? arith::MulFOp::create(b, x, y, contract(b)).getResult() : b.createOrFold<arith::MulIOp>(x, y);
}

static Type withElement(Type type, Type element) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(VectorType::get(vector.getShape(), element)) : element;
}

Value Code::widen(Value value) const {
  Type element = getElementTypeOrSelf(value.getType());
  if (element.isF32())
    return value;
  Type wide = withElement(value.getType(), b.getF32Type());
  if (element.getIntOrFloatBitWidth() > 32)
    return arith::TruncFOp::create(b, wide, value);
  return arith::ExtFOp::create(b, wide, value);
}

Value Code::narrow(Value value, Type element) const {
  if (element.isF32())
    return value;
  Type type = withElement(value.getType(), element);
  if (element.getIntOrFloatBitWidth() > 32)
    return arith::ExtFOp::create(b, type, value);
  return arith::TruncFOp::create(b, type, value);
}

void Code::loop(Value low, Value high, Body body, int64_t step) const {
  scf::ForOp::create(b, low, high, index(step), ValueRange(), [&](OpBuilder &builder, Location loc, Value at, ValueRange) {
    ImplicitLocOpBuilder inner(loc, builder);
    body(Code(inner), at);
    scf::YieldOp::create(inner);
  });
}

SmallVector<Value> Code::loop(Value low, Value high, ValueRange initial, Carrying body, int64_t step) const {
  auto made = scf::ForOp::create(b, low, high, index(step), initial, [&](OpBuilder &builder, Location loc, Value at, ValueRange carried) {
    ImplicitLocOpBuilder inner(loc, builder);
    scf::YieldOp::create(inner, body(Code(inner), at, carried));
  });
  return SmallVector<Value>(made.getResults());
}

void Code::when(Value condition, llvm::function_ref<void(Code)> then, llvm::function_ref<void(Code)> otherwise) const {
  auto branch = [](llvm::function_ref<void(Code)> body) {
    return [body](OpBuilder &builder, Location loc) {
      ImplicitLocOpBuilder inner(loc, builder);
      body(Code(inner));
      scf::YieldOp::create(inner);
    };
  };
  if (otherwise)
    scf::IfOp::create(b, condition, branch(then), branch(otherwise));
  else
    scf::IfOp::create(b, condition, branch(then));
}

Value Code::branch(Value condition, llvm::function_ref<Value(Code)> then, llvm::function_ref<Value(Code)> otherwise) const {
  auto region = [](llvm::function_ref<Value(Code)> body) {
    return [body](OpBuilder &builder, Location loc) {
      ImplicitLocOpBuilder inner(loc, builder);
      scf::YieldOp::create(inner, body(Code(inner)));
    };
  };
  return scf::IfOp::create(b, condition, region(then), region(otherwise)).getResult(0);
}

//===- vectors --------------------------------------------------------------------------------------------------===//

Value Code::splat(Value scalar, int64_t lanes) const {
  return vector::BroadcastOp::create(b, VectorType::get({lanes}, scalar.getType()), scalar);
}

static VectorType vectorOf(Value memref, int64_t lanes) { return VectorType::get({lanes}, cast<MemRefType>(memref.getType()).getElementType()); }

Value Code::loadVector(Value memref, ValueRange at, int64_t lanes) const {
  return widen(vector::LoadOp::create(b, vectorOf(memref, lanes), memref, at));
}

static Value firstLanes(ImplicitLocOpBuilder &b, int64_t lanes, Value count) {
  return vector::CreateMaskOp::create(b, VectorType::get({lanes}, b.getI1Type()), count);
}

/// Without AVX-512 LLVM takes masked accesses to bf16 apart, by way of a library that is not there.
static bool goesLaneByLane(VectorType type) { return type.getElementType().isBF16(); }

/// `at` moved by some lanes.
static SmallVector<Value> moved(Code c, ValueRange at, Value lane) {
  SmallVector<Value> place(at);
  place.back() = c.add(place.back(), lane);
  return place;
}

Value Code::loadFirst(Value memref, ValueRange at, int64_t lanes, Value count) const {
  VectorType type = vectorOf(memref, lanes);
  if (goesLaneByLane(type))
    return loop(index(0), count, ValueRange(constant(vector(lanes), 0)), [&](Code k, Value lane, ValueRange filled) -> SmallVector<Value> {
      return {vector::InsertOp::create(k.b, k.widen(k.load(memref, moved(k, at, lane))), filled[0], lane)};
    })[0];
  Value zero = constant(type, 0);
  return widen(vector::MaskedLoadOp::create(b, type, memref, at, firstLanes(b, lanes, count), zero));
}

void Code::storeVector(Value value, Value memref, ValueRange at) const {
  vector::StoreOp::create(b, narrow(value, cast<MemRefType>(memref.getType()).getElementType()), memref, at);
}

void Code::storeFirst(Value value, Value memref, ValueRange at, Value count) const {
  int64_t lanes = cast<VectorType>(value.getType()).getDimSize(0);
  if (VectorType type = vectorOf(memref, lanes); goesLaneByLane(type)) {
    loop(index(0), count, [&](Code k, Value lane) {
      k.store(k.narrow(vector::ExtractOp::create(k.b, value, lane), type.getElementType()), memref, moved(k, at, lane));
    });
    return;
  }
  Value narrowed = narrow(value, cast<MemRefType>(memref.getType()).getElementType());
  vector::MaskedStoreOp::create(b, memref, at, firstLanes(b, lanes, count), narrowed);
}

} // namespace moe
