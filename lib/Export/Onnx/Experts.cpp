//===- Experts.cpp - banks of experts as ONNX operators ---------------------------------------------------------===//
//
// ONNX Runtime's MoE chooses experts itself, from logits. Where the router is its own, it gets the router's logits; any other router's
// choice is handed over as logits that make it choose the same: the logarithms of the weights, and a very low number for other experts.
// What MoE cannot express runs every expert on every token.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Spell.h"

using namespace mlir;

namespace moe::spell {
namespace {

constexpr double kNever = -1e30;  ///< a logit that no selected expert has
constexpr double kSmallest = 1e-30; ///< a weight that is as good as 0, of which there is a logarithm

class ExpertsSpelling {
public:
  ExpertsSpelling(NodeMaker &make, ExpertsOp op)
      : make(make), op(op), element(getElementTypeOrSelf(op.getX().getType())), experts(llvm::cast<RankedTensorType>(op.getUp().getType()).getDimSize(0)) {}

  Value run() {
    StringRef activation = contribActivation();
    if (activation.empty() || op.getScaleInput() || !element.isF32())
      return everywhere();
    RouteOp route = op.getIds().getDefiningOp<RouteOp>();
    bool own = route && route.getWeights() == op.getWeights();
    if (own && isContribRouter(route)) {
      bool normalize = route.getRenorm() != Renorm::none;
      return scaled(contribExperts(activation, route.getLogits(), normalize), route.getScale().convertToDouble());
    }
    return own && positiveWeights(route) ? asLogits(activation) : everywhere();
  }

private:
  Value node(StringRef name, ValueRange operands, ArrayRef<NamedAttribute> attrs = {}) { return make.node(name, operands, attrs, kOpset); }
  Value number(double value) { return make.number(value, element); }

  //===- com.microsoft.MoE --------------------------------------------------------------------------------------===//

  /// The name that MoE has for the activation; "" where it has none.
  StringRef contribActivation() {
    bool plain = !op.getLimit() && op.getBeta().isZero();
    if (op.getGate())
      return op.getActivation() == Activation::silu ? "swiglu" : "";
    switch (op.getActivation()) {
    case Activation::relu: return plain ? "relu" : "";
    case Activation::silu: return plain && op.getAlpha().isExactlyValue(1) ? "silu" : "";
    case Activation::identity: return plain ? "identity" : "";
    default: return "";
    }
  }

  static bool isContribRouter(RouteOp route) {
    bool scores = route.getScore() == Score::softmax || (route.getScore() == Score::identity && route.getRenorm() == Renorm::softmax);
    return scores && route.getSelect() == Select::topk && !route.getBias() && route.getGroups() == route.getGroupsKept() &&
           (route.getRenorm() == Renorm::none || route.getScore() == Score::identity ||
            (route.getRenorm() == Renorm::sum && route.getEpsilon().isZero() && route.getFloor().isZero()));
  }

  static bool positiveWeights(RouteOp route) {
    bool positive = route.getScore() != Score::identity || route.getRenorm() == Renorm::softmax;
    return positive && route.getSelect() == Select::topk && !route.getScale().isNegative() && !route.getScale().isZero();
  }

  /// Gate and up of an expert's output i as rows 2i and 2i + 1.
  Value interleaved(Value gate, Value up) {
    SmallVector<int64_t> shape(llvm::cast<RankedTensorType>(up.getType()).getShape());
    shape[1] *= 2;
    Value pairs = node("Concat", {unsqueeze(make, gate, {2}), unsqueeze(make, up, {2})}, make.attr("axis", 2));
    return node("Reshape", {pairs, make.ints(shape)});
  }

  /// A bias, zeros where the other one has it alone.
  Value biasOrZeros(Value bias, Value weight) {
    if (bias)
      return bias;
    auto type = RankedTensorType::get(llvm::cast<RankedTensorType>(weight.getType()).getShape().take_front(2), element);
    return make.known(onnx::ConstantOp::create(make.b, make.loc, DenseElementsAttr::get(type, make.b.getFloatAttr(element, 0))));
  }

  Value contribExperts(StringRef activation, Value logits, bool normalize) {
    Value first = op.getGate() ? interleaved(op.getGate(), op.getUp()) : op.getUp(), bias = op.getUpBias();
    if (op.getGate() && (op.getGateBias() || op.getUpBias()))
      bias = interleaved(biasOrZeros(op.getGateBias(), op.getGate()), biasOrZeros(op.getUpBias(), op.getUp()));
    Value left = none(make);
    SmallVector<Value> operands = {op.getX(), logits, first, bias ? bias : left, op.getDown()};
    if (op.getDownBias())
      operands.push_back(op.getDownBias());
    int64_t k = llvm::cast<RankedTensorType>(op.getIds().getType()).getDimSize(1);
    auto real = [&](StringRef name, double value) { return make.b.getNamedAttr(name, make.b.getF32FloatAttr(float(value))); };
    SmallVector<NamedAttribute> attrs = {make.attr("k", k), make.attr("normalize_routing_weights", normalize),
                                         make.b.getNamedAttr("activation_type", make.b.getStringAttr(activation))};
    if (op.getGate()) {
      attrs.append({make.attr("swiglu_fusion", 1), real("activation_alpha", op.getAlpha().convertToDouble()), real("activation_beta", op.getBeta().convertToDouble())});
      if (op.getLimit())
        attrs.push_back(real("swiglu_limit", op.getLimit()->convertToDouble()));
    }
    return contrib(make, "MoE", op.getType(), operands, attrs);
  }

