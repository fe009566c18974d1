//===- Shapes.cpp - the lengths of axes, and the values of shape arithmetic, as expressions ---------------------===//
#include "moe/Analysis/Shapes.h"
#include "moe/Dialect/HostOp.h"
#include "LengthSources.h"
#include "NodeInference.h"
#include "ShapeRules.h"
#include "moe/Dialect/Moe.h"
#include "moe/Schema/Convert.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace moe {

/// Contents are followed up to this many elements; shapes have at most a few.
static constexpr int64_t kMaxContent = 64;

const ShapeAnalysis::Exprs *ShapeAnalysis::dims(Value value) const {
  auto found = lengths.find(value);
  return found == lengths.end() ? nullptr : &found->second;
}

const ShapeAnalysis::Exprs *ShapeAnalysis::content(Value value) const {
  auto found = contents.find(value);
  return found == contents.end() ? nullptr : &found->second;
}

std::optional<SmallVector<int64_t>> ShapeAnalysis::constants(Value value) const {
  const Exprs *exprs = content(value);
  if (!exprs)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (const SymExpr &expr : *exprs) {
    auto constant = expr.constant();
    if (!constant)
      return std::nullopt;
    result.push_back(*constant);
  }
  return result;
}

SymExpr ShapeAnalysis::simplify(const SymExpr &expr) const {
  SymExpr result = expr;
  for (bool changed = true; changed;) {
    changed = false;
    for (auto &[symbol, value] : replaced)
      if (result.mentions(symbol)) {
        result = result.substitute(symbol, value);
        changed = true;
      }
  }
  return result;
}

void ShapeAnalysis::define(Value value, Exprs exprs) {
  for (SymExpr &expr : exprs)
    expr = simplify(expr);
  lengths[value] = std::move(exprs);
}

/// A symbol and what it is where `difference` is 0: a length like past + 1, so one that takes its terms from elsewhere does not count.
static std::optional<std::pair<std::string, SymExpr>> solve(const SymExpr &difference) {
  for (int64_t sign : {-1, 1}) // those on the right first
    for (auto &[monomial, coefficient] : difference.monomials()) {
      if (monomial.size() != 1 || coefficient != sign)
        continue;
      SymExpr rest = difference - SymExpr::symbol(monomial.front()) * SymExpr(sign), value = rest * SymExpr(-sign);
      if (!rest.mentions(monomial.front()) && isNonNegative(value))
        return std::pair(monomial.front(), value);
    }
  return std::nullopt;
}

void ShapeAnalysis::require(const SymExpr &left, const SymExpr &right) {
  SymExpr a = simplify(left), b = simplify(right);
  if (a == b)
    return;
  required.push_back({a, b});
  // The later name gives way to the earlier one, so that the answers speak of the first input that has the length.
  if (auto symbol = b.symbolName(); symbol && !a.mentions(*symbol))
    replaced.emplace(*symbol, a);
  else if (auto symbol = a.symbolName(); symbol && !b.mentions(*symbol))
    replaced.emplace(*symbol, b);
  else if (auto solved = solve(a - b))
    replaced.insert(std::move(*solved));
  for (auto *table : {&lengths, &contents})
    for (auto &entry : *table)
      for (SymExpr &expr : entry.second)
        expr = simplify(expr);
}

void ShapeAnalysis::fillUnknown(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || lengths.count(value))
    return;
  Exprs exprs;
  for (int64_t length : type.getShape())
    exprs.push_back(ShapedType::isDynamic(length) ? SymExpr::symbol("d" + std::to_string(fresh++)) : SymExpr(length));
  lengths[value] = std::move(exprs);
}

bool ShapeAnalysis::defineNamed(Value value, ArrayAttr names) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !names || names.size() != size_t(type.getRank()))
    return false;
  Exprs exprs;
  for (auto [axis, length] : llvm::enumerate(type.getShape())) {
    StringRef name = cast<StringAttr>(names[axis]).getValue();
    if (!ShapedType::isDynamic(length))
      exprs.push_back(SymExpr(length));
    else
      exprs.push_back(name.empty() ? SymExpr::symbol("d" + std::to_string(fresh++)) : SymExpr::parse(name));
  }
  define(value, exprs);
  return true;
}

void ShapeAnalysis::begin(func::FuncOp function) {
  if (auto equal = function->getAttrOfType<ArrayAttr>(onnx::kEqualAttr))
    for (auto pair : equal.getAsRange<ArrayAttr>())
      require(SymExpr::parse(cast<StringAttr>(pair[0]).getValue()), SymExpr::parse(cast<StringAttr>(pair[1]).getValue()));
  for (BlockArgument argument : function.getArguments())
    if (!defineNamed(argument, function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), onnx::kDimsAttr)))
      fillUnknown(argument);
}

LogicalResult ShapeAnalysis::run(func::FuncOp function) {
  begin(function);
  for (Operation &op : function.getBody().front().without_terminator())
    if (failed(visit(&op)))
      return failure();
  return success();
}

LogicalResult ShapeAnalysis::visit(Operation *op) {
  if (auto node = dyn_cast<onnx::NodeOp>(op))
    return visitNode(node);
  visitOther(op);
  return success();
}

