//===- EvaluateQuantize.cpp - the rule of moe.quantize ----------------------------------------------------------===//
#include "Element.h"
#include "ErrorFeedback.h"
#include "Evaluation.h"
#include "moe/Dialect/Moe.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;

namespace moe::reference {
namespace {

/// What the codes of a block are scaled by.
struct Scaling {
  double scale; ///< times `global`
  int64_t zero;
};

/// Codes of one format.
class Coder {
public:
  explicit Coder(QuantizeOp op)
      : integers(isInteger(op.getFormat())), natural(integers && !isSigned(op.getFormat())), zeroPoints(op.getZeroPoints()), zero(op.getZero()),
        width(widthOf(op.getFormat())) {
    if (integers)
      return;
    const llvm::fltSemantics &semantics = *ElementFormat::get(codeType(op.getFormat(), op.getContext()))->semantics;
    largest = llvm::APFloat::getLargest(semantics).convertToDouble();
    mantissa = llvm::APFloat::semanticsPrecision(semantics) - 1;
    lowest = llvm::APFloat::semanticsMinExponent(semantics);
  }

  double largestNumber() const { return largest; }

  /// The scaling of a block of numbers, its scale as `scales` rounds it.
  Scaling scalingOf(ArrayRef<double> block, double global, const ElementFormat &scales) const {
    double low = 0, high = 0;
    for (double value : block)
      low = std::min(low, value), high = std::max(high, value);
    double top = -low > high ? low : high, scale;
    if (zeroPoints) {
      scale = scales.round((high - low) / double((1 << width) - 1));
      return {scale, scale == 0 ? 0 : std::clamp<int64_t>(std::nearbyint(-low / scale), 0, (1 << width) - 1)};
    }
    if (integers)
      scale = -top / double(1 << (width - 1));
    else if (scales.semantics == &llvm::APFloat::Float8E8M0FNU())
      scale = top == 0 ? std::ldexp(1, -127) : std::ldexp(1, std::clamp(std::ilogb(top) - std::ilogb(largest), -127, 127));
    else
      scale = global == 0 ? 0 : std::fabs(top) / largest / global;
    return {scales.round(scale), zero};
  }

  /// The code nearest to `value` / `scale`.
  int64_t encode(double value, double scale, int64_t zero) const {
    double quotient = scale == 0 ? 0 : value / scale;
    if (!integers)
      return encodeFloat(quotient);
    int64_t low = natural ? 0 : -(int64_t(1) << (width - 1)), high = low + (int64_t(1) << width) - 1;
    return std::clamp<double>(std::nearbyint(quotient) + double(zero), double(low), double(high));
  }

  double decode(int64_t code, double scale, int64_t zero) const {
    if (integers)
      return double(code - zero) * scale;
    int64_t exponent = (code & ((1 << (width - 1)) - 1)) >> mantissa, fraction = code & ((1 << mantissa) - 1);
    double magnitude = exponent ? std::ldexp(double(fraction + (1 << mantissa)), int(exponent) - 1 + lowest - mantissa)
                                : std::ldexp(double(fraction), lowest - mantissa);
    return (code >> (width - 1) & 1 ? -magnitude : magnitude) * scale;
  }

private:
  /// Of the magnitudes of a float format, which rise with their codes.
  int64_t encodeFloat(double value) const {
    double magnitude = std::min(std::fabs(value), largest);
    int exponent = magnitude == 0 ? lowest : std::max(std::ilogb(magnitude), lowest);
    int64_t steps = std::nearbyint(std::ldexp(magnitude, mantissa - exponent)); // 2^(mantissa + 1) of them are the next exponent
    int64_t code = steps + (int64_t(exponent - lowest) << mantissa);
    return code | int64_t(std::signbit(value)) << (width - 1);
  }

