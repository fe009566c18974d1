//===- Reroll.cpp - from a loop written once per step to an ONNX Scan -------------------------------------------===//
#include "../Replace.h"
#include "Collect.h"
#include "Hoist.h"
#include "Scan.h"

using namespace mlir;

namespace moe::raise {
namespace {

/// Writes the loop as a Scan in front of the builder's place.
class Loop {
public:
  Loop(NodeMaker &make, StrandFinder &strands, bool anyLength) : make(make), strands(strands), hoist(make, strands.steps, anyLength) {}

  /// The Scan; its results are the last states and `output` of all steps, stacked along a new first axis. Null where a node is invalid.
  onnx::NodeOp build(Strand *output) {
    OpBuilder &b = make.b;
    SmallVector<Type> types;
    for (Strand *strand : strands.carried)
      types.push_back(strand->first().getType());
    types.push_back(UnrankedTensorType::get(cast<TensorType>(output->first().getType()).getElementType()));
    auto scan = onnx::NodeOp::create(b, make.loc, types, "Scan", "", kVersion, b.getDictionaryAttr({}), b.getStrArrayAttr({"body"}), ValueRange(), 1);
    b.setInsertionPoint(scan); // what is hoisted stands in front
    Block &body = scan.getBodies().front().emplaceBlock();
    NodeMaker inside(OpBuilder::atBlockEnd(&body), make.loc, make.shapes);
    SmallVector<Value> operands, yields;
    for (Strand *strand : strands.carried) {
      operands.push_back(strand->first());
      inBody[strand] = argument(body, strand->first().getType(), *make.shapes.dims(strand->first()));
    }
    for (Strand *strand : strands.carried)
      yields.push_back(value(inside, strand->next));
    yields.push_back(value(inside, output));
    onnx::YieldOp::create(inside.b, make.loc, yields);
    llvm::append_range(operands, sequences);
    scan->setOperands(operands);
    scan.setAttrsAttr(b.getDictionaryAttr(make.attr("num_scan_inputs", sequences.size())));
    make.known(scan);
    if (make.valid && inside.valid)
      return scan;
    scan.erase();
    return {};
  }

private:
  static constexpr int64_t kVersion = 21; ///< of Scan

  Value argument(Block &body, Type type, ArrayRef<SymExpr> lengths) {
    Value made = body.addArgument(type, make.loc);
    make.shapes.define(made, lengths.vec());
    return made;
  }

  Value value(NodeMaker &inside, Strand *strand) {
    auto [entry, isNew] = inBody.try_emplace(strand, Value());
    if (!isNew)
      return entry->second;
    Value result;
    if (strand->kind == Strand::Kind::Invariant)
      result = strand->first();
    else if (Value sequence = hoist.whole(strand)) {
      sequences.push_back(sequence);
      auto type = cast<RankedTensorType>(sequence.getType());
      result = argument(*inside.b.getBlock(), RankedTensorType::get(type.getShape().drop_front(), type.getElementType()),
                        ArrayRef(*make.shapes.dims(sequence)).drop_front());
    } else {
      SmallVector<Value> operands;
      for (Strand *operand : strand->operands)
        operands.push_back(value(inside, operand));
      onnx::NodeOp node = strand->node();
      auto made = onnx::NodeOp::create(inside.b, node.getLoc(), node.getOpType(), node.getResultTypes(), operands, node.getAttrs().getValue(),
                                       node.getVersion(), node.getDomain());
      result = inside.known(made).getResult(cast<OpResult>(strand->first()).getResultNumber());
    }
    return inBody[strand] = result;
  }

  NodeMaker &make;
  StrandFinder &strands;
  Hoist hoist;
  SmallVector<Value> sequences;
  std::map<Strand *, Value> inBody;
};

/// True where the strand only adds the axis that its values are collected along.
bool addsAxis(const Strand *strand, const Collected &collected, const ShapeAnalysis &shapes) {
  if (strand->kind != Strand::Kind::Node || !strand->node().is("Unsqueeze"))
    return false;
  onnx::NodeOp node = strand->node();
  auto axes = node.intsAttribute("axes");
  if (!axes && node.input(1))
    axes = shapes.constants(node.input(1));
  int64_t rank = cast<RankedTensorType>(node.getResult(0).getType()).getRank();
  return axes && axes->size() == 1 && (axes->front() < 0 ? axes->front() + rank : axes->front()) == collected.axis;
}

/// The stacked values, which lack the axis that they are collected along, in the collector's form.
Value collectedForm(View &view, NodeMaker &make, const Collected &collected, Value stacked) {
  int64_t rank = cast<RankedTensorType>(stacked.getType()).getRank(), axis = collected.axis, steps = collected.values.size();
  SymExpr length = (*view.shapes.dims(stacked))[0];
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(1, rank));
  perm.insert(perm.begin() + axis, 0);
  Value value = make.transpose(stacked, perm);
  if (!collected.buffer || view.extent(collected.buffer, axis) == length)
    return value;
  // The places behind the last step keep what they were; a buffer that is too short is an error of the scatter.
  SmallVector<int64_t> column(rank, 1);
  column[axis] = steps;
  Value places = make.reshape(make.ints(llvm::to_vector(llvm::seq<int64_t>(0, steps))), column);
  Value everywhere = make.node("Expand", {places, make.node("Shape", value)});
  return make.node("ScatterElements", {collected.buffer, everywhere, value}, make.attr("axis", axis));
}

/// Behind everything that the loop reads.
void setBehind(OpBuilder &b, Block *block, ArrayRef<Value> values) {
  Operation *last = nullptr;
  for (Value value : values)
    if (Operation *op = value.getDefiningOp(); op && op->getBlock() == block && (!last || last->isBeforeInBlock(op)))
      last = op;
  if (last)
    b.setInsertionPointAfter(last);
  else
    b.setInsertionPointToStart(block);
}

} // namespace

bool rerollSteps(View &view, onnx::NodeOp collector, bool anyLength) {
  if (!collector.getDomain().empty() || collector.getNumResults() != 1)
    return false;
  auto collected = collectConcat(view, collector);
  if (!collected)
    collected = collectScatters(view, collector);
  if (!collected || collected->first != 0 || collected->values.size() < 2)
    return false;
  StrandFinder strands(view.shapes, collected->values.size());
  Strand *output = strands.find(collected->values);
  if (!output || !strands.close())
    return false;
  OpBuilder builder(collector);
  setBehind(builder, collector->getBlock(), strands.inputs());
  bool added = addsAxis(output, *collected, view.shapes);
  NodeMaker make(builder, collector.getLoc(), view.shapes);
  onnx::NodeOp scan = Loop(make, strands, anyLength && strands.readsInOrder()).build(added ? output->operands[0] : output);
  if (!scan)
    return false;
  make.b.setInsertionPoint(collector);
  Value stacked = scan.getResults().back();
  if (!added)
    stacked = make.node("Squeeze", {stacked, make.ints(collected->axis + 1)});
  Value result = collectedForm(view, make, *collected, stacked);
  for (auto [strand, final] : llvm::zip(strands.carried, scan.getResults()))
    if (Value last = strands.last(strand->next))
      replaceRaised(last, final);
  replaceRaised(collector.getResult(0), result);
  return true;
}

} // namespace moe::raise
