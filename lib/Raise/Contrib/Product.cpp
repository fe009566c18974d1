//===- Product.cpp - ONNX Runtime's matrix products and convolutions --------------------------------------------===//
#include "Expansion.h"

using namespace mlir;

namespace moe::raise {
namespace {

/// An operand of FusedMatMul as MatMul takes it: with `batch`, axis 0 moves before the last; then the last two exchange.
Value transposed(Expansion &e, Value value, bool exchange, bool batch) {
  int64_t rank = e.rankOf(value);
  if (rank < 2)
    return value;
  auto perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (batch)
    std::rotate(perm.begin(), perm.begin() + 1, perm.end() - 1);
  if (exchange)
    std::swap(perm[rank - 1], perm[rank - 2]);
  return e.make.transpose(value, perm);
}

Value fusedProduct(Expansion &e) {
  auto flag = [&](StringRef name) { return e.node.intAttribute(name, 0) != 0; };
  Value a = transposed(e, e.in(0), flag("transA"), flag("transBatchA")), b = transposed(e, e.in(1), flag("transB"), flag("transBatchB"));
  return e.scaled(e.op("MatMul", {a, b}), e.node.floatAttribute("alpha", 1));
}

/// An activation by its ONNX name; `first` and `second` are its parameters, where they are given.
FailureOr<Value> activated(Expansion &e, Value x, StringRef name, std::optional<double> first, std::optional<double> second) {
  if (name.empty())
    return x;
  if (llvm::is_contained({"Relu", "Tanh", "Sigmoid", "Softplus", "Softsign"}, name))
    return e.op(name, x);
  if (name == "LeakyRelu")
    return e.op(name, x, e.realAttr("alpha", first.value_or(0.01)));
  if (name == "ThresholdedRelu" || name == "Elu")
    return e.op(name, x, e.realAttr("alpha", first.value_or(1)));
  if (name == "HardSigmoid")
    return e.op(name, x, {e.realAttr("alpha", first.value_or(0.2)), e.realAttr("beta", second.value_or(0.5))});
  if (name == "Clip" && first && second)
    return e.op(name, {x, e.make.number(*first, e.elementOf(x)), e.make.number(*second, e.elementOf(x))});
  return e.fail("activation '" + name + "' is not supported; export it as a node of its own");
}

std::optional<double> given(Expansion &e, StringRef name) {
  return e.node.attribute(name) ? std::optional(e.node.floatAttribute(name, 0)) : std::nullopt;
}

LogicalResult finish(Expansion &e, Value x) {
  auto y = activated(e, x, e.node.stringAttribute("activation", ""), given(e, "activation_alpha"), given(e, "activation_beta"));
  return failed(y) ? failure() : e.done(*y);
}

LogicalResult fusedMatMul(Expansion &e) { return e.done(fusedProduct(e)); }
LogicalResult fusedMatMulActivation(Expansion &e) { return finish(e, fusedProduct(e)); }

LogicalResult fusedGemm(Expansion &e) {
  SmallVector<Value> operands = {e.in(0), e.in(1)};
  if (e.in(2))
    operands.push_back(e.in(2));
  Value product = e.op("Gemm", operands,
                       {e.realAttr("alpha", e.node.floatAttribute("alpha", 1)), e.realAttr("beta", e.node.floatAttribute("beta", 1)),
                        e.attr("transA", e.node.intAttribute("transA", 0)), e.attr("transB", e.node.intAttribute("transB", 0))});
  return finish(e, product);
}

LogicalResult gemmFastGelu(Expansion &e) {
  Value y = e.op("MatMul", {e.in(0), e.in(1)});
  if (e.in(2))
    y = e.add(y, e.in(2));
  return e.done(e.op("Gelu", y, e.attr("approximate", "tanh")));
}

/// A convolution, plus Z, under an activation.
LogicalResult fusedConv(Expansion &e) {
  SmallVector<NamedAttribute> attrs;
  for (NamedAttribute attr : e.node.getAttrs())
    if (attr.getName() != "activation" && attr.getName() != "activation_params")
      attrs.push_back(attr);
  SmallVector<Value> operands = {e.in(0), e.in(1)};
  if (e.in(2))
    operands.push_back(e.in(2));
  Value y = e.op("Conv", operands, attrs, 11);
  if (e.in(3))
    y = e.add(y, e.in(3));
  auto numbers = dyn_cast_or_null<DenseF32ArrayAttr>(e.node.attribute("activation_params"));
  auto parameter = [&](unsigned at) { return numbers && at < numbers.size() ? std::optional<double>(numbers[at]) : std::nullopt; };
  auto result = activated(e, y, e.node.stringAttribute("activation", ""), parameter(0), parameter(1));
  return failed(result) ? failure() : e.done(*result);
}

} // namespace

void addProducts(ExpandTable &table) {
  addMicrosoft(table, "FusedMatMul", fusedMatMul);
  addMicrosoft(table, "TransposeMatMul", fusedMatMul);
  addMicrosoft(table, "FusedMatMulActivation", fusedMatMulActivation);
  addMicrosoft(table, "FusedGemm", fusedGemm);
  addMicrosoft(table, "GemmFastGelu", gemmFastGelu);
  addMicrosoft(table, "FusedConv", fusedConv);
}

} // namespace moe::raise
