//===- EvaluateMath.cpp - rules of math ops ---------------------------------------------------------------------===//
//
// Computed in double by the C library and rounded to the type; where the type is narrower than double that is within one rounding.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Kernels.h"
#include <cmath>

using namespace mlir;

namespace moe::reference {
namespace {

/// -1 where `f` holds.
template <typename Function> MakeKernel test(Function f) {
  return [f](Operation *) -> Kernel {
    return [f](Scalar *results, const Scalar *const *in, int count) -> const char * {
      for (int i = 0; i < count; ++i)
        results[i].integer = -int64_t(f(in[0][i].real));
      return nullptr;
    };
  };
}

Kernel powerOfInteger(Operation *op) {
  const ElementFormat &format = formatOf(op->getResult(0));
  return [&format](Scalar *results, const Scalar *const *in, int count) -> const char * {
    for (int i = 0; i < count; ++i)
      results[i].real = std::pow(in[0][i].real, double(in[1][i].integer));
    narrow(format, results, count);
    return nullptr;
  };
}

/// fma is one rounding: double would round the sum of float32 twice.
Kernel fusedMultiplyAdd(Operation *op) {
  if (formatOf(op->getResult(0)).kind == ElementFormat::Float32)
    return reals([](double x, double y, double z) { return double(std::fma(float(x), float(y), float(z))); })(op);
  return reals([](double x, double y, double z) { return std::fma(x, y, z); })(op);
}

/// x^y of integers, wrapping; a negative power of anything but 1 and -1 is 0.
int64_t integerPower(int64_t x, int64_t y) {
  if (y < 0)
    return x == 1 ? 1 : x == -1 ? (y % 2 ? -1 : 1) : 0;
  uint64_t result = 1, base = x;
  for (; y; y >>= 1, base *= base)
    if (y & 1)
      result *= base;
  return int64_t(result);
}

} // namespace

void addMath(Rules &rules) {
  auto put = [&](StringRef name, MakeKernel make) { rules[("math." + name).str()] = elementwise(std::move(make)); };
  auto function = [&](StringRef name, double (*f)(double)) { put(name, reals(f)); };
  function("absf", std::fabs);
  function("acos", std::acos);
  function("acosh", std::acosh);
  function("asin", std::asin);
  function("asinh", std::asinh);
  function("atan", std::atan);
  function("atanh", std::atanh);
  function("cbrt", std::cbrt);
  function("ceil", std::ceil);
  function("cos", std::cos);
  function("cosh", std::cosh);
  function("erf", std::erf);
  function("erfc", std::erfc);
  function("exp", std::exp);
  function("exp2", std::exp2);
  function("expm1", std::expm1);
  function("floor", std::floor);
  function("log", std::log);
  function("log10", std::log10);
  function("log1p", std::log1p);
  function("log2", std::log2);
  function("round", std::round);
  function("roundeven", std::nearbyint);
  function("rsqrt", [](double x) { return 1 / std::sqrt(x); });
  function("sin", std::sin);
  function("sinh", std::sinh);
  function("sqrt", std::sqrt);
  function("tan", std::tan);
  function("tanh", std::tanh);
  function("trunc", std::trunc);
  put("atan2", reals([](double y, double x) { return std::atan2(y, x); }));
  put("copysign", reals([](double x, double y) { return std::copysign(x, y); }));
  put("powf", reals([](double x, double y) { return std::pow(x, y); }));
  put("clampf", reals([](double x, double low, double high) { return std::fmin(std::fmax(x, low), high); }));
  put("fma", fusedMultiplyAdd);
  put("fpowi", powerOfInteger);
  put("ipowi", integers(integerPower));
  put("absi", integers([](int64_t x) { return x < 0 ? -uint64_t(x) : uint64_t(x); }));
  put("ctpop", naturals([](uint64_t x, unsigned) { return llvm::popcount(x); }));
  put("ctlz", naturals([](uint64_t x, unsigned bits) { return llvm::countl_zero(x) - (64 - bits); }));
  put("cttz", naturals([](uint64_t x, unsigned bits) { return std::min<unsigned>(llvm::countr_zero(x), bits); }));
  put("isnan", test([](double x) { return std::isnan(x); }));
  put("isinf", test([](double x) { return std::isinf(x); }));
  put("isfinite", test([](double x) { return std::isfinite(x); }));
}

} // namespace moe::reference
