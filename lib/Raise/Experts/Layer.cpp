//===- Layer.cpp - a recognised layer of experts becomes moe.experts --------------------------------------------===//
#include "Layer.h"
#include "moe/Dialect/Moe.h"

using namespace mlir;

namespace moe::raise {

//===- weights of the experts -----------------------------------------------------------------------------------===//

ExpertTensors bankTensors(NodeMaker &make, const FfnPart &ffn) {
  auto build = [&](const std::optional<BankPart> &part) { return part ? part->build(make) : Value(); };
  ExpertTensors tensors;
  tensors.up = ffn.up.weight.build(make);
  tensors.upBias = build(ffn.up.bias);
  tensors.down = ffn.down.weight.build(make);
  tensors.downBias = build(ffn.down.bias);
  if (ffn.gate) {
    tensors.gate = ffn.gate->weight.build(make);
    tensors.gateBias = build(ffn.gate->bias);
  }
  return tensors;
}

/// The experts' parts as one tensor [E, ...]: the one that they are slices of, or a new one that joins them. Null where their shapes differ.
static Value join(NodeMaker &make, ArrayRef<std::optional<BankPart>> parts) {
  const BankPart &first = **llvm::find_if(parts, [](auto &part) { return part.has_value(); });
  bool sliced = true;
  for (auto [e, part] : llvm::enumerate(parts))
    sliced = sliced && part && part->expert == int64_t(e) && part->isSliceLike(first);
  if (sliced && first.expertAxis >= 0 && cast<RankedTensorType>(first.tensor.getType()).getDimSize(first.expertAxis) == int64_t(parts.size())) {
    BankPart whole = first;
    whole.expert.reset();
    return whole.build(make);
  }
  SmallVector<Value> own(parts.size());
  RankedTensorType type;
  for (auto [part, value] : llvm::zip(parts, own)) {
    if (!part)
      continue;
    value = part->build(make);
    if (type && value.getType() != type)
      return {};
    type = cast<RankedTensorType>(value.getType());
  }
  Value zero, axis = make.ints(int64_t(0));
  for (Value &value : own) {
    if (!value && !zero)
      zero = make.known(onnx::ConstantOp::create(make.b, make.loc, DenseElementsAttr::get(type, make.b.getZeroAttr(type.getElementType()))));
    value = make.node("Unsqueeze", {value ? value : zero, axis});
  }
  return own.size() == 1 ? own.front() : make.node("Concat", own, make.attr("axis", 0));
}

std::optional<ExpertTensors> joinedTensors(NodeMaker &make, ArrayRef<std::optional<FfnPart>> experts) {
  const FfnPart &first = **llvm::find_if(experts, [](auto &ffn) { return ffn.has_value(); });
  bool fits = true;
  auto all = [&](llvm::function_ref<std::optional<BankPart>(const FfnPart &)> part) -> Value {
    SmallVector<std::optional<BankPart>> parts;
    bool given = part(first).has_value();
    for (const auto &ffn : experts) {
      parts.push_back(ffn ? part(*ffn) : std::nullopt);
      fits = fits && (!ffn || parts.back().has_value() == given);
    }
    Value joined = given && fits ? join(make, parts) : Value();
    fits = fits && given == bool(joined);
    return joined;
  };
  for (const auto &ffn : experts)
    if (ffn && (ffn->unit != first.unit || ffn->gate.has_value() != first.gate.has_value()))
      return std::nullopt;
  using Part = std::optional<BankPart>;
  ExpertTensors tensors;
  tensors.up = all([](const FfnPart &ffn) -> Part { return ffn.up.weight; });
  tensors.upBias = all([](const FfnPart &ffn) { return ffn.up.bias; });
  tensors.down = all([](const FfnPart &ffn) -> Part { return ffn.down.weight; });
  tensors.downBias = all([](const FfnPart &ffn) { return ffn.down.bias; });
  if (first.gate) {
    tensors.gate = all([](const FfnPart &ffn) -> Part { return ffn.gate->weight; });
    tensors.gateBias = all([](const FfnPart &ffn) { return ffn.gate->bias; });
  }
  return fits ? std::optional(tensors) : std::nullopt;
}

//===- weights of the tokens ------------------------------------------------------------------------------------===//

Value weightMatrix(View &view, NodeMaker &make, const Rows &rows, ArrayRef<E> factors, E slot, const SymExpr &slots) {
  Value product;
  double scale = 1;
  SmallVector<E> open(factors);
  while (!open.empty()) {
    E factor = open.pop_back_val();
    if (factor->isApply("Mul")) {
      open.append(factor->args.begin(), factor->args.end());
      continue;
    }
    if (factor->is(Kind::Const)) {
      scale *= factor->number;
      continue;
    }
    Value part = asMatrix(view, make, rows, factor, slot, slots);
    if (!part)
      return {};
    product = product ? make.node("Mul", {product, part}) : part;
  }
  if (product && scale != 1)
    product = make.node("Mul", {product, make.number(scale, cast<TensorType>(product.getType()).getElementType())});
  return product;
}

std::optional<bool> inputFactors(const FfnPart &ffn, std::vector<E> &factors) {
  if (ffn.gate && ffn.gate->inputFactors != ffn.up.inputFactors)
    return std::nullopt;
  factors.insert(factors.end(), ffn.up.inputFactors.begin(), ffn.up.inputFactors.end());
  return !ffn.up.inputFactors.empty();
}

bool vanishesAtZero(const FfnPart &ffn) {
  bool biased = ffn.down.bias || ffn.up.bias || (ffn.gate && ffn.gate->bias);
  double atZero = activate(ffn.unit.activation, ffn.unit.alpha, 0) * (ffn.gate ? ffn.unit.beta : 1);
  return !biased && atZero == 0;
}

//===- the layer ------------------------------------------------------------------------------------------------===//

E layerInput(View &view, const FfnPart &ffn) {
  E x = view.layout(ffn.up.input);
  if (ffn.gate && view.pool.substitute(view.layout(ffn.gate->input), {{ffn.gate->inner, ffn.up.inner}}) != x)
    return nullptr;
  return x;
}

/// `rows` [T, H] with the outer axes of `x`, whose element is one of the layer's rows; null where those are others.
static Value asRows(NodeMaker &make, const Rows &rows, E x, Value result) {
  if (rows.digits.size() == 1)
    return result;
  if (x->args.size() != rows.digits.size() + 1 || !llvm::equal(ArrayRef(x->args).drop_back(), rows.digits))
    return {};
  SmallVector<Value> parts;
  Value shape = make.node("Shape", x->value);
  for (unsigned axis = 0; axis < rows.digits.size(); ++axis)
    parts.push_back(make.node("Slice", {shape, make.ints(int64_t(axis)), make.ints(int64_t(axis) + 1), make.ints(int64_t(0))}));
  parts.push_back(make.ints(cast<RankedTensorType>(result.getType()).getDimSize(1)));
  return make.node("Reshape", {result, make.node("Concat", parts, make.attr("axis", 0))});
}

Value buildLayer(View &view, NodeMaker &make, const Rows &rows, const FfnPart &ffn, const ExpertTensors &tensors, Value ids, Value weights,
                 bool scaleInput) {
  E x = layerInput(view, ffn), inner = ffn.up.inner;
  Value input = x && inner->is(Kind::Digit) ? asMatrix(view, make, rows, x, inner, inner->extents[0]) : Value();
  if (!input)
    return {};
  auto inputType = cast<RankedTensorType>(input.getType()), downType = cast<RankedTensorType>(tensors.down.getType());
  auto type = RankedTensorType::get({inputType.getDimSize(0), downType.getDimSize(1)}, inputType.getElementType());
  OpBuilder &b = make.b;
  auto limit = ffn.unit.limit ? b.getF64FloatAttr(*ffn.unit.limit) : FloatAttr();
  auto op = make.known(ExpertsOp::create(b, make.loc, type, input, ids, weights, tensors.gate, tensors.up, tensors.down, tensors.gateBias,
                                         tensors.upBias, tensors.downBias, ffn.unit.activation, APFloat(ffn.unit.alpha), APFloat(ffn.unit.beta),
                                         limit, scaleInput));
  return asRows(make, rows, x, op.getResult());
}

} // namespace moe::raise
