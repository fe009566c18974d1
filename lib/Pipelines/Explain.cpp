//===- Explain.cpp - what was recognised, and what was not ------------------------------------------------------===//
#include "moe/Pipelines/Explain.h"
#include "moe/Dialect/Moe.h"
#include "moe/Dialect/Onnx.h"
#include "moe/Dialect/Rt.h"
#include "moe/Support/Bytes.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include <map>

using namespace mlir;

namespace moe {
namespace {

/// "32x2048x768", a length that is not fixed as "?".
std::string shapeOf(Value value) {
  std::string text;
  for (int64_t length : cast<ShapedType>(value.getType()).getShape())
    text += (text.empty() ? "" : "x") + (ShapedType::isDynamic(length) ? std::string("?") : std::to_string(length));
  return text;
}

/// The sizes of the operands that are weights, then the op's attributes: what distinguishes it from others of its kind.
std::string choices(Operation *op) {
  std::string text;
  llvm::raw_string_ostream out(text);
  for (Value operand : op->getOperands())
    if (auto type = dyn_cast<ShapedType>(operand.getType()); type && type.hasStaticShape() && type.getRank() > 1)
      out << shapeOf(operand) << " ";
  for (NamedAttribute attr : op->getAttrs()) {
    if (attr.getName() == "operandSegmentSizes")
      continue;
    std::string value;
    llvm::raw_string_ostream print(value);
    attr.getValue().print(print, /*elideType=*/true);
    StringRef shown(value);
    if (shown.consume_front("#moe.")) // #moe.activation<silu> is silu
      shown = shown.split('<').second.drop_back();
    if (auto real = dyn_cast<FloatAttr>(attr.getValue()))
      {
      value.clear();
      print << llvm::format("%g", real.getValueAsDouble());
      shown = value;
    }
    out << attr.getName().strref() << (isa<UnitAttr>(attr.getValue()) ? " " : "=" + shown.str() + " ");
  }
  return text;
}

std::string nodeName(Operation *op) {
  auto name = op->getLoc()->findInstanceOf<NameLoc>();
  return name ? name.getName().str() : "";
}

/// Operators that recognised constructs are made of.
bool isConstructPart(StringRef op) {
  static const llvm::StringSet<> parts = {"MatMul", "Gemm", "Einsum", "Softmax", "LogSoftmax", "TopK", "CumSum", "NonZero", "Loop", "Scan", "LSTM", "GRU",
                                          "RNN",    "Attention", "LinearAttention", "CausalConvWithState", "RotaryEmbedding"};
  return parts.contains(op);
}

std::map<std::string, std::vector<onnx::NodeOp>> plainNodes(ModuleOp module) {
  std::map<std::string, std::vector<onnx::NodeOp>> result;
  module.walk([&](onnx::NodeOp node) { result[node.qualifiedName()].push_back(node); });
  return result;
}

} // namespace

void explainRaised(ModuleOp module, llvm::raw_ostream &out) {
  std::map<std::string, std::map<std::string, std::vector<std::string>>> kinds; // op, its choices, the nodes
  int64_t weights = 0, bytes = 0;
  module.walk([&](Operation *op) {
    if (auto param = dyn_cast<ParamOp>(op)) {
      ++weights;
      bytes += byteSize(cast<ShapedType>(param.getType()));
    } else if (op->getName().getDialectNamespace() == "moe" && !isa<GetParamOp>(op) && !op->getParentOfType<ParamOp>()) {
      kinds[op->getName().getStringRef().str()][choices(op)].push_back(nodeName(op));
    }
  });
  out << "recognised:\n";
  for (auto &[kind, variants] : kinds)
    for (auto &[text, names] : variants)
      out << llvm::formatv("  {0,-16} {1,4} x  {2} e.g. '{3}'\n", kind, names.size(), text, names.front());
  out << "on the plain path:\n";
  for (auto &[name, nodes] : plainNodes(module)) {
    out << llvm::formatv("  {0,-24} {1,4}", name, nodes.size());
    if (isConstructPart(name))
      for (onnx::NodeOp node : ArrayRef(nodes).take_front(3))
        out << " '" << nodeName(node) << "'";
    out << (isConstructPart(name) && nodes.size() > 3 ? " ...\n" : "\n");
  }
  out << "weights: " << weights << " of more than 1 KiB, " << bytes << " bytes\n";
}

void explainWeights(ModuleOp module, llvm::raw_ostream &out) {
  SymbolTable symbols(module);
  std::map<std::pair<std::string, std::string>, std::pair<int64_t, int64_t>> groups; // role and format: how many params and bytes
  for (auto name : module->getAttrOfType<ArrayAttr>(rt::kParamsAttr).getAsRange<StringAttr>()) {
    auto param = symbols.lookup<ParamOp>(name.getValue());
    auto &[count, bytes] = groups[{param.getRole().value_or("other").str(), param.getFormat().value_or("as they are").str()}];
    ++count, bytes += byteSize(cast<ShapedType>(param.getType()));
  }
  out << "weights in the artefact:\n";
  for (auto &[kind, sizes] : groups)
    out << llvm::formatv("  {0,-16} {1,-12} {2,5} params {3,14} bytes\n", kind.first, kind.second, sizes.first, sizes.second);
}

LogicalResult reportPlainPath(ModuleOp module, bool strict) {
  std::string text;
  for (auto &[name, nodes] : plainNodes(module)) {
    if (!isConstructPart(name))
      continue;
    text += (text.empty() ? "" : ", ") + name + " " + std::to_string(nodes.size());
    for (onnx::NodeOp node : strict ? ArrayRef(nodes) : ArrayRef<onnx::NodeOp>())
      node.emitError() << name << ": is part of no construct that is recognised; compile without --strict to run it on the plain path";
  }
  if (!text.empty() && !strict)
    emitRemark(module.getLoc()) << "some nodes are part of no construct that is recognised and take the plain path: " << text << "; --explain names them";
  return success(text.empty() || !strict);
}

} // namespace moe