  bool integers, natural, zeroPoints;
  int64_t zero, width;
  double largest = 0;
  int mantissa = 0, lowest = 0;
};

/// Puts the code of element `index` into a row of zeros.
void putCode(char *row, int64_t index, int64_t width, int64_t code) {
  for (int64_t bit = index * width, left = width; left > 0;) {
    int64_t count = std::min<int64_t>(left, 8 - bit % 8);
    row[bit / 8] |= char((code & ((1 << count) - 1)) << (bit % 8));
    code >>= count, bit += count, left -= count;
  }
}

/// The factor of each matrix that makes the scales of NVFP4 fit their type.
Tensor globalOf(const Tensor &weight, Tensor global, double largest) {
  constexpr double kLargestScale = 448;
  int64_t each = global.count() ? weight.count() / global.count() : 0;
  for (int64_t i = 0; i < global.count(); ++i) {
    double top = 0;
    for (int64_t place = i * each; place < (i + 1) * each; ++place)
      top = std::max(top, std::fabs(weight.real(place)));
    global.setReal(i, top / largest / kLargestScale);
  }
  return global;
}

LogicalResult evaluate(QuantizeOp op, Evaluation &e) {
  const Tensor &weight = e.tensor(op.getWeight());
  int64_t rank = weight.rank(), rows = weight.size(rank - 2), depth = weight.size(rank - 1), width = widthOf(op.getFormat());
  for (int64_t place = 0; place < weight.count(); ++place)
    if (!std::isfinite(weight.real(place)))
      return e.fail("a weight is not a finite number");
  auto make = [&](Value result, int64_t last) {
    SmallVector<int64_t> shape(weight.shape());
    shape.back() = last;
    std::optional<Tensor> tensor = e.make(result, shape);
    if (tensor)
      std::memset(tensor->mutableData(), 0, tensor->count() * tensor->format().bytes);
    return tensor;
  };
  int64_t blocks = llvm::divideCeil(depth, op.blockLength()), bytes = llvm::divideCeil(width * depth, 8), zeroBytes = llvm::divideCeil(width * blocks, 8);
  std::optional<Tensor> data = make(op.getData(), bytes), scales = make(op.getScales(), blocks), zeros, global;
  if (op.getZeroPoints())
    zeros = make(op.getZeroPoints(), zeroBytes);
  if (op.getGlobal())
    global = e.make(op.getGlobal(), weight.shape().drop_back(2));
  if (!data || !scales || (op.getZeroPoints() && !zeros) || (op.getGlobal() && !global))
    return failure();
  Coder coder(op);
  if (global)
    global = globalOf(weight, *global, coder.largestNumber());
  char *codes = data->mutableData(), *zeroCodes = zeros ? zeros->mutableData() : nullptr;
  std::optional<ErrorFeedback> feedback;
  SmallVector<double> row(depth);
  for (int64_t n = 0; n < (depth ? weight.count() / depth : 0); ++n) {
    if (op.getHessian() && n % rows == 0) {
      const Tensor &hessian = e.tensor(op.getHessian());
      feedback.emplace(depth, op.getDamping().convertToDouble(), [&](int64_t i, int64_t j) { return hessian.real((n / rows * depth + i) * depth + j); });
    }
    double factor = global ? global->real(n / rows) : 1;
    for (int64_t k = 0; k < depth; ++k)
      row[k] = weight.real(n * depth + k);
    Scaling scaling{};
    for (int64_t k = 0; k < depth; ++k) {
      if (int64_t block = k / op.blockLength(); k % op.blockLength() == 0) {
        scaling = coder.scalingOf(ArrayRef(row).slice(k, std::min(op.blockLength(), depth - k)), factor, scales->format());
        scales->setReal(n * blocks + block, scaling.scale);
        if (zeroCodes)
          putCode(zeroCodes + n * zeroBytes, block, width, scaling.zero);
        scaling.scale *= factor;
      }
      int64_t code = coder.encode(row[k], scaling.scale, scaling.zero);
      putCode(codes + n * bytes, k, width, code);
      if (feedback)
        feedback->makeUp(row, k, row[k] - coder.decode(code, scaling.scale, scaling.zero));
    }
  }
  if (failed(e.set(op.getData(), *data)) || failed(e.set(op.getScales(), *scales)))
    return failure();
  if (op.getMore())
    return e.set(op.getMore(), zeros ? *zeros : *global);
  return success();
}

} // namespace

void addQuantize(Rules &rules) { add<QuantizeOp>(rules, evaluate); }

} // namespace moe::reference
