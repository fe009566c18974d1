//===- Scan.cpp - the kernels of moe.scan -----------------------------------------------------------------------===//
#include "Scan.h"

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

/// Names the lengths, and has those compared that only show when the code runs.
static void nameLengths(ScanOp op, Lengths &n, Code c) {
  n.bind(op.getV(), op.getK() ? "BLHV" : "BLHKV");
  n.bind(op.getK(), "BLGK");
  n.bind(op.getQ(), "BTQK");
  n.bind(op.getA(), "BLAK");
  n.bind(op.getB(), "BLCK");
  n.bind(op.getDecay(), "blhkv");
  n.bind(op.getGate(), "blhkv");
  n.bind(op.getRate(), "hkv");
  n.bind(op.getBonus(), "hkv");
  n.bind('O', c.b.getIndexAttr(1));
  n.bind('W', op.hasColumnGates() ? n.of("V")[0] : n.of("O")[0]);
  StringRef states[] = {"BHKV", "BHKW", "BHOW"};
  for (auto [state, letters] : llvm::zip(op.getStates(), states))
    n.bind(state, letters);
  Value updates = c.index(op.getUpdates());
  if (!op.getQ())
    n.bind('T', getAsOpFoldResult(c.div(n['L'], updates)));
  n.compare('L', getAsOpFoldResult(c.mul(n['T'], updates)));
  n.bind('R', op.getQ() ? getAsOpFoldResult(c.maxIndex(n['H'], n['Q'])) : n.of("H")[0]);
}

ScanArgs::ScanArgs(ScanOp op, ImplicitLocOpBuilder &builder) : op(op), lengths(builder, "moe.scan") {
  nameLengths(op, lengths, Code(builder));
  auto optional = [&](Value tensor) { return optionalBuffer(builder, values, tensor); };
  v = optional(op.getV()), k = optional(op.getK()), q = optional(op.getQ()), decay = optional(op.getDecay()), rate = optional(op.getRate());
  a = optional(op.getA()), b = optional(op.getB()), gate = optional(op.getGate()), bonus = optional(op.getBonus());
  auto made = [&](Value tensor, StringRef letters) {
    values.push_back(newBuffer(builder, cast<RankedTensorType>(tensor.getType()), lengths.of(letters)));
    return int(values.size()) - 1;
  };
  result = made(op.getResult(), op.getQ() ? "BTRV" : "BTHKV");
  StringRef letters[] = {"BHKV", "BHKW", "BHOW"};
  for (auto [place, state] : llvm::enumerate(op.getFinal()))
    final[place] = made(state, letters[place]);
  for (auto [place, state] : llvm::enumerate(op.getStates()))
    initial[place] = optional(state);
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
  Value done = launchScanChunks(args, b);
  launchScanSteps(args, b, Code(b).choose(done, Code(b).flag(false), Code(b).flag(true)));
  SmallVector<Value> results = {tensorOf(b, args.values[args.result], op.getResult().getType())};
  for (auto [place, state] : llvm::enumerate(op.getFinal()))
    results.push_back(tensorOf(b, args.values[args.final[place]], state.getType()));
  rewriter.replaceOp(op, results);
}

} // namespace moe
