//===- Hoist.cpp - strands that need no state, for all steps at once --------------------------------------------===//
#include "Hoist.h"
#include "../Element/View.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace moe::raise {

static int64_t rankOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? type.getRank() : -1;
}

Value Hoist::whole(const Strand *strand) {
  auto [entry, isNew] = made.try_emplace(strand, Value());
  if (!isNew || strand->depends)
    return entry->second;
  Value value;
  switch (strand->kind) {
  case Strand::Kind::Table: value = table(strand); break;
  case Strand::Kind::Read: value = read(strand); break;
  case Strand::Kind::Node: value = node(strand); break;
  case Strand::Kind::Invariant:
  case Strand::Kind::Carried: break;
  }
  return made[strand] = value;
}

Value Hoist::table(const Strand *strand) {
  SmallVector<Attribute> elements;
  for (Value value : strand->values) {
    auto dense = dyn_cast<DenseElementsAttr>(value.getDefiningOp<onnx::ConstantOp>().getValue());
    if (!dense)
      return {};
    llvm::append_range(elements, dense.getValues<Attribute>());
  }
  auto type = cast<RankedTensorType>(strand->first().getType());
  SmallVector<int64_t> shape = {int64_t(strand->values.size())};
  llvm::append_range(shape, type.getShape());
  auto values = DenseElementsAttr::get(RankedTensorType::get(shape, type.getElementType()), elements);
  return make.known(onnx::ConstantOp::create(make.b, make.loc, cast<ElementsAttr>(values)));
}

Value Hoist::read(const Strand *strand) {
  int64_t rank = rankOf(strand->source), axis = strand->axis;
  SmallVector<int64_t> places = strand->places;
  places.resize(steps, places.back()); // what the last step reads for a state that nothing needs
  Value value = strand->source;
  // The gather checks that the axis has all the places.
  const auto *dims = make.shapes.dims(value);
  if (!anyLength && (!dims || !(*dims)[axis].is(steps) || places != llvm::to_vector(llvm::seq<int64_t>(0, steps))))
    value = make.node("Gather", {value, make.ints(places)}, make.attr("axis", axis));
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  perm.erase(perm.begin() + axis);
  perm.insert(perm.begin(), axis);
  value = make.transpose(value, perm);
  return strand->keepsAxis ? make.node("Unsqueeze", {value, make.ints(axis + 1)}) : value;
}

Value Hoist::operand(const Strand *strand, int64_t rank) {
  if (strand->kind == Strand::Kind::Invariant)
    return strand->first();
  Value value = whole(strand);
  if (!value)
    return {};
  int64_t missing = rank + 1 - rankOf(value);
  return missing <= 0 ? value : make.node("Unsqueeze", {value, make.ints(llvm::to_vector(llvm::seq<int64_t>(1, 1 + missing)))});
}

Value Hoist::node(const Strand *strand) {
  onnx::NodeOp step = strand->node();
  int64_t rank = rankOf(strand->first());
  if (!step.getDomain().empty() || step.getNumResults() != 1 || rank < 0)
    return {};
  auto again = [&](ValueRange operands, ArrayRef<NamedAttribute> attrs) { return make.node(step.getOpType(), operands, attrs, step.getVersion()); };
  if (isElementwise(step.getOpType()) || step.is("Cast") || step.is("Identity") || step.is("MatMul")) {
    // Products line up from the right only where each operand is a matrix.
    if (step.is("MatMul") && llvm::any_of(step.getOperands(), [](Value operand) { return rankOf(operand) < 2; }))
      return {};
    SmallVector<Value> operands;
    for (const Strand *each : strand->operands) {
      operands.push_back(operand(each, rank));
      if (!operands.back())
        return {};
    }
    return again(operands, step.getAttrs().getValue());
  }
  Value value = step.getNumOperands() ? whole(strand->operands[0]) : Value();
  if (!value)
    return {};
  int64_t inner = rankOf(step.getOperand(0));
  if (step.is("Transpose")) {
    SmallVector<int64_t> perm = {0};
    for (int64_t axis : step.intsAttribute("perm").value_or(llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, inner)))))
      perm.push_back(axis + 1);
    return make.transpose(value, perm);
  }
  if (step.is("Unsqueeze") || step.is("Squeeze")) {
    auto axes = step.intsAttribute("axes");
    if (!axes && step.input(1))
      axes = make.shapes.constants(step.input(1));
    if (!axes)
      return {};
    for (int64_t &axis : *axes)
      axis = axis < 0 ? axis + std::max(rank, inner) + 1 : axis + 1;
    return make.node(step.getOpType(), {value, make.ints(*axes)});
  }
  return {};
}

} // namespace moe::raise
