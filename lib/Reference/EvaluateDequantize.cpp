//===- EvaluateDequantize.cpp - the rule of moe.dequantize ---------------------------------------------------------===//
#include "Element.h"
#include "Evaluation.h"
#include "moe/Dialect/Moe.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace moe::reference {
namespace {

/// The value of code `index` of the row that starts at `row`.
double decode(const ElementFormat &format, const char *row, int64_t index) {
  char code = 0;
  for (int64_t bit = 0; bit < format.bits; ++bit) {
    int64_t at = index * format.bits + bit;
    code |= char((row[at / 8] >> (at % 8) & 1) << bit);
  }
  return format.real(&code);
}

LogicalResult evaluate(DequantizeOp op, Evaluation &e) {
  const Tensor &data = e.tensor(op.getData()), &scales = e.tensor(op.getScales());
  const ElementFormat &format = *ElementFormat::get(codeType(op.getFormat(), op.getContext()));
  SmallVector<int64_t> shape(data.shape()), scaleShape(data.shape());
  int64_t width = cast<RankedTensorType>(op.getType()).getShape().back(), bytes = data.shape().back(), rows = op.getRows();
  int64_t blocks = llvm::divideCeil(width, op.blockLength());
  shape.back() = width;
  scaleShape.back() = blocks;
  int64_t height = shape.size() > 1 ? shape[shape.size() - 2] : 1;
  if (shape.size() > 1)
    scaleShape[shape.size() - 2] = llvm::divideCeil(height, rows);
  if (ArrayRef(scaleShape) != scales.shape())
    return e.fail("scales with the lengths " + describe(scales.shape()) + " for a result with " + describe(shape));
  std::optional<Tensor> result = e.make(op, shape);
  if (!result)
    return failure();
  for (int64_t row = 0; row < (width ? result->count() / width : 0); ++row) {
    int64_t scaleRow = row / height * llvm::divideCeil(height, rows) + row % height / rows;
    for (int64_t k = 0; k < width; ++k) {
      int64_t block = k / op.blockLength(), place = row * width + k;
      double zero = op.getZero(), scale = scales.real(scaleRow * blocks + block);
      if (Value given = op.getZeroPoints()) {
        const Tensor &zeros = e.tensor(given);
        zero = zeros.format().isFloat() ? zeros.real(scaleRow * blocks + block)
                                        : decode(format, zeros.data() + scaleRow * zeros.shape().back(), block);
      }
      if (op.getGlobal())
        scale *= e.tensor(op.getGlobal()).real(place / (result->count() / e.tensor(op.getGlobal()).count()));
      result->setReal(place, (decode(format, data.data() + row * bytes, k) - zero) * scale);
    }
  }
  return e.set(op, *result);
}

} // namespace

void addDequantize(Rules &rules) { add<DequantizeOp>(rules, evaluate); }

} // namespace moe::reference
