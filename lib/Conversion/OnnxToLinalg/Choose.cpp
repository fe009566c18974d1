//===- Choose.cpp - operators whose results are as long as the data say -----------------------------------------===//
#include "IndexMath.h"
#include "Loops.h"
#include "Scalars.h"
#include "moe/Dialect/Moe.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace moe {
namespace {

using Build = ImplicitLocOpBuilder &;

/// How many places of [0, lengths) hold.
Value count(NodeLowering &n, ValueRange lengths, function_ref<Value(Build, ValueRange)> holds) {
  return foldLoops(n.b, lengths, n.index(0), [&](Build b, ValueRange at, Value sum) -> Value {
    return arith::AddIOp::create(b, sum, arith::IndexCastUIOp::create(b, b.getIndexType(), holds(b, at)));
  });
}

/// Runs over [0, lengths) with tensors and a counter: where `holds`, `write` replaces the tensors, and the counter rises.
SmallVector<Value> collect(NodeLowering &n, ValueRange lengths, SmallVector<Value> tensors, function_ref<Value(Build, ValueRange)> holds,
                           function_ref<SmallVector<Value>(Build, ValueRange at, Value counter, ValueRange tensors)> write) {
  tensors.push_back(n.index(0));
  SmallVector<Value> results = foldLoops(n.b, lengths, tensors, [&](Build b, ValueRange at, ValueRange carried) {
    auto chosen = scf::IfOp::create(b, carried.getTypes(), holds(b, at), /*addThenBlock=*/true, /*addElseBlock=*/true);
    ImplicitLocOpBuilder then(b.getLoc(), chosen.getThenBodyBuilder()), otherwise(b.getLoc(), chosen.getElseBodyBuilder());
    SmallVector<Value> written = write(then, at, carried.back(), carried.drop_back());
    written.push_back(arith::AddIOp::create(then, carried.back(), arith::ConstantIndexOp::create(then, 1)));
    scf::YieldOp::create(then, written);
    scf::YieldOp::create(otherwise, carried);
    return SmallVector<Value>(chosen.getResults());
  });
  results.pop_back();
  return results;
}

SmallVector<Value> lengthsOf(NodeLowering &n, unsigned operand) {
  return llvm::map_to_vector(llvm::seq<int64_t>(0, n.rank(operand)), [&](int64_t axis) { return n.dim(operand, axis); });
}

/// The places of elements that are not 0, as columns.
LogicalResult nonZero(NodeLowering &n) {
  Value data = n.in(0);
  int64_t rank = n.rank(0);
  Type i64 = n.b.getI64Type();
  bool isUnsigned = n.element(0).isUnsignedInteger();
  SmallVector<Value> lengths = lengthsOf(n, 0);
  auto holds = [&](Build b, ValueRange at) -> Value {
    return castScalar(b, tensor::ExtractOp::create(b, data, at), b.getI1Type(), isUnsigned, false);
  };
  Value places = n.empty({n.b.getIndexAttr(rank), getAsOpFoldResult(count(n, lengths, holds))}, i64);
  return n.done(collect(n, lengths, {places}, holds, [&](Build b, ValueRange at, Value counter, ValueRange tensors) {
    Value result = tensors[0];
    for (auto [axis, index] : llvm::enumerate(at))
      result = tensor::InsertOp::create(b, arith::IndexCastOp::create(b, i64, index), result,
                                        ValueRange{arith::ConstantIndexOp::create(b, axis), counter});
    return SmallVector<Value>{result};
  }));
}

/// The slices along an axis, or the elements, for which a vector of flags holds.
LogicalResult compress(NodeLowering &n) {
  auto axis = n.node.attribute("axis") ? std::optional(NodeLowering::wrap(n.node.intAttribute("axis", 0), n.rank(0))) : std::nullopt;
  IndexMath m(n.b);
  Value data = n.in(0), flags = n.in(1), length = n.index(1);
  SmallVector<OpFoldResult> sizes = n.sizes(data);
  if (axis)
    length = n.asValue(sizes[*axis]);
  else
    for (OpFoldResult size : sizes)
      length = m.mul(length, n.asValue(size));
  if (!axis) {
    data = n.reshape(data, {getAsOpFoldResult(length)});
    sizes = {getAsOpFoldResult(length)};
  }
  Value given = n.dim(1u, 0);
  n.check(m.cmp(IndexMath::P::ule, given, length), "the condition is longer than what it chooses from");
  auto holds = [&](Build b, ValueRange at) -> Value { return tensor::ExtractOp::create(b, flags, at); };
  Value chosen = count(n, given, holds), places = n.empty({getAsOpFoldResult(chosen)}, n.b.getIndexType());
  places = collect(n, given, {places}, holds, [&](Build b, ValueRange at, Value counter, ValueRange tensors) {
    return SmallVector<Value>{tensor::InsertOp::create(b, at[0], tensors[0], counter)};
  })[0];
  int64_t along = axis.value_or(0);
  sizes[along] = getAsOpFoldResult(chosen);
  return n.done(n.generate(sizes, signless(n.element(0)), [&](OpBuilder &builder, Location loc, ValueRange at) -> Value {
    SmallVector<Value> from(at);
    from[along] = tensor::ExtractOp::create(builder, loc, places, at[along]);
    return tensor::ExtractOp::create(builder, loc, data, from);
  }));
}

/// Sorted elements without repetition; where each was first, where each element is among them, and how often it came.
LogicalResult unique(NodeLowering &n) {
  if (n.node.attribute("axis") && n.rank(0) != 1)
    return n.fail("slices along an axis are not supported; flatten the operand");
  if (n.node.intAttribute("sorted", 1) == 0)
    return n.fail("sorted 0 is not supported; export with sorted 1");
  if (n.element(0).isUnsignedInteger())
    return n.fail("unsigned elements are not supported; cast the operand");
  IndexMath m(n.b);
  Type element = signless(n.element(0)), i64 = n.b.getI64Type();
  Value length = n.index(1);
  for (int64_t axis = 0; axis < n.rank(0); ++axis)
    length = m.mul(length, n.dim(0u, axis));
  SmallVector<OpFoldResult> all = {getAsOpFoldResult(length)};
  Value flat = n.reshape(n.in(0), all);
  auto typeOf = [&](Type of) { return RankedTensorType::get(std::get<0>(decomposeMixedValues(all)), of); };
  auto order = TopKOp::create(n.b, typeOf(element), typeOf(i64), n.cast(flat, typeOf(element)), length, n.b.getBoolAttr(false));
  Value values = order.getValues(), indices = order.getIndices();
  // A run of equal elements begins where the element before is another one.
  auto begins = [&](Build b, ValueRange at) -> Value {
    Value zero = arith::ConstantIndexOp::create(b, 0), isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, at[0], zero);
    Value before = arith::SelectOp::create(b, isFirst, zero, arith::SubIOp::create(b, at[0], arith::ConstantIndexOp::create(b, 1)));
    Value x = tensor::ExtractOp::create(b, values, at), y = tensor::ExtractOp::create(b, values, before), other;
    if (isa<FloatType>(element))
      other = arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, castScalar(b, x, accumulator(n, element), false, false), castScalar(b, y, accumulator(n, element), false, false));
    else
      other = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, x, y);
    return arith::OrIOp::create(b, isFirst, other);
  };
  SmallVector<OpFoldResult> runs = {getAsOpFoldResult(count(n, length, begins))};
  SmallVector<Value> found = collect(n, length, {n.empty(runs, element), n.empty(runs, i64)}, begins,
                                     [&](Build b, ValueRange at, Value counter, ValueRange tensors) {
    return SmallVector<Value>{tensor::InsertOp::create(b, tensor::ExtractOp::create(b, values, at), tensors[0], counter),
                              tensor::InsertOp::create(b, tensor::ExtractOp::create(b, indices, at), tensors[1], counter)};
  });
  // The run of each element, and how long the runs are.
  SmallVector<Value> start = {n.empty(all, i64), n.filled(runs, n.constant(i64, 0)), n.index(-1)};
  SmallVector<Value> placed = foldLoops(n.b, length, start, [&](Build b, ValueRange at, ValueRange carried) {
    Value run = arith::AddIOp::create(b, carried[2], arith::IndexCastUIOp::create(b, b.getIndexType(), begins(b, at)));
    Value from = arith::IndexCastOp::create(b, b.getIndexType(), tensor::ExtractOp::create(b, indices, at));
    Value one = scalarConstant(b, i64, 1), seen = tensor::ExtractOp::create(b, carried[1], run);
    return SmallVector<Value>{tensor::InsertOp::create(b, arith::IndexCastOp::create(b, i64, run), carried[0], from),
                              tensor::InsertOp::create(b, arith::AddIOp::create(b, seen, one), carried[1], run), run};
  });
  return n.done({found[0], found[1], placed[0], placed[1]});
}

} // namespace

void addChoose(LoweringTable &table) {
  table["NonZero"] = nonZero;
  table["Compress"] = compress;
  table["Unique"] = unique;
}

} // namespace moe
