//===- EvaluateMemory.cpp - rules of constants and weights ------------------------------------------------------===//
#include "Evaluation.h"
#include "moe/Dialect/Moe.h"
#include "moe/Dialect/Onnx.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace moe::reference {
namespace {

LogicalResult evaluate(GetParamOp op, Evaluation &e) {
  const Tensor *value = e.machine().param(op.getParam(), op);
  return value ? e.set(op, *value) : failure();
}

LogicalResult evaluate(onnx::ConstantOp op, Evaluation &e) {
  std::optional<Tensor> value = Tensor::get(op.getValue());
  return value ? e.set(op, *value) : e.fail("the interpreter cannot read this kind of attribute");
}

/// Places of element (n, k) of each matrix [N, K]: there, and in panels.
template <typename Copy> void forEachPacked(const Tensor &matrix, const Tensor &packed, Copy copy) {
  int64_t rank = matrix.rank(), outputs = matrix.size(rank - 2), depth = matrix.size(rank - 1);
  int64_t panels = packed.size(rank - 2), words = packed.size(rank - 1), group = packed.size(rank) / 16;
  int64_t count = outputs * depth ? matrix.count() / (outputs * depth) : 0;
  for (int64_t i = 0; i < count; ++i)
    for (int64_t n = 0; n < outputs; ++n)
      for (int64_t k = 0; k < depth; ++k)
        copy((i * outputs + n) * depth + k, (((i * panels + n / 16) * words + k / group) * 16 + n % 16) * group + k % group);
}

LogicalResult evaluate(PackOp op, Evaluation &e) {
  const Tensor &weight = e.tensor(op.getWeight());
  int64_t rank = weight.rank(), bytes = weight.format().bytes;
  SmallVector<int64_t> shape(cast<RankedTensorType>(op.getType()).getShape());
  llvm::copy(weight.shape().drop_back(2), shape.begin());
  shape[rank - 1] = llvm::divideCeil(weight.size(rank - 1), shape.back() / 16);
  std::optional<Tensor> result = e.make(op, shape);
  if (!result)
    return failure();
  char *to = result->mutableData();
  std::memset(to, 0, result->count() * bytes);
  forEachPacked(weight, *result, [&](int64_t matrix, int64_t packed) { std::memcpy(to + packed * bytes, weight.data() + matrix * bytes, bytes); });
  return e.set(op, *result);
}

LogicalResult evaluate(UnpackOp op, Evaluation &e) {
  const Tensor &packed = e.tensor(op.getPacked());
  int64_t bytes = packed.format().bytes;
  SmallVector<int64_t> shape(cast<RankedTensorType>(op.getType()).getShape());
  llvm::copy(packed.shape().drop_back(3), shape.begin());
  if (ShapedType::isDynamic(shape.back()))
    shape.back() = packed.size(packed.rank() - 2);
  std::optional<Tensor> result = e.make(op, shape);
  if (!result)
    return failure();
  char *to = result->mutableData();
  forEachPacked(*result, packed, [&](int64_t matrix, int64_t from) { std::memcpy(to + matrix * bytes, packed.data() + from * bytes, bytes); });
  return e.set(op, *result);
}

} // namespace

void addMemory(Rules &rules) {
  add<GetParamOp>(rules, evaluate);
  add<PackOp>(rules, evaluate);
  add<UnpackOp>(rules, evaluate);
  add<onnx::ConstantOp>(rules, evaluate);
}

} // namespace moe::reference