void ShapeAnalysis::visitOther(Operation *op) {
  if (auto constant = dyn_cast<onnx::ConstantOp>(op)) {
    auto values = constant.getValue();
    if (values.getElementType().isIntOrIndex() && values.getNumElements() <= kMaxContent) {
      Exprs exprs;
      bool isUnsigned = values.getElementType().isUnsignedInteger() || values.getElementType().isInteger(1);
      for (APInt value : values.getValues<APInt>())
        exprs.push_back(SymExpr(isUnsigned ? int64_t(value.getZExtValue()) : value.getSExtValue()));
      contents[constant] = std::move(exprs);
    }
  }
  for (OpResult result : op->getResults())
    if (hasLengthSources(op)) {
      Exprs exprs;
      auto type = cast<RankedTensorType>(result.getType());
      SmallVector<int64_t> shape(type.getShape());
      for (auto [axis, length] : llvm::enumerate(shape)) {
        auto [operand, place] = lengthSource(result, axis);
        auto given = operand ? dyn_cast<RankedTensorType>(operand.getType()) : RankedTensorType();
        if (ShapedType::isDynamic(length) && given && place < given.getRank()) // the operand's type may have become known since
          length = given.getDimSize(place);
        const Exprs *source = operand ? dims(operand) : nullptr;
        exprs.push_back(!ShapedType::isDynamic(length)               ? SymExpr(length)
                        : source && size_t(place) < source->size() ? (*source)[place]
                                                                     : SymExpr::symbol("d" + std::to_string(fresh++)));
      }
      result.setType(RankedTensorType::get(shape, type.getElementType(), type.getEncoding()));
      define(result, exprs);
    }
  if (op->getNumResults() == 1) // a state, whose lengths the session knows
    defineNamed(op->getResult(0), op->getAttrOfType<ArrayAttr>(onnx::kDimsAttr));
  for (Value result : op->getResults())
    fillUnknown(result);
}

LogicalResult ShapeAnalysis::visitNode(onnx::NodeOp node) {
  if (auto names = node->getAttrOfType<ArrayAttr>(onnx::kHostAttr)) {
    for (auto [result, own] : llvm::zip_equal(node.getResults(), names.getAsRange<ArrayAttr>()))
      defineNamed(result, own);
    return success();
  }
  const auto *schema = ::onnx::OpSchemaRegistry::Schema(node.getOpType().str(), node.getVersion(), node.getDomain().str());
  if (!schema)
    return node.emitError("unknown operator ") << node.qualifiedName() << " (opset " << node.getVersion()
                                               << "); let the host supply it (--host-op=" << node.qualifiedName()
                                               << "), or export without it";
  std::vector<::onnx::TypeProto> types(node.getNumResults());
  try {
    if (schema->has_type_and_shape_inference_function())
      types = NodeInference(node, *this).run(*schema);
  } catch (const std::exception &error) {
    return node.emitError(node.qualifiedName()) << ": " << StringRef(error.what()).trim();
  }
  ShapeRule rule = shapeRule(node);
  for (auto [index, result] : llvm::enumerate(node.getResults())) {
    std::vector<SymExpr> exprs;
    Type type = schema::tensorType(node.getContext(), types[index], &exprs);
    if (!type) {
      fillUnknown(result);
      continue;
    }
    // Names that ONNX's functions made up ("") are unknown lengths.
    auto ranked = dyn_cast<RankedTensorType>(type);
    for (auto [axis, expr] : llvm::enumerate(exprs))
      if (ShapedType::isDynamic(ranked.getDimSize(axis)) && types[index].tensor_type().shape().dim(axis).dim_param().empty())
        expr = SymExpr::symbol("d" + std::to_string(fresh++));
    auto known = dyn_cast<RankedTensorType>(result.getType());
    if (ranked || !known)
      result.setType(type);
    if (ranked)
      define(result, exprs);
    else
      fillUnknown(result);
  }
  if (rule) {
    ShapeFacts facts(node, *this);
    rule(facts);
    for (auto &[a, b] : facts.equal)
      require(a, b);
    for (auto [index, result] : llvm::enumerate(node.getResults())) {
      auto tensor = dyn_cast<TensorType>(result.getType());
      if (auto &exprs = facts.dims[index]; exprs && tensor) {
        SmallVector<int64_t> shape;
        for (const SymExpr &expr : *exprs)
          shape.push_back(simplify(expr).constant().value_or(ShapedType::kDynamic));
        if (llvm::any_of(shape, [](int64_t length) { return length < 0 && !ShapedType::isDynamic(length); }))
          return node.emitError(node.qualifiedName()) << ": the result would have an axis of negative length";
        result.setType(RankedTensorType::get(shape, tensor.getElementType()));
        define(result, *exprs);
      }
      if (auto &exprs = facts.contents[index]; exprs && int64_t(exprs->size()) <= kMaxContent) {
        for (SymExpr &expr : *exprs)
          expr = simplify(expr);
        contents[result] = *exprs;
      }
    }
  }
  // Where no length is known the rank may be.
  auto rank = knownRank(node);
  for (Value result : node.getResults())
    if (auto open = dyn_cast<UnrankedTensorType>(result.getType()); open && rank && *rank >= 0) {
      result.setType(RankedTensorType::get(SmallVector<int64_t>(*rank, ShapedType::kDynamic), open.getElementType()));
      fillUnknown(result);
    }
  return success();
}

} // namespace moe
