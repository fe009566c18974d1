//===- ImportOnnx.cpp - an ONNX file as a module ----------------------------------------------------------------===//
#include "Importer.h"
#include "moe/Dialect/Moe.h"
#include "moe/Import/Onnx.h"
#include "moe/Schema/Convert.h"
#include "moe/Support/Bytes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"
#include "onnx/defs/schema.h"

using namespace mlir;

namespace moe {
namespace {

constexpr uint64_t kMaxInline = 1024; ///< bytes of an initialiser that stays in the IR

class ModelImporter {
public:
  ModelImporter(OnnxFile &source, ArrayRef<HostOp> hostOps, MLIRContext *context)
      : source(source), context(context), file(FileLineColLoc::get(context, source.path, 0, 0)), builder(context), facts{file, {}, hostOps} {}

  OwningOpRef<ModuleOp> run() {
    OwningOpRef<ModuleOp> module = ModuleOp::create(file);
    builder.setInsertionPointToStart(module->getBody());
    const auto &graph = source.model.graph();
    if (!imports(*module))
      return {};

    SmallVector<const ::onnx::ValueInfoProto *> inputs = realInputs();
    SmallVector<Type> types;
    std::vector<std::vector<SymExpr>> dims(inputs.size());
    for (auto [index, input] : llvm::enumerate(inputs)) {
      Type type = schema::tensorType(context, input->type(), &dims[index]);
      if (!isa_and_nonnull<RankedTensorType>(type)) {
        emitError(file) << "input '" << input->name() << "' is no tensor of known rank and supported element type";
        return {};
      }
      types.push_back(type);
    }
    auto function = func::FuncOp::create(builder, file, "main", FunctionType::get(context, types, {}));
    Block &body = *function.addEntryBlock();
    ShapeAnalysis analysis;
    GraphImporter importer(OpBuilder::atBlockEnd(&body), facts, analysis);
    importer.readTypes(graph);
    for (auto [index, input] : llvm::enumerate(inputs)) {
      name(function, index, *input, dims[index]);
      analysis.define(body.getArgument(index), dims[index]);
      if (!importer.define(input->name(), body.getArgument(index), file))
        return {};
    }
    if (!initializers(*module, body, importer, analysis) || !importer.nodes(graph.node()) ||
        !outputs(function, body, importer, analysis))
      return {};
    return module;
  }

private:
  /// Inputs that no initialiser gives a value; an initialiser that is an input too is a constant here.
  SmallVector<const ::onnx::ValueInfoProto *> realInputs() {
    llvm::StringSet<> constants;
    for (const auto &tensor : source.model.graph().initializer())
      constants.insert(tensor.name());
    SmallVector<const ::onnx::ValueInfoProto *> inputs;
    for (const auto &input : source.model.graph().input())
      if (!constants.contains(input.name()))
        inputs.push_back(&input);
      else if (source.model.ir_version() >= 4)
        emitRemark(file) << "input '" << input.name() << "' has an initialiser: its value is fixed";
    return inputs;
  }

  bool imports(ModuleOp module) {
    SmallVector<NamedAttribute> versions;
    for (const auto &import : source.model.opset_import()) {
      std::string domain = import.domain() == "ai.onnx" ? "" : import.domain();
      facts.opsets[domain] = import.version();
      versions.push_back(builder.getNamedAttr(domain.empty() ? "ai.onnx" : domain, builder.getI64IntegerAttr(import.version())));
    }
    auto &known = ::onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map();
    for (auto &[domain, version] : facts.opsets)
      if (auto range = known.find(domain); range != known.end() && version > range->second.second) {
        emitError(file) << "needs opset " << version << " of the domain '" << domain << "'; the newest known is "
                        << range->second.second;
        return false;
      }
    module->setAttr(onnx::kOpsetsAttr, builder.getDictionaryAttr(versions));
    return true;
  }

  void name(func::FuncOp function, unsigned index, const ::onnx::ValueInfoProto &input, ArrayRef<SymExpr> dims) {
    function.setArgAttr(index, onnx::kNameAttr, builder.getStringAttr(input.name()));
    function.setArgAttr(index, onnx::kDimsAttr, dimNames(function.getArgumentTypes()[index], dims));
  }

