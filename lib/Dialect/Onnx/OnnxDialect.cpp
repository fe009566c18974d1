//===- OnnxDialect.cpp - registration, syntax and verifiers of the onnx dialect ---------------------------------===//
#include "moe/Dialect/Onnx.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"

using namespace mlir;

#include "moe/Dialect/Onnx/OnnxDialect.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "moe/Dialect/Onnx/OnnxTypes.cpp.inc"
#define GET_OP_CLASSES
#include "moe/Dialect/Onnx/OnnxOps.cpp.inc"

namespace moe::onnx {

void YieldOp::build(OpBuilder &, OperationState &) {}

void OnnxDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "moe/Dialect/Onnx/OnnxTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "moe/Dialect/Onnx/OnnxOps.cpp.inc"
      >();
}

//===- onnx.node ------------------------------------------------------------------------------------------------===//

void NodeOp::build(OpBuilder &builder, OperationState &state, StringRef opType, TypeRange types, ValueRange operands,
                   ArrayRef<NamedAttribute> attrs, int64_t version, StringRef domain) {
  build(builder, state, types, opType, domain, version, builder.getDictionaryAttr(attrs), builder.getStrArrayAttr({}),
        operands, 0);
}

Value NodeOp::input(unsigned index) {
  if (index >= getNumOperands() || isa<NoneType>(getOperand(index).getType()))
    return {};
  return getOperand(index);
}

int64_t NodeOp::intAttribute(StringRef name, int64_t absent) {
  auto value = dyn_cast_or_null<IntegerAttr>(attribute(name));
  return value ? value.getInt() : absent;
}

double NodeOp::floatAttribute(StringRef name, double absent) {
  auto value = dyn_cast_or_null<FloatAttr>(attribute(name));
  return value ? value.getValueAsDouble() : absent;
}

StringRef NodeOp::stringAttribute(StringRef name, StringRef absent) {
  auto value = dyn_cast_or_null<StringAttr>(attribute(name));
  return value ? value.getValue() : absent;
}

std::optional<SmallVector<int64_t>> NodeOp::intsAttribute(StringRef name) {
  auto values = dyn_cast_or_null<DenseI64ArrayAttr>(attribute(name));
  return values ? std::optional(llvm::to_vector(values.asArrayRef())) : std::nullopt;
}

Region *NodeOp::subgraph(StringRef name) {
  for (auto [attr, region] : llvm::zip(getSubgraphs(), getBodies()))
    if (cast<StringAttr>(attr).getValue() == name)
      return &region;
  return nullptr;
}

std::string NodeOp::qualifiedName() {
  return (getDomain().empty() ? getOpType() : (getDomain() + "." + getOpType()).str()).str();
}

void NodeOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  // Every operator is a function of its operands, but for those that draw random numbers.
  static const llvm::StringSet<> random = {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"};
  bool draws = random.contains(getOpType());
  for (Region &body : getBodies())
    body.walk([&](NodeOp inner) { draws = draws || random.contains(inner.getOpType()); });
  if (draws)
    effects.emplace_back(MemoryEffects::Write::get(), SideEffects::DefaultResource::get());
}

LogicalResult NodeOp::verify() {
  if (getOpType().empty()) // C1
    return emitOpError("needs the name of an operator");
  if (getSubgraphs().size() != getBodies().size()) // C2
    return emitOpError("has ") << getBodies().size() << " regions for " << getSubgraphs().size() << " subgraph names";
  for (Region &body : getBodies())
    if (!body.hasOneBlock() || body.front().empty() || !isa<YieldOp>(body.front().back())) // C2
      return emitOpError("needs one block that ends in onnx.yield in each region");
  if (getVersion() < 1) // C3
    return emitOpError("needs an opset version of at least 1");
  return success();
}

ParseResult NodeOp::parse(OpAsmParser &parser, OperationState &state) {
  std::string name;
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  NamedAttrList attrs;
  int64_t version = 0;
  FunctionType type;
  SMLoc at = parser.getCurrentLocation();
  if (parser.parseString(&name) || parser.parseOperandList(operands, OpAsmParser::Delimiter::Paren) ||
      parser.parseOptionalAttrDict(attrs))
    return failure();
  std::string domain;
  if (succeeded(parser.parseOptionalKeyword("domain")) && parser.parseString(&domain))
    return failure();
  if (parser.parseKeyword("version") || parser.parseInteger(version) || parser.parseColonType(type) ||
      parser.resolveOperands(operands, type.getInputs(), at, state.operands))
    return failure();
  Builder &builder = parser.getBuilder();
  ArrayAttr subgraphs = builder.getStrArrayAttr({});
  if (succeeded(parser.parseOptionalKeyword("subgraphs"))) {
    if (parser.parseAttribute(subgraphs))
      return failure();
    do {
      if (parser.parseRegion(*state.addRegion()))
        return failure();
    } while (succeeded(parser.parseOptionalComma()));
  }
  state.addAttribute("op_type", builder.getStringAttr(name));
  state.addAttribute("domain", builder.getStringAttr(domain));
  state.addAttribute("version", builder.getI64IntegerAttr(version));
  state.addAttribute("attrs", attrs.getDictionary(builder.getContext()));
  state.addAttribute("subgraphs", subgraphs);
  state.addTypes(type.getResults());
  return parser.parseOptionalAttrDictWithKeyword(state.attributes);
}

void NodeOp::print(OpAsmPrinter &printer) {
  printer << " \"" << getOpType() << "\"(" << getOperands() << ")";
  printer.printOptionalAttrDict(getAttrs().getValue());
  if (!getDomain().empty())
    printer << " domain \"" << getDomain() << "\"";
  printer << " version " << getVersion() << " : ";
  printer.printFunctionalType(getOperandTypes(), getResultTypes());
  if (!getBodies().empty()) {
    printer << " subgraphs " << getSubgraphs() << " ";
    llvm::interleaveComma(getBodies(), printer, [&](Region &body) { printer.printRegion(body); });
  }
  printer.printOptionalAttrDictWithKeyword(llvm::to_vector((*this)->getDiscardableAttrs()));
}

//===- onnx.constant, onnx.none ---------------------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult ConstantOp::verify() {
  if (getValue().getType() != getType()) // C1
    return emitOpError("has a value of type ") << getValue().getType();
  return success();
}

OpFoldResult NoneOp::fold(FoldAdaptor) { return UnitAttr::get(getContext()); }

Operation *OnnxDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  if (isa<UnitAttr>(value) && isa<NoneType>(type))
    return NoneOp::create(builder, loc, type);
  if (auto elements = dyn_cast<ElementsAttr>(value); elements && elements.getType() == type)
    return ConstantOp::create(builder, loc, elements);
  return nullptr;
}

} // namespace moe::onnx
