//===- MakeStateful.cpp - past inputs and present outputs become states -----------------------------------------===//
#include "StatePairs.h"
#include "moe/Dialect/Moe.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_MAKESTATEFUL
#include "moe/Transforms/Passes.h.inc"

namespace {

class Maker {
public:
  Maker(func::FuncOp function, ArrayRef<std::string> lengths)
      : function(function), builder(function.getContext()), top(OpBuilder::atBlockBegin(function->getParentOfType<ModuleOp>().getBody())) {
    for (StringRef text : lengths)
      given[text.split('=').first] = text.split('=').second;
  }

  LogicalResult run(unsigned &count) {
    if (failed(shapes.run(function)))
      return failure();
    pairs = findStatePairs(function, shapes);
    for (const StatePair &pair : pairs)
      taken.insert(pair.past);
    for (StatePair &pair : pairs)
      if (failed(convert(pair)))
        return failure();
    dropSignature();
    count += pairs.size();
    return success();
  }

private:
  Operation *terminator() { return function.getBody().front().getTerminator(); }

  StringRef name(BlockArgument argument) {
    auto text = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), onnx::kNameAttr);
    return text ? text.getValue() : StringRef();
  }

  ArrayAttr dimNames(Value value) {
    SmallVector<Attribute> names;
    const auto *dims = shapes.dims(value);
    for (auto [axis, length] : llvm::enumerate(cast<RankedTensorType>(value.getType()).getShape()))
      names.push_back(builder.getStringAttr(ShapedType::isDynamic(length) && dims ? (*dims)[axis].str() : ""));
    return builder.getArrayAttr(names);
  }

  /// A length of a fresh state: that of another input, or what the caller has given.
  Value freshLength(const StatePair &pair, int64_t axis) {
    SymExpr length = (*shapes.dims(pair.past))[axis];
    for (BlockArgument argument : function.getArguments())
      if (const auto *dims = taken.contains(argument) ? nullptr : shapes.dims(argument))
        for (auto [at, other] : llvm::enumerate(*dims))
          if (other == length)
            return tensor::DimOp::create(builder, pair.past.getLoc(), argument, at);
    int64_t number = 0;
    if (auto found = given.find(length.str()); found != given.end() && !found->second.getAsInteger(10, number) && number >= 0)
      return arith::ConstantIndexOp::create(builder, pair.past.getLoc(), number);
    emitError(pair.past.getLoc()) << "--stateful: input '" << name(pair.past) << "' becomes a state, but the length of its axis "
                                  << axis << " (" << length.str() << ") does not follow from the other inputs; give it with --length " << length.str() << "=N";
    return {};
  }

  /// The type of the state: lengths that the present knows are known of the past.
  RankedTensorType stateType(const StatePair &pair) {
    auto past = cast<RankedTensorType>(pair.past.getType()), present = cast<RankedTensorType>(terminator()->getOperand(pair.present).getType());
    SmallVector<int64_t> shape(past.getShape());
    for (auto [axis, length] : llvm::enumerate(shape))
      if (ShapedType::isDynamic(length) && int64_t(axis) != pair.axis)
        length = present.getDimSize(axis);
    return RankedTensorType::get(shape, past.getElementType());
  }

  LogicalResult convert(StatePair &pair) {
    RankedTensorType type = stateType(pair);
    ArrayAttr names = dimNames(pair.past);
    StringRef original = name(pair.past);
    std::string symbol = original.empty() ? "state" + std::to_string(pair.past.getArgNumber()) : original.str();
    auto state = StateOp::create(top, pair.past.getLoc(), symbol, type, pair.axis ? top.getI64IntegerAttr(*pair.axis) : IntegerAttr());
    SymbolTable(function->getParentOfType<ModuleOp>()).insert(state, top.getInsertionPoint());
    state->setAttr(onnx::kNameAttr, top.getStringAttr(symbol));
    state->setAttr(onnx::kDimsAttr, names);
    auto reference = FlatSymbolRefAttr::get(state);

    builder.setInsertionPointToStart(&function.getBody().front());
    SmallVector<Value> lengths;
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      if (type.isDynamicDim(axis) && axis != pair.axis) {
        lengths.push_back(freshLength(pair, axis));
        if (!lengths.back())
          return failure();
      }
    auto get = GetStateOp::create(builder, pair.past.getLoc(), type, reference, lengths);
    get->setAttr(onnx::kDimsAttr, names);
    pair.past.replaceAllUsesWith(get);

    auto replace = [&](onnx::NodeOp node, auto make) {
      Value old = node->getResult(0);
      builder.setInsertionPoint(node);
      auto made = make();
      made->setAttr(onnx::kDimsAttr, dimNames(old));
      old.replaceAllUsesWith(made->getResult(0));
      node.erase();
    };
    if (pair.append)
      replace(pair.append, [&] { return AppendStateOp::create(builder, pair.append.getLoc(), type, reference, pair.append.getOperand(1)); });
    if (pair.write)
      replace(pair.write, [&] {
        Value at = pair.write.input(2);
        if (!at)
          at = onnx::ConstantOp::create(builder, pair.write.getLoc(), DenseElementsAttr::get(RankedTensorType::get({1}, builder.getI64Type()), int64_t(0)));
        bool circular = pair.write.stringAttribute("mode", "linear") == "circular";
        return WriteStateOp::create(builder, pair.write.getLoc(), type, reference, lengths, pair.write.input(1), at, builder.getI64IntegerAttr(*pair.writeAxis),
                                    circular ? builder.getUnitAttr() : UnitAttr());
      });
    if (!pair.append && !pair.write) {
      builder.setInsertionPoint(terminator());
      Value value = terminator()->getOperand(pair.present);
      if (value.getType() != type) {
        value = onnx::NodeOp::create(builder, value.getLoc(), "Identity", TypeRange(type), value, ArrayRef<NamedAttribute>(), 21)->getResult(0);
        value.getDefiningOp()->moveBefore(firstSet ? firstSet : terminator());
      }
      auto set = SetStateOp::create(builder, value.getLoc(), reference, value);
      firstSet = firstSet ? firstSet : set.getOperation();
    }
    return success();
  }

  /// Inputs and outputs that have become states leave the signature.
  void dropSignature() {
    llvm::BitVector arguments(function.getNumArguments()), results(function.getNumResults());
    for (const StatePair &pair : pairs) {
      arguments.set(pair.past.getArgNumber());
      results.set(pair.present);
    }
    terminator()->eraseOperands(results);
    (void)function.eraseResults(results);
    (void)function.eraseArguments(arguments);
  }

  func::FuncOp function;
  OpBuilder builder, top; ///< where ops and where states are made
  ShapeAnalysis shapes;
  llvm::StringMap<StringRef> given; ///< lengths of fresh states by name
  SmallVector<StatePair> pairs;
  DenseSet<Value> taken; ///< inputs that have become states
  Operation *firstSet = nullptr;
};

struct MakeStatefulPass : impl::MakeStatefulBase<MakeStatefulPass> {
  using MakeStatefulBase::MakeStatefulBase;
  void runOnOperation() override {
    SmallVector<func::FuncOp> functions;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal())
        functions.push_back(function);
    unsigned count = 0;
    for (func::FuncOp function : functions)
      if (failed(Maker(function, llvm::to_vector(lengths)).run(count)))
        return signalPassFailure();
    made += count;
    if (count == 0)
      getOperation().emitWarning("--stateful: no input comes back as an output; the model keeps no state");
  }
};

} // namespace
} // namespace moe