  ArrayAttr dimNames(Type type, ArrayRef<SymExpr> dims) {
    SmallVector<Attribute> names;
    for (auto [axis, dim] : llvm::enumerate(dims))
      names.push_back(builder.getStringAttr(cast<RankedTensorType>(type).isDynamicDim(axis) ? dim.str() : ""));
    return builder.getArrayAttr(names);
  }

  bool initializers(ModuleOp module, Block &body, GraphImporter &importer, ShapeAnalysis &analysis) {
    SymbolTable symbols(module);
    OpBuilder inside = OpBuilder::atBlockEnd(&body);
    for (auto [tensor, weight] : llvm::zip(source.model.graph().initializer(), source.weights)) {
      Location loc = NameLoc::get(builder.getStringAttr(tensor.name()), file);
      Value value;
      if (weight.path.empty() || weight.bytes.length <= kMaxInline) {
        std::string error;
        ElementsAttr elements = schema::elements(context, small(tensor, weight), error);
        if (!elements) {
          emitError(loc) << "initialiser: " << error;
          return false;
        }
        value = onnx::ConstantOp::create(inside, loc, elements);
      } else {
        auto type = RankedTensorType::get(SmallVector<int64_t>(tensor.dims().begin(), tensor.dims().end()),
                                          schema::elementType(context, tensor.data_type()));
        auto param = ParamOp::create(builder, loc, tensor.name(), type,
                                     FileAttr::get(context, weight.path, weight.bytes.offset, weight.bytes.length, ""), {}, {}, {});
        symbols.insert(param);
        value = GetParamOp::create(inside, loc, type, param.getSymName());
      }
      if (failed(analysis.visit(value.getDefiningOp())) || !importer.define(tensor.name(), value, loc))
        return false;
    }
    return true;
  }

  /// The tensor with its data in the message.
  static ::onnx::TensorProto small(const ::onnx::TensorProto &tensor, const WeightSource &weight) {
    ::onnx::TensorProto result = tensor;
    if (tensor.data_location() != ::onnx::TensorProto::EXTERNAL)
      return result;
    result.clear_data_location();
    if (auto bytes = llvm::MemoryBuffer::getFileSlice(weight.path, weight.bytes.length, weight.bytes.offset))
      result.set_raw_data((*bytes)->getBuffer().str());
    return result;
  }

  bool outputs(func::FuncOp function, Block &body, GraphImporter &importer, ShapeAnalysis &analysis) {
    SmallVector<Value> results;
    for (const auto &output : source.model.graph().output()) {
      Value value = importer.lookup(output.name());
      if (!value) {
        emitError(file) << "output '" << output.name() << "' is computed by no node";
        return false;
      }
      results.push_back(value);
    }
    OpBuilder inside = OpBuilder::atBlockEnd(&body);
    func::ReturnOp::create(inside, file, results);
    function.setFunctionType(FunctionType::get(context, body.getArgumentTypes(), ValueRange(results).getTypes()));
    for (auto [index, output] : llvm::enumerate(source.model.graph().output())) {
      function.setResultAttr(index, onnx::kNameAttr, builder.getStringAttr(output.name()));
      if (const auto *dims = analysis.dims(results[index]))
        function.setResultAttr(index, onnx::kDimsAttr, dimNames(results[index].getType(), *dims));
    }
    SmallVector<Attribute> equal;
    for (auto &[a, b] : analysis.equalities())
      equal.push_back(builder.getStrArrayAttr({a.str(), b.str()}));
    if (!equal.empty())
      function->setAttr(onnx::kEqualAttr, builder.getArrayAttr(equal));
    return true;
  }

  OnnxFile &source;
  MLIRContext *context;
  Location file;
  OpBuilder builder;
  FileFacts facts;
};

} // namespace

OwningOpRef<ModuleOp> importOnnx(StringRef path, MLIRContext *context, ArrayRef<HostOp> hostOps) {
  registerRuntimeSchemas();
  context->loadDialect<onnx::OnnxDialect, MoeDialect, func::FuncDialect>();
  OnnxFile source;
  Location file = FileLineColLoc::get(context, path, 0, 0);
  if (!source.read(path, [&](const Twine &message) { emitError(file) << message; }))
    return {};
  return ModelImporter(source, hostOps, context).run();
}

} // namespace moe
