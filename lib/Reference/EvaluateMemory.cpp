//===- EvaluateMemory.cpp - rules of constants and weights ------------------------------------------------------===//
#include "Evaluation.h"
#include "moe/Dialect/Moe.h"
#include "moe/Dialect/Onnx.h"

using namespace mlir;

namespace moe::reference {
namespace {

LogicalResult evaluate(GetParamOp op, Evaluation &e) {
  const Tensor *value = e.machine().param(op.getParam(), op.getLoc());
  return value ? e.set(op, *value) : failure();
}

LogicalResult evaluate(onnx::ConstantOp op, Evaluation &e) {
  std::optional<Tensor> value = Tensor::get(op.getValue());
  return value ? e.set(op, *value) : e.fail("the interpreter cannot read this kind of attribute");
}

} // namespace

void addMemory(Rules &rules) {
  add<GetParamOp>(rules, evaluate);
  add<onnx::ConstantOp>(rules, evaluate);
}

} // namespace moe::reference
