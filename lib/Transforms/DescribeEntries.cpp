//===- DescribeEntries.cpp - what the artefact says of its entries and weights ----------------------------------===//
#include "moe/Dialect/Moe.h"
#include "moe/Dialect/Onnx.h"
#include "moe/Dialect/Rt.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_DESCRIBEENTRIES
#include "moe/Transforms/Passes.h.inc"

namespace {

struct DescribeEntriesPass : impl::DescribeEntriesBase<DescribeEntriesPass> {
  void runOnOperation() override {
    Builder builder(&getContext());
    llvm::StringMap<int32_t> places;
    SmallVector<Attribute> names, entries;
    getOperation().walk([&](rt::ParamOp use) {
      auto [place, isNew] = places.try_emplace(use.getName(), places.size());
      if (isNew)
        names.push_back(use.getNameAttr());
      use->setAttr(rt::kIndexAttr, builder.getI32IntegerAttr(place->second));
    });
    getOperation()->setAttr(rt::kParamsAttr, builder.getArrayAttr(names));
    listStates(builder);
    listKernels(builder);
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(rt::kEntryAttr))
        entries.push_back(describe(builder, function));
    getOperation()->setAttr(rt::kEntriesAttr, builder.getArrayAttr(entries));
  }

  /// Numbers the kernels on a grid in the order of their first launches.
  void listKernels(Builder &builder) {
    llvm::MapVector<StringAttr, int32_t> places;
    getOperation().walk([&](gpu::LaunchFuncOp launch) {
      auto place = places.insert({launch.getKernelName(), int32_t(places.size())}).first;
      launch->setAttr(rt::kIndexAttr, builder.getI32IntegerAttr(place->second));
    });
    SmallVector<Attribute> names = llvm::map_to_vector(places, [](auto &entry) { return Attribute(entry.first); });
    getOperation()->setAttr(rt::kKernelsAttr, builder.getArrayAttr(names));
  }

  /// Numbers the states in the order in which the module names them.
  void listStates(Builder &builder) {
    llvm::StringMap<int32_t> places;
    SmallVector<Attribute> states;
    for (auto state : getOperation().getOps<StateOp>()) {
      places[state.getSymName()] = states.size();
      NamedAttrList attrs = cast<DictionaryAttr>(value(builder, state->getDiscardableAttrDictionary(), state.getType(), "state", states.size()));
      attrs.set("axis", builder.getI64IntegerAttr(state.getAxis().value_or(-1)));
      states.push_back(attrs.getDictionary(&getContext()));
    }
    getOperation()->setAttr(rt::kStatesAttr, builder.getArrayAttr(states));
    auto number = [&](Operation *op, StringRef name) { op->setAttr(rt::kIndexAttr, builder.getI32IntegerAttr(places.lookup(name))); };
    getOperation().walk([&](rt::StateOp op) { number(op, op.getName()); });
    getOperation().walk([&](rt::SetStateOp op) { number(op, op.getName()); });
  }

  /// {name, type, dims}; a function that does not come from ONNX has numbered values.
  static Attribute value(Builder &builder, DictionaryAttr attrs, Type type, StringRef prefix, unsigned index) {
    Attribute name, original, dims;
    if (attrs) {
      name = attrs.get(onnx::kNameAttr);
      original = attrs.get(onnx::kTypeAttr);
      dims = attrs.get(onnx::kDimsAttr);
    }
    auto shaped = cast<ShapedType>(type);
    if (!original)
      original = TypeAttr::get(RankedTensorType::get(shaped.getShape(), shaped.getElementType()));
    if (!name)
      name = builder.getStringAttr((prefix + Twine(index)).str());
    if (!dims)
      dims = builder.getStrArrayAttr(SmallVector<StringRef>(shaped.getRank(), ""));
    return builder.getDictionaryAttr({builder.getNamedAttr("name", name), builder.getNamedAttr("type", original), builder.getNamedAttr("dims", dims)});
  }

  static Attribute describe(Builder &builder, func::FuncOp function) {
    SmallVector<Attribute> inputs, outputs;
    for (auto [index, type] : llvm::enumerate(function.getArgumentTypes()))
      inputs.push_back(value(builder, function.getArgAttrDict(index), type, "input", index));
    for (auto [index, type] : llvm::enumerate(function.getResultTypes()))
      outputs.push_back(value(builder, function.getResultAttrDict(index), type, "output", index));
    auto equal = function->getAttrOfType<ArrayAttr>(onnx::kEqualAttr);
    return builder.getDictionaryAttr({builder.getNamedAttr("name", function.getSymNameAttr()), builder.getNamedAttr("inputs", builder.getArrayAttr(inputs)),
                                      builder.getNamedAttr("outputs", builder.getArrayAttr(outputs)),
                                      builder.getNamedAttr("equal", equal ? equal : builder.getArrayAttr({}))});
  }
};

} // namespace
} // namespace moe
