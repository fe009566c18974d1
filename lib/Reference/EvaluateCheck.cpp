//===- EvaluateCheck.cpp - rules of assertions ------------------------------------------------------------------===//
#include "Evaluation.h"
#include "moe/Dialect/Check.h"
#include "moe/Dialect/Rt.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace mlir;

namespace moe::reference {
namespace {

std::string indexOf(int64_t place, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> index(shape.size());
  for (int64_t axis = int64_t(shape.size()) - 1; axis >= 0; --axis) {
    index[axis] = place % shape[axis];
    place /= shape[axis];
  }
  return describe(index);
}

std::string elementText(const Tensor &tensor, int64_t place) {
  if (!tensor.format().isFloat())
    return std::to_string(tensor.integer(place));
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.9g", tensor.real(place));
  return text;
}

/// Fails at the first element for which `agrees` is false.
LogicalResult compare(const Tensor &actual, const Tensor &expected, Evaluation &e, llvm::function_ref<bool(int64_t)> agrees) {
  if (actual.shape() != expected.shape())
    return e.fail("the lengths are " + describe(actual.shape()) + ", expected " + describe(expected.shape()));
  int64_t wrong = 0, first = 0;
  for (int64_t place = 0; place < actual.count(); ++place)
    if (!agrees(place) && wrong++ == 0)
      first = place;
  if (!wrong)
    return success();
  return e.fail("element " + indexOf(first, actual.shape()) + " is " + elementText(actual, first) + ", expected " + elementText(expected, first) + " (" +
                Twine(wrong) + " of " + Twine(actual.count()) + " elements differ)");
}

LogicalResult evaluate(check::ExpectEqOp op, Evaluation &e) {
  const Tensor &actual = e.tensor(op.getActual()), &expected = e.tensor(op.getExpected());
  return compare(actual, expected, e, [&](int64_t place) {
    if (!actual.format().isFloat())
      return actual.integer(place) == expected.integer(place);
    double a = actual.real(place), b = expected.real(place);
    return a == b || (std::isnan(a) && std::isnan(b));
  });
}

LogicalResult evaluate(check::ExpectCloseOp op, Evaluation &e) {
  const Tensor &actual = e.tensor(op.getActual()), &expected = e.tensor(op.getExpected());
  double size = 1;
  for (int64_t place = 0; place < expected.count(); ++place)
    if (double value = std::fabs(expected.real(place)); std::isfinite(value))
      size = std::max(size, value);
  double allowed = op.getTolerance().convertToDouble() * size;
  return compare(actual, expected, e, [&](int64_t place) {
    double a = actual.real(place), b = expected.real(place);
    return a == b || (std::isnan(a) && std::isnan(b)) || std::fabs(a - b) <= allowed;
  });
}

/// Runs on lanes: bodies of linalg ops check indices.
Step runtimeCheck(Compiler &compiler, Operation *op) {
  return [op = cast<rt::CheckOp>(op), slot = compiler.slot(op->getOperand(0)).index](Frame &frame) mutable {
    const Scalar *conditions = frame.at(slot);
    for (int lane = 0, lanes = slot < 0 ? frame.lanes : 1; lane < lanes; ++lane)
      if (!conditions[lane].integer)
        return frame.machine.fail(op, op.getMessage());
    return true;
  };
}

} // namespace

void addCheck(Rules &rules) {
  add<check::ExpectEqOp>(rules, evaluate);
  add<check::ExpectCloseOp>(rules, evaluate);
  rules["rt.check"] = runtimeCheck;
}

} // namespace moe::reference
