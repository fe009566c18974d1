//===- Contraction.cpp - sums of products of floats in double ---------------------------------------------------===//
//
// `x` is the operand that is read a row at a time and kept as doubles, `w` the one that is streamed: along the reduction where its
// neighbours lie there (dot), else along a result axis (rows). Loops that x does not depend on run inside, so that x is read once.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Contraction.h"
#include "Lanes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace moe::reference {

/// The block argument that a value is, but for a widening.
static BlockArgument argumentOf(Value value) {
  if (auto wide = value.getDefiningOp<arith::ExtFOp>())
    value = wide.getIn();
  return dyn_cast<BlockArgument>(value);
}

bool isContraction(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1)
    return false;
  Block &body = *op.getBlock();
  auto sum = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum || sum->getBlock() != &body || !llvm::all_of(op->getOperandTypes(), llvm::IsaPred<RankedTensorType>))
    return false;
  BlockArgument out = body.getArgument(2);
  Value addend = sum.getLhs() == out ? sum.getRhs() : sum.getRhs() == out ? sum.getLhs() : Value();
  auto product = addend ? addend.getDefiningOp<arith::MulFOp>() : arith::MulFOp();
  if (!product || !out.hasOneUse())
    return false;
  BlockArgument a = argumentOf(product.getLhs()), b = argumentOf(product.getRhs());
  return a && b && a != b && a != out && b != out;
}

namespace {

/// One order of the loops.
struct Order {
  const Tensor &x, &w;
  Access xAccess, wAccess, outAccess;
  ArrayRef<int64_t> sizes;
  SmallVector<unsigned> outer, shared, inner; ///< result loops of x, the reduction, result loops that x does not depend on

  Order(const Tensor &x, const Tensor &w, const Access &xAccess, const Access &wAccess, const Access &outAccess, ArrayRef<int64_t> sizes,
        ArrayRef<unsigned> parallel, ArrayRef<unsigned> reduction)
      : x(x), w(w), xAccess(xAccess), wAccess(wAccess), outAccess(outAccess), sizes(sizes), shared(reduction) {
    for (unsigned loop : parallel)
      (xAccess.strides[loop] ? outer : inner).push_back(loop);
  }

  /// Puts a loop along which w has neighbours last; false where there is none.
  bool innermost(SmallVector<unsigned> &loops) const {
    auto *found = llvm::find_if(loops, [&](unsigned loop) { return wAccess.strides[loop] == 1; });
    if (found == loops.end())
      return false;
    std::rotate(found, found + 1, loops.end());
    return true;
  }

  /// For each row of results that share x: the sums so far and where they belong.
  template <typename Body> void forEachRow(Tensor &out, Body body) {
    Odometer rows(sizes, outer, {xAccess, wAccess, outAccess});
    char *data = out.mutableData();
    for (int64_t row = 0; row < rows.points(); ++row) {
      int64_t at[3];
      rows.take(1, at, 1);
      Access result = outAccess;
      result.base = at[2];
      Odometer columns(sizes, inner, {result});
      std::vector<int64_t> places(columns.points());
      std::vector<double> sums(columns.points());
      if (!places.empty())
        columns.take(places.size(), places.data(), 1);
      for (auto [sum, place] : llvm::zip(sums, places))
        sum = out.real(place);
      body(at[0], at[1], sums);
      for (auto [sum, place] : llvm::zip(sums, places))
        out.format().setReal(data + place * out.format().bytes, sum);
    }
  }

  void dots(Tensor &out) {
    unsigned along = shared.pop_back_val();
    std::vector<double> vector(sizes[along]);
    forEachRow(out, [&](int64_t xBase, int64_t wBase, std::vector<double> &sums) {
      Access xAt = xAccess, wAt = wAccess;
      xAt.base = xBase, wAt.base = wBase;
      Odometer rest(sizes, shared, {xAt, wAt});
      for (int64_t point = 0; point < rest.points(); ++point) {
        int64_t at[2];
        rest.take(1, at, 1);
        for (auto [i, element] : llvm::enumerate(vector))
          element = x.real(at[0] + i * xAccess.strides[along]);
        Access column = wAccess;
        column.base = at[1];
        Odometer columns(sizes, inner, {column});
        for (double &sum : sums) {
          int64_t place;
          columns.take(1, &place, 1);
          sum += dot(w, place, vector);
        }
      }
    });
  }

  void scaledRows(Tensor &out) {
    int64_t width = sizes[inner.back()];
    ArrayRef<unsigned> columns = ArrayRef(inner).drop_back();
    forEachRow(out, [&](int64_t xBase, int64_t wBase, std::vector<double> &sums) {
      Access xAt = xAccess, wAt = wAccess;
      xAt.base = xBase, wAt.base = wBase;
      Odometer sum(sizes, shared, {xAt, wAt});
      for (int64_t point = 0; point < sum.points(); ++point) {
        int64_t at[2];
        sum.take(1, at, 1);
        double factor = x.real(at[0]);
        Access start = wAccess;
        start.base = at[1];
        Odometer starts(sizes, columns, {start});
        for (int64_t begin = 0; begin < int64_t(sums.size()); begin += width) {
          int64_t place;
          starts.take(1, &place, 1);
          addScaled(llvm::MutableArrayRef(sums).slice(begin, width), factor, w, place);
        }
      }
    });
  }
};

} // namespace

bool contract(const Tensor &a, const Tensor &b, Tensor &out, ArrayRef<Access> accesses, ArrayRef<int64_t> sizes, ArrayRef<unsigned> parallel,
              ArrayRef<unsigned> reduction) {
  Order orders[2] = {{a, b, accesses[0], accesses[1], accesses[2], sizes, parallel, reduction},
                     {b, a, accesses[1], accesses[0], accesses[2], sizes, parallel, reduction}};
  for (Order &order : orders) {
    if (order.innermost(order.shared)) {
      order.dots(out);
      return true;
    }
    if (order.innermost(order.inner)) {
      order.scaledRows(out);
      return true;
    }
  }
  return false;
}

} // namespace moe::reference
