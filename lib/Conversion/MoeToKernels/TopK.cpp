//===- TopK.cpp - the kernel of moe.top_k -----------------------------------------------------------------------===//
//
// A task is a row. Few elements are kept in a list sorted by insertion; many are found by a stable merge sort of indices.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Lowerings.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {
namespace {

using Build = ImplicitLocOpBuilder &;
constexpr int64_t kMaxInsertion = 16; ///< most elements that are found by insertion

Value constant(Build b, int64_t value) { return arith::ConstantIndexOp::create(b, value); }

/// True where x comes before y for certain: equal elements keep their order. NaN counts as the largest.
Value before(Build b, Value x, Value y, bool largest) {
  if (!isa<FloatType>(x.getType()))
    return arith::CmpIOp::create(b, largest ? arith::CmpIPredicate::sgt : arith::CmpIPredicate::slt, x, y);
  using P = arith::CmpFPredicate;
  Value ordered = arith::CmpFOp::create(b, largest ? P::OGT : P::OLT, x, y);
  Value nan = arith::CmpFOp::create(b, P::UNO, largest ? x : y, largest ? x : y);
  Value number = arith::CmpFOp::create(b, P::ORD, largest ? y : x, largest ? y : x);
  return arith::OrIOp::create(b, ordered, arith::AndIOp::create(b, nan, number));
}

/// What the kernel of one row works with.
struct Row {
  Value input, values, indices, scratch; ///< [rows, n], [rows, k], [rows, k], [rows, 2, n]
  Value row, n, k;
  bool largest;

  Value element(Build b, Value at) const { return memref::LoadOp::create(b, input, ValueRange{row, at}); }
};

/// Keeps the k best so far in the results, best first.
void insertionSelect(Build b, const Row &r) {
  Value zero = constant(b, 0), one = constant(b, 1);
  scf::ForOp::create(b, zero, r.n, one, ValueRange(), [&](OpBuilder &builder, Location loc, Value at, ValueRange) {
    ImplicitLocOpBuilder b(loc, builder);
    Value x = r.element(b, at);
    // Move worse elements down until the place of x is free; j counts from the end of the list.
    Value held = arith::MinUIOp::create(b, at, r.k);
    auto loop = scf::WhileOp::create(
        b, TypeRange(b.getIndexType()), ValueRange(held),
        [&](OpBuilder &builder, Location loc, ValueRange args) {
          ImplicitLocOpBuilder b(loc, builder);
          Value some = arith::CmpIOp::create(b, arith::CmpIPredicate::ugt, args[0], zero);
          auto goes = scf::IfOp::create(b, some, [&](OpBuilder &builder, Location loc) {
            ImplicitLocOpBuilder b(loc, builder);
            Value above = memref::LoadOp::create(b, r.values, ValueRange{r.row, arith::SubIOp::create(b, args[0], one)});
            scf::YieldOp::create(b, before(b, x, above, r.largest));
          }, [&](OpBuilder &builder, Location loc) {
            ImplicitLocOpBuilder b(loc, builder);
            scf::YieldOp::create(b, arith::ConstantOp::create(b, b.getBoolAttr(false)).getResult());
          });
          scf::ConditionOp::create(b, goes.getResult(0), args);
        },
        [&](OpBuilder &builder, Location loc, ValueRange args) {
          ImplicitLocOpBuilder b(loc, builder);
          Value above = arith::SubIOp::create(b, args[0], one);
          Value fits = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, args[0], r.k);
          scf::IfOp::create(b, fits, [&](OpBuilder &builder, Location loc) {
            ImplicitLocOpBuilder b(loc, builder);
            memref::StoreOp::create(b, memref::LoadOp::create(b, r.values, ValueRange{r.row, above}), r.values, ValueRange{r.row, args[0]});
            memref::StoreOp::create(b, memref::LoadOp::create(b, r.indices, ValueRange{r.row, above}), r.indices, ValueRange{r.row, args[0]});
            scf::YieldOp::create(b);
          });
          scf::YieldOp::create(b, above);
        });
    Value place = loop.getResult(0);
    scf::IfOp::create(b, arith::CmpIOp::create(b, arith::CmpIPredicate::ult, place, r.k), [&](OpBuilder &builder, Location loc) {
      ImplicitLocOpBuilder b(loc, builder);
      memref::StoreOp::create(b, x, r.values, ValueRange{r.row, place});
      memref::StoreOp::create(b, arith::IndexCastOp::create(b, b.getI64Type(), at), r.indices, ValueRange{r.row, place});
      scf::YieldOp::create(b);
    });
    scf::YieldOp::create(b);
  });
}

/// Merges the sorted runs [low, middle) and [middle, high) of half `from` of the scratch row into half `to`.
void merge(Build b, const Row &r, Value from, Value to, Value low, Value middle, Value high) {
  Value one = constant(b, 1), last = arith::SubIOp::create(b, r.n, one);
  auto at = [&](Build b, Value place) {
    Value safe = arith::MinUIOp::create(b, place, last);
    return arith::IndexCastOp::create(b, b.getIndexType(), memref::LoadOp::create(b, r.scratch, ValueRange{r.row, from, safe})).getResult();
  };
  scf::ForOp::create(b, low, high, one, ValueRange{low, middle}, [&](OpBuilder &builder, Location loc, Value out, ValueRange heads) {
    ImplicitLocOpBuilder b(loc, builder);
    Value left = at(b, heads[0]), right = at(b, heads[1]);
    Value leftLeft = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, heads[0], middle);
    Value rightGone = arith::CmpIOp::create(b, arith::CmpIPredicate::uge, heads[1], high);
    Value rightBefore = before(b, r.element(b, right), r.element(b, left), r.largest);
    Value notBefore = arith::XOrIOp::create(b, rightBefore, arith::ConstantOp::create(b, b.getBoolAttr(true)));
    Value takeLeft = arith::AndIOp::create(b, leftLeft, arith::OrIOp::create(b, rightGone, notBefore));
    Value taken = arith::SelectOp::create(b, takeLeft, left, right);
    memref::StoreOp::create(b, arith::IndexCastOp::create(b, b.getI64Type(), taken), r.scratch, ValueRange{r.row, to, out});
    Value step = arith::IndexCastUIOp::create(b, b.getIndexType(), takeLeft);
    scf::YieldOp::create(b, ValueRange{arith::AddIOp::create(b, heads[0], step), arith::AddIOp::create(b, heads[1], arith::SubIOp::create(b, one, step))});
  });
}

