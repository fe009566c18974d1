//===- EvaluateExperts.cpp - rules of projections and experts ---------------------------------------------------===//
#include "Activation.h"
#include "Evaluation.h"

using namespace mlir;

namespace moe::reference {
namespace {

//===- moe.linear -----------------------------------------------------------------------------------------------===//

LogicalResult evaluate(LinearOp op, Evaluation &e) {
  const Tensor &input = e.tensor(op.getInput()), &weight = e.tensor(op.getWeight());
  auto n = e.axes({{op.getWeight(), "NK"}, {op.getBias(), "N"}});
  if (!n)
    return failure();
  int64_t outputs = (*n)['N'], width = (*n)['K'];
  if (input.shape().back() != width)
    return e.fail("the input's rows have " + Twine(input.shape().back()) + " elements, the weight's " + Twine(width));
  SmallVector<int64_t> shape(input.shape());
  shape.back() = outputs;
  std::optional<Tensor> result = e.make(op, shape);
  if (!result)
    return failure();
  for (int64_t row = 0; row < (outputs ? result->count() / outputs : 0); ++row) {
    std::vector<double> x = reals(input, row * width, width);
    for (int64_t output = 0; output < outputs; ++output)
      result->setReal(row * outputs + output, dot(weight, output * width, x) + (op.getBias() ? e.tensor(op.getBias()).real(output) : 0));
  }
  return e.set(op, *result);
}

//===- moe.experts ----------------------------------------------------------------------------------------------===//

/// weight[expert,:,:] * x + bias[expert,:].
std::vector<double> project(Evaluation &e, Value weight, Value bias, int64_t expert, int64_t outputs, ArrayRef<double> x) {
  std::vector<double> result(outputs);
  for (auto [row, y] : llvm::enumerate(result)) {
    int64_t at = expert * outputs + row;
    y = dot(e.tensor(weight), at * x.size(), x) + (bias ? e.tensor(bias).real(at) : 0);
  }
  return result;
}

/// y[e,:] of one token; H' is O.
std::vector<double> expertOf(ExpertsOp op, Evaluation &e, const Axes &n, int64_t expert, ArrayRef<double> x) {
  double limit = op.getLimit() ? op.getLimit()->convertToDouble() : std::numeric_limits<double>::infinity();
  double alpha = op.getAlpha().convertToDouble(), beta = op.getBeta().convertToDouble();
  std::vector<double> u = project(e, op.getUp(), op.getUpBias(), expert, n['I'], x);
  for (double &value : u)
    value = std::isnan(value) ? value : std::clamp(value, -limit, limit);
  if (op.getGate())
    for (auto [value, g] : llvm::zip(u, project(e, op.getGate(), op.getGateBias(), expert, n['I'], x)))
      value = activate(op.getActivation(), g > limit ? limit : g, alpha) * (value + beta);
  else
    for (double &value : u)
      value = activate(op.getActivation(), value, alpha);
  return project(e, op.getDown(), op.getDownBias(), expert, n['O'], u);
}

LogicalResult evaluate(ExpertsOp op, Evaluation &e) {
  auto n = e.axes({{op.getX(), "TH"}, {op.getIds(), "TK"}, {op.getWeights(), "TK"}, {op.getUp(), "EIH"}, {op.getGate(), "EIH"},
                   {op.getDown(), "EOI"}, {op.getGateBias(), "EI"}, {op.getUpBias(), "EI"}, {op.getDownBias(), "EO"}});
  if (!n)
    return failure();
  int64_t tokens = (*n)['T'], hidden = (*n)['H'], k = (*n)['K'], out = (*n)['O'];
  std::optional<Tensor> result = e.make(op, {tokens, out});
  if (!result)
    return failure();
  for (int64_t t = 0; t < tokens; ++t) {
    std::vector<double> sums(out);
    for (int64_t slot = t * k; slot < (t + 1) * k; ++slot) {
      int64_t expert = e.tensor(op.getIds()).integer(slot);
      if (expert == -1)
        continue;
      if (expert < 0 || expert >= (*n)['E'])
        return e.fail("expert " + Twine(expert) + " of " + Twine((*n)['E']) + " for token " + Twine(t));
      double weight = e.tensor(op.getWeights()).real(slot);
      std::vector<double> x = reals(e.tensor(op.getX()), t * hidden, hidden);
      for (double &value : x)
        value *= op.getScaleInput() ? weight : 1;
      for (auto [sum, y] : llvm::zip(sums, expertOf(op, e, *n, expert, x)))
        sum += op.getScaleInput() ? y : weight * y;
    }
    for (int64_t column = 0; column < out; ++column)
      result->setReal(t * out + column, sums[column]);
  }
  return e.set(op, *result);
}

} // namespace

void addExperts(Rules &rules) {
  add<LinearOp>(rules, evaluate);
  add<ExpertsOp>(rules, evaluate);
}

} // namespace moe::reference
