//===- Scan.cpp - loops that carry states over the slices of tensors --------------------------------------------===//
#include "IndexMath.h"
#include "NodeLowering.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace moe {
namespace {

/// A tensor whose slices along an axis are what the steps read or write.
struct Sliced {
  int64_t axis;
  bool reverse;

  SmallVector<OpFoldResult> offsets(ImplicitLocOpBuilder &b, Value step, Value steps, int64_t rank) const {
    IndexMath m(b);
    SmallVector<OpFoldResult> result(rank, b.getIndexAttr(0));
    result[axis] = reverse ? m.sub(m.sub(steps, 1), step) : step;
    return result;
  }
};

/// The axis and direction of sequence `index`; rank counts the sequence's axes.
Sliced slicedBy(onnx::NodeOp node, StringRef kind, unsigned index, int64_t rank) {
  auto at = [&](const Twine &name) {
    auto values = node.intsAttribute(name.str());
    return values && index < values->size() ? (*values)[index] : 0;
  };
  return {NodeLowering::wrap(at("scan_" + kind + "_axes"), rank), at("scan_" + kind + "_directions") != 0};
}

RankedTensorType signlessType(Value onnxValue) {
  auto type = cast<RankedTensorType>(onnxValue.getType());
  return RankedTensorType::get(type.getShape(), signless(type.getElementType()));
}

Value exactly(OpBuilder &b, Location loc, Value value, RankedTensorType type) {
  return value.getType() == type ? value : tensor::CastOp::create(b, loc, type, value).getResult();
}

LogicalResult lowerScan(NodeLowering &n) {
  unsigned sequences = n.node.intAttribute("num_scan_inputs", 0), operands = n.node.getNumOperands(), states = operands - sequences;
  Block &body = n.node.getBodies().front().front();
  if (n.node.getVersion() < 9 || sequences == 0 || sequences > operands || body.getNumArguments() != operands)
    return n.fail("needs opset 9 or later, a sequence to run over, and a body with an input for each operand");
  for (BlockArgument argument : body.getArguments())
    if (!isa<RankedTensorType>(argument.getType()))
      return n.fail("the body has an input of unknown rank; fix the shapes of the model's inputs");
  // The number of steps is the length of all sequences.
  SmallVector<Sliced> inputs, outputs;
  for (unsigned i = states; i < operands; ++i)
    inputs.push_back(slicedBy(n.node, "input", i - states, n.rank(i)));
  Value steps = n.dim(states, inputs.front().axis);
  IndexMath m(n.b);
  for (unsigned i = 1; i < sequences; ++i)
    if (!n.sameLength(n.onnxInput(states), inputs.front().axis, n.onnxInput(states + i), inputs[i].axis))
      n.check(m.cmp(IndexMath::P::eq, n.dim(states + i, inputs[i].axis), steps), "the sequences have different lengths");
  SmallVector<Value> carried;
  for (unsigned i = 0; i < states; ++i)
    carried.push_back(exactly(n.b, n.b.getLoc(), n.in(i), signlessType(body.getArgument(i))));
  for (unsigned i = states; i < n.node.getNumResults(); ++i) {
    auto type = dyn_cast<RankedTensorType>(n.node.getResult(i).getType());
    auto sizes = type ? n.resultSizes(i) : std::nullopt;
    if (!sizes)
      return n.fail("the shape of what a step gives is not known before the loop");
    outputs.push_back(slicedBy(n.node, "output", i - states, type.getRank()));
    (*sizes)[outputs.back().axis] = getAsOpFoldResult(steps);
    carried.push_back(n.empty(*sizes, signless(type.getElementType())));
  }
  LogicalResult done = success();
  auto loop = scf::ForOp::create(n.b, n.index(0), steps, n.index(1), carried, [&](OpBuilder &builder, Location loc, Value step, ValueRange now) {
    ImplicitLocOpBuilder b(loc, builder);
    LegalizeScope inner = n.scope;
    for (unsigned i = 0; i < states; ++i)
      bindValue(body.getArgument(i), now[i], n.shapes, inner);
    for (auto [i, sliced] : llvm::enumerate(inputs)) {
      Value whole = n.in(states + i);
      auto type = cast<RankedTensorType>(whole.getType());
      SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, whole), strides(type.getRank(), b.getIndexAttr(1));
      sizes[sliced.axis] = b.getIndexAttr(1);
      SmallVector<int64_t> shape(type.getShape());
      shape.erase(shape.begin() + sliced.axis);
      Value part = tensor::ExtractSliceOp::create(b, RankedTensorType::get(shape, type.getElementType()), whole,
                                                  sliced.offsets(b, step, steps, type.getRank()), sizes, strides);
      bindValue(body.getArgument(states + i), part, n.shapes, inner);
    }
    OpBuilder inside = b;
    if (failed(legalizeBlock(body, inside, n.shapes, inner)))
      done = failure();
    SmallVector<Value> next;
    for (auto [i, yielded] : llvm::enumerate(body.getTerminator()->getOperands())) {
      Value value = inner.values.lookupOrNull(yielded);
      if (!value) { // legalisation failed before it
        next.push_back(now[i]);
        continue;
      }
      if (i < states) {
        next.push_back(exactly(b, loc, value, cast<RankedTensorType>(now[i].getType())));
        continue;
      }
      const Sliced &sliced = outputs[i - states];
      int64_t rank = cast<RankedTensorType>(now[i].getType()).getRank();
      SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, now[i]), strides(rank, b.getIndexAttr(1));
      sizes[sliced.axis] = b.getIndexAttr(1);
      next.push_back(tensor::InsertSliceOp::create(b, value, now[i], sliced.offsets(b, step, steps, rank), sizes, strides));
    }
    scf::YieldOp::create(b, next);
  });
  return failed(done) ? failure() : n.done(loop.getResults());
}

} // namespace

void addScan(LoweringTable &table) { table["Scan"] = lowerScan; }

} // namespace moe
