//===- Strand.cpp - what stands at one place of every step of an unrolled loop ----------------------------------===//
#include "Strand.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moe::raise {
namespace {

/// One place of one axis of a tensor.
struct Place {
  Value source;
  int64_t axis, index;
  bool keepsAxis;
};

std::optional<Place> placeOf(Value value, const ShapeAnalysis &shapes) {
  auto node = value.getDefiningOp<onnx::NodeOp>();
  if (!node || !node.getDomain().empty() || node.getNumOperands() == 0)
    return std::nullopt;
  auto type = dyn_cast<RankedTensorType>(node.getOperand(0).getType());
  const auto *dims = shapes.dims(node.getOperand(0));
  if (!type || !dims || type.getRank() == 0)
    return std::nullopt;
  auto place = [&](int64_t axis, int64_t index, bool keeps) -> std::optional<Place> {
    axis = axis < 0 ? axis + type.getRank() : axis;
    if (index < 0)
      index += (*dims)[axis].constant().value_or(0);
    return index < 0 ? std::nullopt : std::optional(Place{node.getOperand(0), axis, index, keeps});
  };
  if (node.is("Gather")) {
    auto index = shapes.constants(node.getOperand(1));
    auto indexType = dyn_cast<RankedTensorType>(node.getOperand(1).getType());
    if (index && index->size() == 1 && indexType && indexType.getRank() <= 1)
      return place(node.intAttribute("axis", 0), index->front(), indexType.getRank() == 1);
  }
  if (node.is("Slice") && node.getNumOperands() >= 4) {
    auto starts = shapes.constants(node.input(1)), ends = shapes.constants(node.input(2)), axes = shapes.constants(node.input(3));
    auto steps = node.input(4) ? shapes.constants(node.input(4)) : SmallVector<int64_t>{1};
    if (starts && ends && axes && steps && axes->size() == 1 && steps->front() == 1 && starts->front() >= 0 && ends->front() == starts->front() + 1)
      return place(axes->front(), starts->front(), true);
  }
  if (node.is("Split")) {
    int64_t axis = node.intAttribute("axis", 0);
    axis = axis < 0 ? axis + type.getRank() : axis;
    if (llvm::all_of(node.getResults(), [&](Value part) { return shapes.dims(part) && (*shapes.dims(part))[axis].is(1); }))
      return place(axis, cast<OpResult>(value).getResultNumber(), true);
  }
  return std::nullopt;
}

/// True where the values are the same result of the same operator with the same attributes.
bool sameOperator(ArrayRef<Value> values) {
  auto first = values.front().getDefiningOp<onnx::NodeOp>();
  if (!first || !first.getBodies().empty() || !isMemoryEffectFree(first))
    return false;
  return llvm::all_of(values, [&](Value value) {
    auto node = value.getDefiningOp<onnx::NodeOp>();
    return node && node.getOpType() == first.getOpType() && node.getDomain() == first.getDomain() && node.getVersion() == first.getVersion() &&
           node.getAttrs() == first.getAttrs() && node.getNumOperands() == first.getNumOperands() && node.getResultTypes() == first.getResultTypes() &&
           cast<OpResult>(value).getResultNumber() == cast<OpResult>(values.front()).getResultNumber();
  });
}

} // namespace

Strand *StrandFinder::make(Strand::Kind kind, ArrayRef<Value> values) {
  strands.push_back({kind});
  Strand *strand = &strands.back();
  strand->values.assign(values.begin(), values.end());
  byFirst[values.front().getAsOpaquePointer()].push_back(strand);
  return strand;
}

Strand *StrandFinder::known(ArrayRef<Value> values) const {
  auto found = byFirst.find(values.front().getAsOpaquePointer());
  if (found == byFirst.end())
    return nullptr;
  for (Strand *strand : found->second)
    if (strand->values.size() >= values.size() && ArrayRef(strand->values).take_front(values.size()) == values)
      return strand;
  return nullptr;
}

Strand *StrandFinder::visitRead(ArrayRef<Value> values) {
  SmallVector<int64_t> places;
  std::optional<Place> first;
  for (Value value : values) {
    auto place = placeOf(value, shapes);
    if (!place)
      return nullptr;
    if (!first)
      first = place;
    if (place->source != first->source || place->axis != first->axis || place->keepsAxis != first->keepsAxis)
      return nullptr;
    places.push_back(place->index);
  }
  Strand *strand = make(Strand::Kind::Read, values);
  strand->source = first->source;
  strand->axis = first->axis;
  strand->keepsAxis = first->keepsAxis;
  strand->places = places;
  return strand;
}

