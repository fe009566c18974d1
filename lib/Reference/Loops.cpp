//===- Loops.cpp - walking the iteration space of a linalg op ---------------------------------------------------===//
#include "Loops.h"
#include "mlir/IR/AffineExpr.h"

using namespace mlir;

namespace moe::reference {

/// Adds `expr` times `scale`; false where it is not linear.
static bool addLinear(AffineExpr expr, int64_t scale, MutableArrayRef<int64_t> factors, int64_t &constant) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    factors[dim.getPosition()] += scale;
    return true;
  }
  if (auto value = dyn_cast<AffineConstantExpr>(expr)) {
    constant += scale * value.getValue();
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (binary && expr.getKind() == AffineExprKind::Add)
    return addLinear(binary.getLHS(), scale, factors, constant) && addLinear(binary.getRHS(), scale, factors, constant);
  auto factor = binary ? dyn_cast<AffineConstantExpr>(binary.getRHS()) : AffineConstantExpr();
  return factor && expr.getKind() == AffineExprKind::Mul && addLinear(binary.getLHS(), scale * factor.getValue(), factors, constant);
}

std::optional<LinearMap> LinearMap::get(AffineMap map) {
  LinearMap result;
  for (AffineExpr expr : map.getResults()) {
    result.factors.emplace_back(map.getNumDims(), 0);
    result.constants.push_back(0);
    if (!addLinear(expr, 1, result.factors.back(), result.constants.back()))
      return std::nullopt;
  }
  return result;
}

std::optional<Access> Access::get(const LinearMap &map, ArrayRef<int64_t> sizes, ArrayRef<int64_t> shape) {
  Access access;
  access.strides.assign(sizes.size(), 0);
  bool empty = llvm::is_contained(sizes, 0);
  int64_t stride = 1;
  for (int64_t axis = int64_t(shape.size()) - 1; axis >= 0; --axis) {
    int64_t low = map.constants[axis], high = low;
    for (auto [loop, factor] : llvm::enumerate(map.factors[axis])) {
      (factor < 0 ? low : high) += factor * (sizes[loop] - 1);
      access.strides[loop] += factor * stride;
    }
    if (!empty && (low < 0 || high >= shape[axis]))
      return std::nullopt;
    access.base += map.constants[axis] * stride;
    stride *= shape[axis];
  }
  return access;
}

Odometer::Odometer(ArrayRef<int64_t> sizes, ArrayRef<unsigned> loops, ArrayRef<Access> accesses) {
  for (unsigned loop : loops) {
    lengths.push_back(sizes[loop]);
    total *= sizes[loop];
  }
  for (const Access &access : accesses) {
    at.push_back(access.base);
    steps.emplace_back();
    for (unsigned loop : loops)
      steps.back().push_back(access.strides[loop]);
    if (loops.empty())
      steps.back().push_back(0);
  }
  if (loops.empty())
    lengths.push_back(1);
  index.assign(lengths.size(), 0);
}

void Odometer::take(int count, int64_t *out, int stride) {
  for (int done = 0; done < count;) {
    int run = std::min<int64_t>(count - done, lengths.back() - index.back());
    for (auto [access, place] : llvm::enumerate(at)) {
      int64_t step = steps[access].back();
      for (int i = 0; i < run; ++i)
        out[access * stride + done + i] = place + i * step;
      place += run * step;
    }
    done += run;
    index.back() += run;
    for (size_t loop = lengths.size() - 1; loop > 0 && index[loop] == lengths[loop]; --loop) {
      index[loop] = 0;
      ++index[loop - 1];
      for (auto [access, place] : llvm::enumerate(at))
        place += steps[access][loop - 1] - lengths[loop] * steps[access][loop];
    }
  }
}

} // namespace moe::reference