/// Sorts all indices of the row, run length doubling, and copies the first k out.
void mergeSort(Build b, const Row &r) {
  Value zero = constant(b, 0), one = constant(b, 1), two = constant(b, 2);
  scf::ForOp::create(b, zero, r.n, one, ValueRange(), [&](OpBuilder &builder, Location loc, Value at, ValueRange) {
    ImplicitLocOpBuilder b(loc, builder);
    memref::StoreOp::create(b, arith::IndexCastOp::create(b, b.getI64Type(), at), r.scratch, ValueRange{r.row, zero, at});
    scf::YieldOp::create(b);
  });
  auto rounds = scf::WhileOp::create(
      b, TypeRange{b.getIndexType(), b.getIndexType()}, ValueRange{one, zero},
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        ImplicitLocOpBuilder b(loc, builder);
        scf::ConditionOp::create(b, arith::CmpIOp::create(b, arith::CmpIPredicate::ult, args[0], r.n), args);
      },
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        ImplicitLocOpBuilder b(loc, builder);
        Value width = args[0], from = args[1], to = arith::SubIOp::create(b, one, from), step = arith::MulIOp::create(b, width, two);
        scf::ForOp::create(b, zero, r.n, step, ValueRange(), [&](OpBuilder &builder, Location loc, Value low, ValueRange) {
          ImplicitLocOpBuilder b(loc, builder);
          Value middle = arith::MinUIOp::create(b, arith::AddIOp::create(b, low, width), r.n);
          Value high = arith::MinUIOp::create(b, arith::AddIOp::create(b, low, step), r.n);
          merge(b, r, from, to, low, middle, high);
          scf::YieldOp::create(b);
        });
        scf::YieldOp::create(b, ValueRange{step, to});
      });
  Value sorted = rounds.getResult(1);
  scf::ForOp::create(b, zero, r.k, one, ValueRange(), [&](OpBuilder &builder, Location loc, Value at, ValueRange) {
    ImplicitLocOpBuilder b(loc, builder);
    Value index = memref::LoadOp::create(b, r.scratch, ValueRange{r.row, sorted, at});
    memref::StoreOp::create(b, index, r.indices, ValueRange{r.row, at});
    memref::StoreOp::create(b, r.element(b, arith::IndexCastOp::create(b, b.getIndexType(), index)), r.values, ValueRange{r.row, at});
    scf::YieldOp::create(b);
  });
}

} // namespace

void lowerTopK(TopKOp op, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  int64_t rank = cast<RankedTensorType>(op.getInput().getType()).getRank();
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), op.getInput());
  Value n = getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes.back()), k = op.getK();
  SmallVector<Value> outer;
  for (int64_t axis = 0; axis + 1 < rank; ++axis)
    outer.push_back(getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes[axis]));
  Value rows = product(b, outer);
  sizes.back() = k;
  Value values = newBuffer(b, cast<RankedTensorType>(op.getValues().getType()), sizes);
  Value indices = newBuffer(b, cast<RankedTensorType>(op.getIndices().getType()), sizes);
  Value few = arith::CmpIOp::create(b, arith::CmpIPredicate::ule, k, constant(b, kMaxInsertion));
  // The sort's workspace: two halves that the runs move between.
  Value space = arith::SelectOp::create(b, few, constant(b, 0), n);
  Value scratch = memref::AllocOp::create(b, MemRefType::get({ShapedType::kDynamic, 2, ShapedType::kDynamic}, b.getI64Type()), ValueRange{rows, space});
  bool largest = op.getLargest();
  Value input = asRows(b, bufferOf(b, op.getInput()), rows, n);
  SmallVector<Value> args = {input, asRows(b, values, rows, k), asRows(b, indices, rows, k), scratch, n, k};
  Value cost = arith::MulIOp::create(b, n, constant(b, 4));
  launch(b, "top_k", args, rows, cost, [&](Build kernel, ValueRange inside, Value begin, Value end) {
    forEachTask(kernel, begin, end, [&](Build b, Value row) {
      Row r{inside[0], inside[1], inside[2], inside[3], row, inside[4], inside[5], largest};
      Value few = arith::CmpIOp::create(b, arith::CmpIPredicate::ule, r.k, constant(b, kMaxInsertion));
      scf::IfOp::create(b, few, [&](OpBuilder &builder, Location loc) {
        ImplicitLocOpBuilder b(loc, builder);
        insertionSelect(b, r);
        scf::YieldOp::create(b);
      }, [&](OpBuilder &builder, Location loc) {
        ImplicitLocOpBuilder b(loc, builder);
        mergeSort(b, r);
        scf::YieldOp::create(b);
      });
    });
  });
  rewriter.replaceOp(op, {tensorOf(b, values, op.getValues().getType()), tensorOf(b, indices, op.getIndices().getType())});
}

} // namespace moe
