//===- StandardBodies.cpp - function bodies that ONNX leaves out ------------------------------------------------===//
#include "StandardBodies.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace moe {
namespace {

using Body = std::string (*)(onnx::NodeOp);

int64_t rankOf(onnx::NodeOp node, unsigned operand) {
  Value value = node.input(operand);
  auto type = value ? dyn_cast<RankedTensorType>(value.getType()) : RankedTensorType();
  return type ? type.getRank() : -1;
}

/// [from, to) as a list of integers.
std::string list(int64_t from, int64_t to) {
  std::string text;
  for (int64_t i = from; i < to; ++i)
    text += (text.empty() ? "" : ", ") + std::to_string(i);
  return "[" + text + "]";
}

std::string ints(StringRef name, StringRef values) { return formatv("{0} = Constant<value_ints: ints = {1}>()\n", name, values); }

/// `name` = `vector`, whose elements are one per channel, with the channels on axis 1 of `rank`.
std::string perChannel(StringRef name, StringRef vector, int64_t rank) {
  std::string shape = "[1, -1";
  for (int64_t axis = 2; axis < rank; ++axis)
    shape += ", 1";
  return ints((name + "_shape").str(), shape + "]") + formatv("{0} = Reshape({1}, {0}_shape)\n", name, vector).str();
}

const char *const kWindow = "auto_pad: string = @auto_pad, dilations: ints = @dilations, group: int = @group, "
                            "kernel_shape: ints = @kernel_shape, pads: ints = @pads, strides: ints = @strides";

//===- normalisation --------------------------------------------------------------------------------------------===//

std::string batchNormalization(onnx::NodeOp node) {
  int64_t rank = rankOf(node, 0);
  if (rank < 2 || node.intAttribute("training_mode", 0) != 0)
    return "";
  std::string text;
  constexpr StringLiteral names[] = {"scale", "bias", "mean", "variance"};
  for (auto [index, name] : llvm::enumerate(names))
    text += formatv("{0}_f = Cast<to: int = 1>(in{1})\n", name, index + 1).str() + perChannel(name, std::string(name) + "_f", rank);
  return text + formatv(R"(
    x = Cast<to: int = 1>(in0)
    epsilon = Constant<value_float: float = {0}>()
    deviation = Sqrt(Add(variance, epsilon))
    y = Add(Mul(Div(Sub(x, mean), deviation), scale), bias)
    out0 = CastLike(y, in0))", formatv("{0:e}", node.floatAttribute("epsilon", 1e-5))).str();
}

std::string instanceNormalization(onnx::NodeOp node) {
  int64_t rank = rankOf(node, 0);
  if (rank < 3)
    return "";
  return ints("axes", list(2, rank)) + perChannel("scale", "in1", rank) + perChannel("bias", "in2", rank) + formatv(R"(
    mean = ReduceMean<keepdims: int = 1>(in0, axes)
    centred = Sub(in0, mean)
    variance = ReduceMean<keepdims: int = 1>(Mul(centred, centred), axes)
    epsilon = CastLike(Constant<value_float: float = {0}>(), in0)
    out0 = Add(Mul(Div(centred, Sqrt(Add(variance, epsilon))), scale), bias))", formatv("{0:e}", node.floatAttribute("epsilon", 1e-5))).str();
}

std::string lpNormalization(onnx::NodeOp node) {
  int64_t p = node.intAttribute("p", 2);
  if (p != 1 && p != 2)
    return "";
  // An axis of zeros stays as it is.
  return ints("axes", "[" + std::to_string(node.intAttribute("axis", -1)) + "]") + formatv(R"(
    norm = ReduceL{0}<keepdims: int = 1>(in0, axes)
    zero = CastLike(Constant<value_float: float = 0.0>(), in0)
    one = CastLike(Constant<value_float: float = 1.0>(), in0)
    out0 = Div(in0, Where(Equal(norm, zero), one, norm)))", p).str();
}

/// Local response: the squares of `size` neighbouring channels are added up.
std::string lrn(onnx::NodeOp node) {
  int64_t size = node.intAttribute("size", 0), rank = rankOf(node, 0), before = (size - 1) / 2;
  if (size < 1 || size > 64 || rank < 2)
    return "";
  std::string text = ints("axis", "[1]") + ints("pads", formatv("[{0}, {1}]", before, size - 1 - before).str()) + R"(
    zero = CastLike(Constant<value_float: float = 0.0>(), in0)
    padded = Pad(Mul(in0, in0), pads, zero, axis)
    channels = Shape<start: int = 1, end: int = 2>(in0)
  )", sum;
  for (int64_t i = 0; i < size; ++i) {
    text += ints(formatv("start{0}", i).str(), formatv("[{0}]", i).str());
    text += formatv("part{0} = Slice(padded, start{0}, Add(channels, start{0}), axis)\n", i);
    sum += formatv("{0}part{1}", i ? ", " : "", i);
  }
  auto number = [&](double value) { return formatv("CastLike(Constant<value_float: float = {0:e}>(), in0)", value).str(); };
  return text + formatv(R"(
    scale = {0}
    bias = {1}
    beta = {2}
    out0 = Div(in0, Pow(Add(bias, Mul(scale, Sum({3}))), beta)))", number(node.floatAttribute("alpha", 1e-4) / double(size)),
                        number(node.floatAttribute("bias", 1)), number(node.floatAttribute("beta", 0.75)), sum).str();
}