Strand *StrandFinder::makeCarried(ArrayRef<Value> values, Strand *next) {
  Strand *strand = make(Strand::Kind::Carried, values);
  strand->next = next;
  carried.push_back(strand);
  return strand;
}

Strand *StrandFinder::find(ArrayRef<Value> values) {
  Strand *strand = visit(values);
  // What states become comes last: the last step may lack it, and shares what it has with the result's strands.
  for (size_t i = 0; strand && i < carried.size(); ++i)
    if (Strand *state = carried[i]; !state->next && !(state->next = visit(ArrayRef(state->values).drop_front())))
      return nullptr;
  return strand;
}

Strand *StrandFinder::visit(ArrayRef<Value> values) {
  if (Strand *strand = known(values))
    return strand;
  if (values.size() == 1)
    return nullptr; // one step shows nothing
  if (llvm::all_equal(values))
    return make(Strand::Kind::Invariant, values);
  if (!llvm::all_equal(llvm::map_range(values.drop_front(), [](Value value) { return value.getType(); })))
    return nullptr;
  auto isTable = [&](Value value) { return value.getType() == values.front().getType() && value.getDefiningOp<onnx::ConstantOp>(); };
  if (llvm::all_of(values, isTable))
    return make(Strand::Kind::Table, values);
  if (Strand *read = visitRead(values))
    return read;
  if (Strand *next = known(values.drop_front()); next && next->kind == Strand::Kind::Node)
    return makeCarried(values, next);
  if (sameOperator(values)) {
    Strand *strand = make(Strand::Kind::Node, values);
    for (unsigned i = 0; i < strand->node().getNumOperands(); ++i) {
      SmallVector<Value> operands;
      for (Value value : values)
        operands.push_back(value.getDefiningOp()->getOperand(i));
      Strand *operand = visit(operands);
      if (!operand)
        return nullptr;
      strand->operands.push_back(operand);
    }
    return strand;
  }
  return sameOperator(values.drop_front()) ? makeCarried(values, nullptr) : nullptr;
}

bool StrandFinder::close() {
  for (Strand *strand : carried) {
    const auto *before = shapes.dims(strand->first()), *after = shapes.dims(strand->next->first());
    if (strand->first().getType() != strand->next->first().getType() || !before || !after || *before != *after)
      return false;
    strand->depends = true;
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (Strand &strand : strands) {
      bool depends = strand.depends || llvm::any_of(strand.operands, [](Strand *operand) { return operand->depends; });
      changed |= depends != strand.depends;
      strand.depends = depends;
    }
  }
  return llvm::any_of(carried, [](Strand *strand) { return strand->next->depends; });
}

bool StrandFinder::readsInOrder() const {
  return llvm::none_of(strands, [](const Strand &strand) {
    return strand.kind == Strand::Kind::Table || strand.places != llvm::to_vector(llvm::seq<int64_t>(0, strand.places.size()));
  });
}

SmallVector<Value> StrandFinder::inputs() const {
  SmallVector<Value> values;
  for (const Strand &strand : strands)
    if (strand.kind == Strand::Kind::Read)
      values.push_back(strand.source);
    else if (strand.kind == Strand::Kind::Invariant || strand.kind == Strand::Kind::Carried)
      values.push_back(strand.first());
  return values;
}

Value StrandFinder::last(Strand *strand) const {
  if (strand->values.size() == steps)
    return strand->values.back();
  if (strand->kind == Strand::Kind::Invariant)
    return strand->first();
  if (strand->kind != Strand::Kind::Node)
    return {};
  SmallVector<Value> operands;
  for (Strand *operand : strand->operands) {
    operands.push_back(last(operand));
    if (!operands.back())
      return {};
  }
  for (Operation *user : operands.front().getUsers())
    if (llvm::equal(user->getOperands(), operands))
      for (Value result : user->getResults())
        if (sameOperator({strand->first(), result}))
          return result;
  return {};
}

} // namespace moe::raise
