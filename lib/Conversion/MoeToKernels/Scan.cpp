//===- Scan.cpp - the kernels of moe.scan -----------------------------------------------------------------------===//
#include "Scan.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {

bool varies(Value tensor, int64_t axis) {
  if (!tensor)
    return false;
  ArrayRef<int64_t> shape = cast<ShapedType>(tensor.getType()).getShape();
  return shape[axis < 0 ? axis + shape.size() : axis] != 1;
}

Value loadRepeated(Code k, Value memref, ValueRange at) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<Value> place(at);
  for (auto [axis, index] : llvm::enumerate(place))
    if (type.getDimSize(axis) == 1)
      index = k.index(0);
    else if (type.isDynamicDim(axis))
      index = k.minIndex(index, k.sub(k.dim(memref, axis), k.index(1)));
  return k.widen(k.load(memref, place));
}

ScanArgs::ScanArgs(ScanOp op, ImplicitLocOpBuilder &builder) : op(op) {
  ReifiedRankedShapedTypeDims shapes;
  (void)op.reifyResultShapes(builder, shapes);
  auto optional = [&](Value tensor) { return optionalBuffer(builder, values, tensor); };
  v = optional(op.getV()), k = optional(op.getK()), q = optional(op.getQ()), decay = optional(op.getDecay()), rate = optional(op.getRate());
  a = optional(op.getA()), b = optional(op.getB()), gate = optional(op.getGate()), bonus = optional(op.getBonus());
  auto made = [&](Value tensor, ArrayRef<OpFoldResult> sizes) {
    values.push_back(newBuffer(builder, cast<RankedTensorType>(tensor.getType()), sizes));
    return int(values.size()) - 1;
  };
  result = made(op.getResult(), shapes[0]);
  for (auto [place, state] : llvm::enumerate(op.getFinal()))
    final[place] = made(state, shapes[1 + place]);
  for (auto [place, state] : llvm::enumerate(op.getStates()))
    initial[place] = optional(state);
  auto length = [&](OpFoldResult size) { return getValueOrCreateConstantIndexOp(builder, builder.getLoc(), size); };
  batch = length(shapes[1][0]), heads = length(shapes[1][1]), keys = length(shapes[1][2]), columns = length(shapes[1][3]), outer = length(shapes[0][2]);
  updates = length(tensor::getMixedSize(builder, builder.getLoc(), op.getV(), 1));
}

int ScanArgs::space(ImplicitLocOpBuilder &builder, ArrayRef<int64_t> shape, ValueRange lengths) {
  values.push_back(memref::AllocOp::create(builder, MemRefType::get(shape, builder.getF32Type()), lengths));
  return values.size() - 1;
}

ScanHead::ScanHead(const ScanArgs &args, ValueRange in, Code k, Value number) : args(args), in(in) {
  Value state = in[args.final[0]];
  heads = k.dim(state, 1), keys = k.dim(state, 2), columns = k.dim(state, 3);
  batch = k.div(number, heads), head = k.rem(number, heads);
  updates = k.dim(in[args.v], 1), tokens = k.dim(in[args.result], 1);
}

Value ScanHead::key(Code k, int arg, Value l, Value i) const {
  Value shared = k.div(k.mul(head, k.dim(in[arg], 2)), heads);
  return k.widen(k.load(in[arg], {batch, l, shared, i}));
}

Value ScanHead::readers(Code k) const { return k.div(k.dim(in[args.result], 2), heads); }
Value ScanHead::reader(Code k, Value o) const { return k.add(k.mul(head, readers(k)), o); }

Value ScanHead::query(Code k, Value t, Value o, Value i) const {
  Value shared = k.div(k.mul(reader(k, o), k.dim(in[args.q], 2)), k.dim(in[args.result], 2));
  Value element = k.widen(k.load(in[args.q], {batch, t, shared, i}));
  double scale = ScanOp(args.op).getScale().convertToDouble();
  return scale == 1 ? element : k.mul(element, k.real(scale));
}

Value ScanHead::logDecay(Code k, Value l, Value i, Value j) const {
  Value gate = loadRepeated(k, in[args.decay], {batch, l, head, i, j});
  return args.rate < 0 ? gate : k.mul(gate, loadRepeated(k, in[args.rate], {head, i, j}));
}

void lowerScan(ScanOp op, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  ScanArgs args(op, b);
  launchScanSteps(args, b, Code(b).flag(true));
  SmallVector<Value> results = {tensorOf(b, args.values[args.result], op.getResult().getType())};
  for (auto [place, state] : llvm::enumerate(op.getFinal()))
    results.push_back(tensorOf(b, args.values[args.final[place]], state.getType()));
  rewriter.replaceOp(op, results);
}

} // namespace moe
