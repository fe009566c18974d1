//===- ExpandContrib.cpp - operators of ONNX Runtime become standard nodes and moe ops --------------------------===//
#include "Expansion.h"
#include "moe/Schema/Convert.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "onnx/defs/data_type_utils.h"
#include "onnx/defs/schema.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_EXPANDCONTRIB
#include "moe/Transforms/Passes.h.inc"

namespace raise {
namespace {

const ExpandTable &table() {
  static const ExpandTable *made = [] {
    auto *result = new ExpandTable;
    for (auto add : {addActivations, addAttentions, addConvolutions, addExpertLayers, addGroupQueryAttention, addHyperConnections, addNorms,
                     addProducts, addQuantized, addQuantizedExperts, addRecurrences, addRotaries, addRouters})
      add(*result);
    return result;
  }();
  return *made;
}

/// Fails where an operand's type is not one that the schema allows, or two operands of one type variable differ.
LogicalResult checkTypes(onnx::NodeOp node) {
  const auto *schema = ::onnx::OpSchemaRegistry::Schema(node.getOpType().str(), node.getVersion(), node.getDomain().str());
  std::map<std::string, std::string> bound;
  for (auto [index, operand] : llvm::enumerate(node.getOperands())) {
    if (isa<onnx::NoneType>(operand.getType()) || index >= schema->inputs().size())
      continue;
    const auto &parameter = schema->inputs()[index];
    auto fail = [&](const Twine &rule) { return node.emitError(node.qualifiedName()) << ": " << parameter.GetName() << " " << rule; };
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (!type)
      return fail("is a tensor of unknown rank; fix the shapes of the model's inputs");
    const std::string &name = *::onnx::Utils::DataTypeUtils::ToType(schema::typeProto(type));
    bool allowed = llvm::any_of(parameter.GetTypes(), [&](const std::string *candidate) { return *candidate == name; });
    if (!allowed)
      return fail("is a " + name + ", which the operator does not take");
    auto [first, isNew] = bound.try_emplace(parameter.GetTypeStr(), name);
    if (!isNew && first->second != name)
      return fail("is a " + name + ", but the operands of its kind are " + first->second);
  }
  return success();
}

class ContribExpander {
public:
  /// Expands the nodes of a block in order, so that each sees the final shapes of its operands.
  LogicalResult run(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block.without_terminator())) {
      auto node = dyn_cast<onnx::NodeOp>(op);
      auto found = node ? table().find(node.qualifiedName()) : table().end();
      if (found != table().end()) {
        Expansion expansion(node, shapes);
        if (failed(checkTypes(node)) || failed(found->second(expansion)))
          return failure();
        done.push_back(node);
        continue;
      }
      if (node && node.getDomain() == "com.microsoft")
        return node.emitError(node.qualifiedName()) << ": this operator of ONNX Runtime is not supported; export without it";
      if (failed(shapes.visit(&op)))
        return failure();
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          if (failed(run(inner)))
            return failure();
    }
    return success();
  }

  ShapeAnalysis shapes;
  SmallVector<onnx::NodeOp> done; ///< erased when the analysis is gone: it knows values by their address
};

/// The function's type, the names of its results' lengths and the equalities, as the new ops have them.
LogicalResult describe(func::FuncOp function) {
  ShapeAnalysis shapes;
  if (failed(shapes.run(function)))
    return failure();
  Builder builder(function.getContext());
  OperandRange results = function.getBody().front().getTerminator()->getOperands();
  function.setFunctionType(builder.getFunctionType(function.getArgumentTypes(), results.getTypes()));
  for (auto [index, value] : llvm::enumerate(results)) {
    const auto *dims = shapes.dims(value);
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!dims || !type)
      continue;
    SmallVector<Attribute> names;
    for (auto [axis, dim] : llvm::enumerate(*dims))
      names.push_back(builder.getStringAttr(type.isDynamicDim(axis) ? dim.str() : ""));
    function.setResultAttr(index, onnx::kDimsAttr, builder.getArrayAttr(names));
  }
  SmallVector<Attribute> equal;
  for (auto &[a, b] : shapes.equalities())
    equal.push_back(builder.getStrArrayAttr({a.str(), b.str()}));
  if (!equal.empty())
    function->setAttr(onnx::kEqualAttr, builder.getArrayAttr(equal));
  return success();
}

} // namespace
} // namespace raise

namespace {

struct ExpandContribPass : impl::ExpandContribBase<ExpandContribPass> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() && failed(expand(function)))
        return signalPassFailure();
  }

  LogicalResult expand(func::FuncOp function) {
    SmallVector<onnx::NodeOp> done;
    {
      raise::ContribExpander expander;
      expander.shapes.begin(function);
      if (failed(expander.run(function.getBody().front())))
        return failure();
      done = std::move(expander.done);
    }
    for (onnx::NodeOp node : llvm::reverse(done))
      node.erase();
    expanded += done.size();
    return done.empty() ? success() : raise::describe(function);
  }
};

} // namespace
} // namespace moe