//===- reductions -----------------------------------------------------------------------------------------------===//

template <int which> std::string globalPool(onnx::NodeOp node) {
  int64_t rank = rankOf(node, 0);
  if (rank < 3 || (which == 2 && node.intAttribute("p", 2) != 2))
    return "";
  const char *op[] = {"ReduceMean", "ReduceMax", "ReduceL2"};
  return ints("axes", list(2, rank)) + formatv("out0 = {0}<keepdims: int = 1>(in0, axes)", op[which]).str();
}

std::string hardmax(onnx::NodeOp node) {
  int64_t rank = rankOf(node, 0), axis = node.intAttribute("axis", -1);
  axis += axis < 0 ? rank : 0;
  if (rank < 1 || node.getVersion() < 13 || axis < 0 || axis >= rank)
    return "";
  return formatv(R"(
    place = ArgMax<axis: int = {0}, keepdims: int = 0>(in0)
    depth = Shape<start: int = {0}, end: int = {1}>(in0)
    values = CastLike(Constant<value_ints: ints = [0, 1]>(), in0)
    out0 = OneHot<axis: int = {0}>(place, depth, values))", axis, axis + 1).str();
}

//===- places ---------------------------------------------------------------------------------------------------===//

std::string eyeLike(onnx::NodeOp node) {
  if (rankOf(node, 0) != 2)
    return "";
  std::string last = node.attribute("dtype") ? "out0 = Cast<to: int = @dtype>(equal)" : "out0 = CastLike(equal, in0)";
  return formatv(R"(
    zero = Constant<value_int: int = 0>()
    one = Constant<value_int: int = 1>()
    first = Constant<value_ints: ints = [1]>()
    shift = Constant<value_int: int = {0}>()
    shape = Shape(in0)
    rows = Unsqueeze(Add(Range(zero, Gather(shape, zero), one), shift), first)
    equal = Equal(rows, Range(zero, Gather(shape, one), one))
    )", node.intAttribute("k", 0)).str() + last;
}

std::string reverseSequence(onnx::NodeOp node) {
  int64_t rank = rankOf(node, 0), time = node.intAttribute("time_axis", 0), batch = node.intAttribute("batch_axis", 1);
  if (rank < 2 || time + batch != 1)
    return "";
  return ints("timeless", formatv("[{0}]", batch).str()) + ints("batchless", formatv("[{0}]", time).str()) + ints("tail", list(2, rank)) +
         formatv(R"(
    zero = Constant<value_int: int = 0>()
    one = Constant<value_int: int = 1>()
    axis = Constant<value_int: int = {0}>()
    steps = Unsqueeze(Range(zero, Gather(Shape(in0), axis), one), timeless)
    lengths = Unsqueeze(in1, batchless)
    from = Where(Less(steps, lengths), Sub(Sub(lengths, one), steps), steps)
    out0 = GatherElements<axis: int = {0}>(in0, Expand(Unsqueeze(from, tail), Shape(in0))))", time).str();
}

//===- integer products -----------------------------------------------------------------------------------------===//

/// `name` = operand as int32 less its zero point, which `reshaped` puts on its axis.
std::string centred(onnx::NodeOp node, StringRef name, unsigned operand, unsigned zeroPoint, StringRef reshaped) {
  if (!node.input(zeroPoint))
    return formatv("{0} = Cast<to: int = 6>(in{1})\n", name, operand);
  return formatv("{0}_zero = Cast<to: int = 6>(in{1})\n{2}{0} = Sub(Cast<to: int = 6>(in{3}), {0}_zero_at)\n", name, zeroPoint, reshaped, operand);
}

/// `name`_at = `name`, where a vector has one element per row.
std::string perRow(StringRef name, int64_t rank) {
  if (rank != 1)
    return formatv("{0}_at = Identity({0})\n", name);
  return ints((name + "_axis").str(), "[1]") + formatv("{0}_at = Unsqueeze({0}, {0}_axis)\n", name).str();
}

std::string integerMatMul(onnx::NodeOp node, unsigned a, unsigned aZero, unsigned b, unsigned bZero, StringRef result) {
  return centred(node, "a", a, aZero, perRow("a_zero", rankOf(node, aZero))) + centred(node, "b", b, bZero, "b_zero_at = Identity(b_zero)\n") +
         formatv("{0} = MatMul(a, b)\n", result).str();
}