  Value scaled(Value value, double scale) { return scale == 1 ? value : node("Mul", {value, number(scale)}); }

  Value asLogits(StringRef activation) {
    Value weights = node("Max", {cast(make, op.getWeights(), element), number(kSmallest)});
    Value sum = node("ReduceSum", {weights, make.ints(-1)}, make.attr("keepdims", 1));
    Value logits = node("Log", node("Div", {weights, sum}));
    Value none = filled(make, {length(make, op.getX(), 0), countOfExperts()}, make.b.getFloatAttr(element, kNever));
    Value ids = cast(make, op.getIds(), make.b.getI64Type());
    Value all = node("ScatterElements", {none, ids, logits}, make.attr("axis", 1));
    return node("Mul", {contribExperts(activation, all, /*normalize=*/true), sum});
  }

  //===- every expert on every token ----------------------------------------------------------------------------===//

  Value countOfExperts() { return make.number(double(experts), make.b.getI64Type()); }

  /// [tokens, experts] with `values` [tokens, k] at the experts of each token, added up; ids of -1 add nothing.
  Value perExpert(Value values) {
    Value ids = cast(make, op.getIds(), make.b.getI64Type()), zero = make.number(0, make.b.getI64Type());
    Value real = node("Where", {node("Less", {ids, zero}), number(0), values});
    Value zeros = filled(make, {length(make, op.getX(), 0), countOfExperts()}, make.b.getFloatAttr(element, 0));
    auto add = make.b.getNamedAttr("reduction", make.b.getStringAttr("add"));
    return node("ScatterElements", {zeros, node("Max", {ids, zero}), real}, {make.attr("axis", 1), add});
  }

  /// [experts, tokens, 1] of [tokens, experts].
  Value column(Value value) { return unsqueeze(make, make.transpose(value, {1, 0}), {2}); }

  Value product(Value x, Value weight, Value bias) {
    Value result = node("MatMul", {x, make.transpose(weight, {0, 2, 1})});
    return bias ? node("Add", {result, unsqueeze(make, bias, {1})}) : result;
  }

  Value clamp(Value value, bool below) {
    if (!op.getLimit())
      return value;
    double limit = op.getLimit()->convertToDouble();
    return node("Clip", {value, below ? number(-limit) : none(make), number(limit)});
  }

  Value activate(Value x) {
    switch (op.getActivation()) {
    case Activation::identity: return x;
    case Activation::relu: return node("Relu", x);
    case Activation::relu2: {
      Value half = node("Relu", x);
      return node("Mul", {half, half});
    }
    case Activation::silu: return node("Mul", {x, node("Sigmoid", scaled(x, op.getAlpha().convertToDouble()))});
    case Activation::gelu: return node("Gelu", x);
    case Activation::gelu_tanh: return node("Gelu", x, make.b.getNamedAttr("approximate", make.b.getStringAttr("tanh")));
    case Activation::sigmoid: return node("Sigmoid", x);
    case Activation::tanh: return node("Tanh", x);
    }
    llvm_unreachable("all activations are listed");
  }

  Value everywhere() {
    Value weights = cast(make, op.getWeights(), element), x = unsqueeze(make, op.getX(), {0});
    Value share = perExpert(weights);
    if (op.getScaleInput()) { // the weight is inside; what comes out counts once for each time that the token names the expert
      x = node("Mul", {x, column(share)});
      share = perExpert(node("Pow", {weights, number(0)}));
    }
    Value up = clamp(product(x, op.getUp(), op.getUpBias()), true), inner;
    if (op.getGate()) {
      Value gate = activate(clamp(product(x, op.getGate(), op.getGateBias()), false));
      double beta = op.getBeta().convertToDouble();
      inner = node("Mul", {gate, beta == 0 ? up : node("Add", {up, number(beta)})});
    } else {
      inner = activate(up);
    }
    Value y = node("Mul", {product(inner, op.getDown(), op.getDownBias()), column(share)});
    return node("ReduceSum", {y, make.ints(0)}, make.attr("keepdims", 0));
  }

  NodeMaker &make;
  ExpertsOp op;
  Type element;
  int64_t experts;
};

} // namespace

Value spell(NodeMaker &make, ExpertsOp op) { return ExpertsSpelling(make, op).run(); }

} // namespace moe::spell
