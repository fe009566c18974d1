//===- EvaluateMemory.cpp - rules of constants and weights ------------------------------------------------------===//
#include "Evaluation.h"
#include "moe/Dialect/Moe.h"
#include "moe/Dialect/Onnx.h"

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

/// Copies element (n, k) of each matrix [N, K] to or from its place in the panels.
template <typename Copy> void forEachPacked(int64_t matrices, int64_t outputs, int64_t depth, int64_t panels, Copy copy) {
  for (int64_t matrix = 0; matrix < matrices; ++matrix)
    for (int64_t n = 0; n < outputs; ++n)
      for (int64_t k = 0; k < depth; ++k)
        copy((matrix * outputs + n) * depth + k, ((matrix * panels + n / 16) * depth + k) * 16 + n % 16);
}

LogicalResult evaluate(PackOp op, Evaluation &e) {
  const Tensor &weight = e.tensor(op.getWeight());
  int64_t rank = weight.rank(), outputs = weight.size(rank - 2), depth = weight.size(rank - 1);
  SmallVector<int64_t> shape(cast<RankedTensorType>(op.getType()).getShape());
  int64_t panels = shape[rank - 2], bytes = weight.format().bytes;
  llvm::copy(weight.shape().drop_back(2), shape.begin());
  shape[rank - 1] = depth;
  std::optional<Tensor> result = e.make(op, shape);
  if (!result)
    return failure();
  char *to = result->mutableData();
  std::memset(to, 0, result->count() * bytes);
  forEachPacked(outputs * depth ? weight.count() / (outputs * depth) : 0, outputs, depth, panels, [&](int64_t matrix, int64_t packed) {
    std::memcpy(to + packed * bytes, weight.data() + matrix * bytes, bytes);
  });
  return e.set(op, *result);
}

LogicalResult evaluate(UnpackOp op, Evaluation &e) {
  const Tensor &packed = e.tensor(op.getPacked());
  int64_t rank = packed.rank(), panels = packed.size(rank - 3), depth = packed.size(rank - 2), bytes = packed.format().bytes;
  SmallVector<int64_t> shape(cast<RankedTensorType>(op.getType()).getShape());
  int64_t outputs = shape[rank - 3];
  llvm::copy(packed.shape().drop_back(3), shape.begin());
  shape.back() = depth;
  std::optional<Tensor> result = e.make(op, shape);
  if (!result)
    return failure();
  char *to = result->mutableData();
  forEachPacked(outputs * depth ? result->count() / (outputs * depth) : 0, outputs, depth, panels, [&](int64_t matrix, int64_t from) {
    std::memcpy(to + matrix * bytes, packed.data() + from * bytes, bytes);
  });
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
