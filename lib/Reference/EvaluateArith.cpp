//===- EvaluateArith.cpp - rules of arith ops -------------------------------------------------------------------===//
//
// Where MLIR leaves a result undefined, the interpreter is definite: a shift by the width or more gives 0 or the sign, a float that does
// not fit into an integer gives the lowest one (as x86 does). Divisions without a result end the run.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Kernels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <cmath>

using namespace mlir;

namespace moe::reference {
namespace {

double maximum(double x, double y) { return std::isnan(x) || std::isnan(y) ? NAN : x == y ? (std::signbit(x) ? y : x) : std::max(x, y); }
double minimum(double x, double y) { return -maximum(-x, -y); }

int64_t floorDivide(int64_t x, int64_t y) { return x / y - (x % y != 0 && (x < 0) != (y < 0)); }

//===- comparisons ----------------------------------------------------------------------------------------------===//

Kernel compareReals(Operation *op) {
  // Each predicate, in the order of the enum, is a set: bit 0 stands for equal, 1 for greater, 2 for less, 3 for unordered.
  constexpr unsigned sets[] = {0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 8, 15};
  unsigned accepted = sets[unsigned(cast<arith::CmpFOp>(op).getPredicate())];
  return [accepted](Scalar *results, const Scalar *const *in, int count) -> const char * {
    for (int i = 0; i < count; ++i) {
      double x = in[0][i].real, y = in[1][i].real;
      unsigned relation = x == y ? 0 : x > y ? 1 : x < y ? 2 : 3;
      results[i].integer = -int64_t(accepted >> relation & 1);
    }
    return nullptr;
  };
}

template <typename Holds> Kernel compareWith(const ElementFormat *naturals, Holds holds) {
  return [=](Scalar *results, const Scalar *const *in, int count) -> const char * {
    for (int i = 0; i < count; ++i) {
      int64_t x = in[0][i].integer, y = in[1][i].integer;
      results[i].integer = -int64_t(naturals ? holds(natural(*naturals, x), natural(*naturals, y)) : holds(x, y));
    }
    return nullptr;
  };
}

Kernel compareIntegers(Operation *op) {
  using P = arith::CmpIPredicate;
  P predicate = cast<arith::CmpIOp>(op).getPredicate();
  const ElementFormat *unsign = predicate >= P::ult ? &formatOf(op->getOperand(0)) : nullptr;
  switch (predicate) {
  case P::eq:
    return compareWith(unsign, [](auto x, auto y) { return x == y; });
  case P::ne:
    return compareWith(unsign, [](auto x, auto y) { return x != y; });
  case P::slt:
  case P::ult:
    return compareWith(unsign, [](auto x, auto y) { return x < y; });
  case P::sle:
  case P::ule:
    return compareWith(unsign, [](auto x, auto y) { return x <= y; });
  case P::sgt:
  case P::ugt:
    return compareWith(unsign, [](auto x, auto y) { return x > y; });
  case P::sge:
  case P::uge:
    return compareWith(unsign, [](auto x, auto y) { return x >= y; });
  }
}

Kernel select(Operation *) {
  return [](Scalar *results, const Scalar *const *in, int count) -> const char * {
    for (int i = 0; i < count; ++i)
      results[i] = in[0][i].integer ? in[1][i] : in[2][i];
    return nullptr;
  };
}

//===- conversions ----------------------------------------------------------------------------------------------===//

/// An integer as a float, rounded once: a way over double would round twice.
template <typename Integer> MakeKernel integerToReal() {
  return [](Operation *op) -> Kernel {
    const ElementFormat &from = formatOf(op->getOperand(0)), &to = formatOf(op->getResult(0));
    return [&from, &to](Scalar *results, const Scalar *const *in, int count) -> const char * {
      for (int i = 0; i < count; ++i) {
        Integer value = std::is_signed_v<Integer> ? Integer(in[0][i].integer) : Integer(natural(from, in[0][i].integer));
        results[i].real = to.kind == ElementFormat::Float32 ? double(float(value)) : double(value);
      }
      narrow(to, results, count);
      return nullptr;
    };
  };
}

Kernel realToInteger(Operation *op) {
  bool isUnsigned = isa<arith::FPToUIOp>(op);
  const ElementFormat &to = formatOf(op->getResult(0));
  double low = isUnsigned ? 0 : -std::ldexp(1, to.bits - 1), high = std::ldexp(1, to.bits - !isUnsigned);
  return [=, &to](Scalar *results, const Scalar *const *in, int count) -> const char * {
    for (int i = 0; i < count; ++i) {
      double whole = std::trunc(in[0][i].real);
      if (!(whole >= low && whole < high))
        results[i].integer = int64_t(1) << (to.bits - 1);
      else
        results[i].integer = isUnsigned ? int64_t(uint64_t(whole)) : int64_t(whole);
    }
    narrow(to, results, count);
    return nullptr;
  };
}

Kernel truncateReal(Operation *op) {
  auto mode = cast<arith::TruncFOp>(op).getRoundingmode();
  if (mode && *mode != arith::RoundingMode::to_nearest_even)
    return nullptr;
  return reals([](double x) { return x; })(op);
}

Kernel bitcast(Operation *op) {
  const ElementFormat &from = formatOf(op->getOperand(0)), &to = formatOf(op->getResult(0));
  return [&from, &to](Scalar *results, const Scalar *const *in, int count) -> const char * {
    for (int i = 0; i < count; ++i) {
      alignas(8) char bytes[8] = {};
      from.isFloat() ? from.setReal(bytes, in[0][i].real) : from.setInteger(bytes, in[0][i].integer);
      if (to.isFloat())
        results[i].real = to.real(bytes);
      else
        results[i].integer = to.integer(bytes);
    }
    return nullptr;
  };
}

//===- constants ------------------------------------------------------------------------------------------------===//

Step constant(Compiler &compiler, Operation *op) {
  auto constant = cast<arith::ConstantOp>(op);
  if (auto elements = dyn_cast<ElementsAttr>(constant.getValue())) {
    std::optional<Tensor> value = Tensor::get(elements);
    if (!value)
      return compiler.fail(op, "the interpreter cannot read this kind of attribute");
    return [value = *value, slot = compiler.define(constant).index](Frame &frame) {
      frame.tensors[slot] = value;
      return true;
    };
  }
  Scalar value;
  if (auto real = dyn_cast<FloatAttr>(constant.getValue()))
    value.real = real.getValueAsDouble();
  else
    value.integer = cast<IntegerAttr>(constant.getValue()).getValue().getSExtValue();
  return [value, slot = compiler.define(constant).index](Frame &frame) {
    std::fill_n(frame.at(slot), slot < 0 ? frame.lanes : 1, value);
    return true;
  };
}

} // namespace

void addArith(Rules &rules) {
  using U = uint64_t;
  auto put = [&](StringRef name, MakeKernel make) { rules[("arith." + name).str()] = elementwise(std::move(make)); };
  rules["arith.constant"] = constant;

  put("addf", reals([](double x, double y) { return x + y; }));
  put("subf", reals([](double x, double y) { return x - y; }));
  put("mulf", reals([](double x, double y) { return x * y; }));
  put("divf", reals([](double x, double y) { return x / y; }));
  put("remf", reals([](double x, double y) { return std::fmod(x, y); }));
  put("negf", reals([](double x) { return -x; }));
  put("maximumf", reals(maximum));
  put("minimumf", reals(minimum));
  put("maxnumf", reals([](double x, double y) { return std::fmax(x, y); }));
  put("minnumf", reals([](double x, double y) { return std::fmin(x, y); }));

  put("addi", integers([](U x, U y) { return x + y; }));
  put("subi", integers([](U x, U y) { return x - y; }));
  put("muli", integers([](U x, U y) { return x * y; }));
  put("andi", integers([](U x, U y) { return x & y; }));
  put("ori", integers([](U x, U y) { return x | y; }));
  put("xori", integers([](U x, U y) { return x ^ y; }));
  put("maxsi", integers([](int64_t x, int64_t y) { return std::max(x, y); }));
  put("minsi", integers([](int64_t x, int64_t y) { return std::min(x, y); }));
  put("maxui", naturals([](U x, U y, unsigned) { return std::max(x, y); }));
  put("minui", naturals([](U x, U y, unsigned) { return std::min(x, y); }));
  put("shli", naturals([](U x, U y, unsigned bits) { return y < bits ? x << y : 0; }));
  put("shrui", naturals([](U x, U y, unsigned bits) { return y < bits ? x >> y : 0; }));
  put("shrsi", integers([](int64_t x, U y) { return x >> std::min<U>(y, 63); }));
  put("divsi", division(true, [](int64_t x, int64_t y) { return x / y; }));
  put("remsi", division(true, [](int64_t x, int64_t y) { return x % y; }));
  put("floordivsi", division(true, floorDivide));
  put("ceildivsi", division(true, [](int64_t x, int64_t y) { return floorDivide(x, y) + (x % y != 0); }));
  put("divui", division(false, [](U x, U y, unsigned) { return x / y; }));
  put("remui", division(false, [](U x, U y, unsigned) { return x % y; }));
  put("ceildivui", division(false, [](U x, U y, unsigned) { return x / y + (x % y != 0); }));

  put("cmpf", compareReals);
  put("cmpi", compareIntegers);
  put("select", select);

  put("extf", reals([](double x) { return x; }));
  put("truncf", truncateReal);
  put("sitofp", integerToReal<int64_t>());
  put("uitofp", integerToReal<uint64_t>());
  put("fptosi", realToInteger);
  put("fptoui", realToInteger);
  put("extsi", integers([](int64_t x) { return x; }));
  put("extui", naturals([](U x, unsigned) { return x; }));
  put("trunci", integers([](int64_t x) { return x; }));
  put("index_cast", integers([](int64_t x) { return x; }));
  put("index_castui", naturals([](U x, unsigned) { return x; }));
  put("bitcast", bitcast);
}

} // namespace moe::reference