/// `name`_at = `name`, whose elements are one, or one per output channel of weights of `rank`.
std::string perFilter(StringRef name, int64_t rank) {
  std::string shape = "[-1";
  for (int64_t axis = 1; axis < rank; ++axis)
    shape += ", 1";
  return ints((name + "_filters").str(), shape + "]") + formatv("{0}_at = Reshape({0}, {0}_filters)\n", name).str();
}

std::string integerConv(onnx::NodeOp node, unsigned x, unsigned xZero, unsigned w, unsigned wZero, StringRef result) {
  return centred(node, "x", x, xZero, "x_zero_at = Identity(x_zero)\n") + centred(node, "w", w, wZero, perFilter("w_zero", rankOf(node, w))) +
         formatv("{0} = Conv<{1}>(x, w)\n", result, kWindow).str();
}

std::string matMulInteger(onnx::NodeOp node) { return integerMatMul(node, 0, 2, 1, 3, "out0"); }
std::string convInteger(onnx::NodeOp node) { return rankOf(node, 1) < 3 ? "" : integerConv(node, 0, 2, 1, 3, "out0"); }

const char *const kRequantize = "out0 = QuantizeLinear(real, Cast<to: int = 1>(in6), in7)";

std::string qLinearMatMul(onnx::NodeOp node) {
  return integerMatMul(node, 0, 2, 3, 5, "product") + "a_scale = Cast<to: int = 1>(in1)\n" + perRow("a_scale", rankOf(node, 1)) +
         "real = Mul(Mul(Cast<to: int = 1>(product), a_scale_at), Cast<to: int = 1>(in4))\n" + kRequantize;
}

std::string qLinearConv(onnx::NodeOp node) {
  int64_t rank = rankOf(node, 3);
  if (rank < 3)
    return "";
  std::string text = integerConv(node, 0, 2, 3, 5, "product") + perChannel("w_scale", "in4", rank);
  if (node.input(8))
    text += perChannel("bias", "in8", rank);
  return text + formatv("real = Mul(Cast<to: int = 1>({0}), Mul(in1, w_scale))\n", node.input(8) ? "Add(product, bias)" : "product").str() + kRequantize;
}

/// Gives each call inside of a call's operands a name of its own: ONNX's syntax has one call per line.
class Unnest {
public:
  std::string run(StringRef text) {
    for (StringRef line : llvm::split(text, '\n'))
      if (auto [name, call] = line.split('='); !call.empty())
        result += (name.trim() + " = " + flat(call)).str() + "\n";
    return std::move(result);
  }

private:
  /// The call at the beginning of `text`, which moves behind it, with names as operands.
  std::string flat(StringRef &text) {
    size_t open = text.find('(');
    if (size_t attributes = text.find('<'); attributes < open)
      open = text.find('(', text.find('>'));
    std::string call = (text.take_front(open + 1)).trim().str();
    text = text.drop_front(open + 1);
    while (!text.consume_front(")")) {
      StringRef name = text.take_until([](char c) { return c == ',' || c == '(' || c == ')' || c == '<'; });
      if (text.size() > name.size() && (text[name.size()] == '(' || text[name.size()] == '<')) {
        std::string inner = flat(text);
        std::string temporary = "nested" + std::to_string(count++);
        result += temporary + " = " + inner + "\n";
        call += temporary;
      } else {
        call += name.trim();
        text = text.drop_front(name.size());
      }
      if (text.consume_front(","))
        call += ", ";
    }
    return call + ")";
  }

  std::string result;
  unsigned count = 0;
};

const llvm::StringMap<Body> &bodies() {
  static const auto *table = new llvm::StringMap<Body>{
      {"BatchNormalization", batchNormalization},
      {"ConvInteger", convInteger},
      {"EyeLike", eyeLike},
      {"GlobalAveragePool", globalPool<0>},
      {"GlobalLpPool", globalPool<2>},
      {"GlobalMaxPool", globalPool<1>},
      {"Hardmax", hardmax},
      {"InstanceNormalization", instanceNormalization},
      {"LRN", lrn},
      {"LpNormalization", lpNormalization},
      {"MatMulInteger", matMulInteger},
      {"QLinearConv", qLinearConv},
      {"QLinearMatMul", qLinearMatMul},
      {"ReverseSequence", reverseSequence},
  };
  return *table;
}

} // namespace

bool hasStandardBody(onnx::NodeOp node) { return node.getDomain().empty() && bodies().contains(node.getOpType()); }

std::string standardBody(onnx::NodeOp node) {
  auto found = node.getDomain().empty() ? bodies().find(node.getOpType()) : bodies().end();
  return found == bodies().end() ? std::string() : Unnest().run(found->second(node));
}

} // namespace moe
