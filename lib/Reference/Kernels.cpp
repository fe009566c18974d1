//===- Kernels.cpp - rules of ops from scalars to a scalar ------------------------------------------------------===//
#include "Kernels.h"
#include "Evaluation.h"

using namespace mlir;

namespace moe::reference {

static Step onScalars(Compiler &compiler, Operation *op, Kernel kernel) {
  SmallVector<int, 4> operands;
  for (Value operand : op->getOperands())
    operands.push_back(compiler.slot(operand).index);
  int result = compiler.define(op->getResult(0)).index;
  return [op, operands, result, kernel = std::move(kernel)](Frame &frame) {
    const Scalar *in[4];
    for (auto [i, slot] : llvm::enumerate(operands))
      in[i] = frame.at(slot);
    const char *problem = kernel(frame.at(result), in, result < 0 ? frame.lanes : 1);
    return !problem || frame.machine.fail(op, problem);
  };
}

/// The elements of a whole tensor operand, or one scalar repeated.
static LogicalResult onTensors(Operation *op, const Kernel &kernel, Evaluation &e) {
  SmallVector<const Tensor *, 4> tensors;
  const Tensor *shaped = nullptr;
  for (Value operand : op->getOperands()) {
    tensors.push_back(isa<RankedTensorType>(operand.getType()) ? &e.tensor(operand) : nullptr);
    if (tensors.back() && shaped && shaped->shape() != tensors.back()->shape())
      return e.fail("operands of the lengths " + describe(shaped->shape()) + " and " + describe(tensors.back()->shape()));
    shaped = tensors.back() ? tensors.back() : shaped;
  }
  std::optional<Tensor> result = e.make(op->getResult(0), shaped->shape());
  if (!result)
    return failure();
  Scalar values[4][kLanes], results[kLanes];
  const Scalar *in[4] = {values[0], values[1], values[2], values[3]};
  int64_t places[kLanes];
  char *data = result->mutableData();
  for (int64_t start = 0; start < result->count(); start += kLanes) {
    int lanes = std::min<int64_t>(kLanes, result->count() - start);
    for (int i = 0; i < lanes; ++i)
      places[i] = start + i;
    for (auto [i, tensor] : llvm::enumerate(tensors))
      if (tensor)
        load(*tensor, places, values[i], lanes);
      else
        std::fill_n(values[i], lanes, e.scalar(op->getOperand(i)));
    if (const char *problem = kernel(results, in, lanes))
      return e.fail(problem);
    store(result->format(), data, places, results, lanes);
  }
  return e.set(op->getResult(0), *result);
}

Rule elementwise(MakeKernel make) {
  return [make](Compiler &compiler, Operation *op) -> Step {
    Kernel kernel = make(op);
    if (!kernel)
      return compiler.fail(op, "the interpreter does not support this form");
    if (!isa<RankedTensorType>(op->getResult(0).getType()))
      return onScalars(compiler, op, std::move(kernel));
    compiler.oneAtATime();
    return [op, slots = OpSlots(compiler, op), kernel = std::move(kernel)](Frame &frame) {
      Evaluation evaluation(op, slots, frame);
      return succeeded(onTensors(op, kernel, evaluation));
    };
  };
}

} // namespace moe::reference
