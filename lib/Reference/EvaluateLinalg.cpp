//===- EvaluateLinalg.cpp - the rule of structured linalg ops ---------------------------------------------------===//
//
// A linalg op runs its body once per point of its iteration space. Points that differ in parallel loops only are independent: kLanes of
// them go through the body at once. Reduction loops run in order inside, so that each result is added up in the order of the loops.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Contraction.h"
#include "Evaluation.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace moe::reference {
namespace {

class Structured {
public:
  /// Null after a failure.
  static std::shared_ptr<Structured> compile(Compiler &compiler, linalg::LinalgOp op);
  bool run(Frame &frame) const;

private:
  Structured(Compiler &compiler, linalg::LinalgOp op) : op(op), slots(compiler, op) {}
  bool fail(Frame &frame, const Twine &message) const {
    return frame.machine.fail(op, message);
  }
  std::optional<SmallVector<int64_t>> loopSizes(Frame &frame) const;
  std::optional<SmallVector<Access>> accesses(Frame &frame, ArrayRef<int64_t> sizes) const;
  Tensor initial(Frame &frame, unsigned number, bool overwritten) const;
  bool interpret(Frame &frame, ArrayRef<int64_t> sizes, ArrayRef<Access> accesses, MutableArrayRef<Tensor> outs) const;

  mutable linalg::LinalgOp op; ///< the interface's accessors are not const
  OpSlots slots;
  SmallVector<AffineMap> indexing;
  SmallVector<LinearMap> maps;
  SmallVector<unsigned> parallel, reduction;
  bool inOrder = false;    ///< results are not one to one with the parallel loops: every point in turn
  bool contraction = false;
  unsigned inputs;
  LaneScope scope;
  Steps steps;
  SmallVector<int> arguments; ///< wide slot of each block argument
  SmallVector<int> yields;
};

std::shared_ptr<Structured> Structured::compile(Compiler &compiler, linalg::LinalgOp op) {
  std::shared_ptr<Structured> made(new Structured(compiler, op));
  auto refuse = [&](const Twine &message) {
    compiler.fail(op, message);
    return nullptr;
  };
  if (compiler.scope || !op.hasPureTensorSemantics())
    return refuse("the interpreter needs tensors, outside of the body of another linalg op");
  made->indexing = op.getIndexingMapsArray();
  for (AffineMap map : made->indexing) {
    auto linear = LinearMap::get(map);
    if (!linear)
      return refuse("the interpreter does not support an indexing map that is not linear");
    made->maps.push_back(*linear);
  }
  for (auto [loop, kind] : llvm::enumerate(op.getIteratorTypesArray()))
    (kind == utils::IteratorType::parallel ? made->parallel : made->reduction).push_back(loop);
  made->inputs = op.getNumDpsInputs();
  for (AffineMap map : ArrayRef(made->indexing).drop_front(made->inputs)) {
    bool oneToOne = map.isProjectedPermutation() && map.getNumResults() == made->parallel.size() &&
                    llvm::all_of(made->parallel, [&](unsigned loop) { return map.isFunctionOfDim(loop); });
    made->inOrder |= !oneToOne;
  }
  made->contraction = !made->inOrder && isContraction(op);
  Block &body = *op.getBlock();
  made->scope.body = body.getParent();
  compiler.scope = &made->scope;
  for (BlockArgument argument : body.getArguments())
    made->arguments.push_back(compiler.define(argument).index);
  bool done = compiler.block(body, made->steps);
  for (Value value : body.getTerminator()->getOperands())
    made->yields.push_back(compiler.slot(value).index);
  compiler.scope = nullptr;
  return done ? made : nullptr;
}

/// The length of each loop, from the operands whose axes it counts through.
std::optional<SmallVector<int64_t>> Structured::loopSizes(Frame &frame) const {
  SmallVector<int64_t> sizes(parallel.size() + reduction.size(), -1);
  for (auto [number, map] : llvm::enumerate(indexing))
    for (auto [axis, expr] : llvm::enumerate(map.getResults()))
      if (auto loop = dyn_cast<AffineDimExpr>(expr)) {
        int64_t length = frame.tensors[slots.operands[number].index].size(axis), &size = sizes[loop.getPosition()];
        if (size >= 0 && size != length) {
          fail(frame, "loop " + Twine(loop.getPosition()) + " has the lengths " + Twine(size) + " and " + Twine(length));
          return std::nullopt;
        }
        size = length;
      }
  if (llvm::is_contained(sizes, -1)) {
    fail(frame, "a loop has no length");
    return std::nullopt;
  }
  return sizes;
}

std::optional<SmallVector<Access>> Structured::accesses(Frame &frame, ArrayRef<int64_t> sizes) const {
  SmallVector<Access> result;
  for (auto [number, map] : llvm::enumerate(maps)) {
    Slot slot = slots.operands[number];
    auto access = Access::get(map, sizes, slot.isTensor ? frame.tensors[slot.index].shape() : ArrayRef<int64_t>());
    if (!access) {
      fail(frame, "operand #" + Twine(number) + " with the lengths " + describe(frame.tensors[slot.index].shape()) + " is left by loops of the lengths " + describe(sizes));
      return std::nullopt;
    }
    result.push_back(*access);
  }
  return result;
}

/// The tensor that a result is written into. What is overwritten need not be copied.
Tensor Structured::initial(Frame &frame, unsigned number, bool overwritten) const {
  Tensor &init = frame.tensors[slots.operands[number].index];
  if (slots.take[number])
    return std::move(init);
  return overwritten ? Tensor(init.elementType(), init.shape()) : init;
}

bool Structured::run(Frame &frame) const {
  auto sizes = loopSizes(frame);
  if (!sizes)
    return false;
  auto places = accesses(frame, *sizes);
  uint64_t points = 1;
  for (int64_t size : *sizes)
    points = llvm::SaturatingMultiply<uint64_t>(points, size);
  uint64_t work = llvm::SaturatingMultiply<uint64_t>(points, steps.size() + 1);
  if (!places || !frame.machine.spend(op, std::min<uint64_t>(work, INT64_MAX)))
    return false;
  SmallVector<Tensor> outs;
  for (unsigned number = inputs; number < slots.operands.size(); ++number)
    outs.push_back(initial(frame, number, !inOrder && points && op.getBlock()->getArgument(number).use_empty()));
  auto operand = [&](unsigned number) -> const Tensor & { return frame.tensors[slots.operands[number].index]; };
  bool done = contraction && contract(operand(0), operand(1), outs[0], *places, *sizes, parallel, reduction);
  if (!done && !interpret(frame, *sizes, *places, outs))
    return false;
  for (auto [slot, out] : llvm::zip_equal(slots.results, outs))
    frame.tensors[slot.index] = std::move(out);
  return true;
}

bool Structured::interpret(Frame &frame, ArrayRef<int64_t> sizes, ArrayRef<Access> operands, MutableArrayRef<Tensor> outs) const {
  // What is followed along the loops: the places of all operands, then the counters that the body asks for.
  SmallVector<Access> followed(operands);
  for (auto [loop, slot] : scope.indices) {
    followed.emplace_back();
    followed.back().strides.assign(sizes.size(), 0);
    followed.back().strides[loop] = 1;
  }
  SmallVector<Access> offsets = followed;
  for (Access &access : offsets)
    access.base = 0;
  SmallVector<unsigned> all = llvm::to_vector(llvm::seq<unsigned>(0, sizes.size()));
  Odometer outer(sizes, inOrder ? ArrayRef<unsigned>() : parallel, followed);
  Odometer innerStart(sizes, inOrder ? all : reduction, offsets);
  int width = scope.single ? 1 : kLanes;
  std::vector<int64_t> places(followed.size() * kLanes), shifts(followed.size()), shifted(kLanes);
  std::vector<Scalar> values(outs.size() * kLanes);
  Block &body = *op.getBlock();
  for (auto [from, to] : scope.captured)
    std::fill_n(frame.at(to), kLanes, frame.scalars[from]);
  for (unsigned number = 0; number < inputs; ++number)
    if (!slots.operands[number].isTensor)
      std::fill_n(frame.at(arguments[number]), kLanes, *frame.at(slots.operands[number].index));
  SmallVector<char *> data;
  for (Tensor &out : outs)
    data.push_back(out.mutableData());

  for (int64_t start = 0; start < outer.points(); start += width) {
    int lanes = frame.lanes = std::min<int64_t>(width, outer.points() - start);
    outer.take(lanes, places.data(), kLanes);
    auto placesOf = [&](unsigned access) {
      for (int lane = 0; lane < lanes; ++lane)
        shifted[lane] = places[access * kLanes + lane] + shifts[access];
      return shifted.data();
    };
    auto exchange = [&](bool toMemory) {
      for (unsigned k = 0; k < outs.size(); ++k)
        if (toMemory)
          store(outs[k].format(), data[k], placesOf(inputs + k), &values[k * kLanes], lanes);
        else if (!body.getArgument(inputs + k).use_empty())
          load(outs[k], placesOf(inputs + k), frame.at(arguments[inputs + k]), lanes);
    };
    Odometer inner = innerStart;
    std::fill(shifts.begin(), shifts.end(), 0);
    if (!inOrder)
      exchange(false);
    for (int64_t point = 0; point < inner.points(); ++point) {
      inner.take(1, shifts.data(), 1);
      if (inOrder)
        exchange(false);
      for (unsigned number = 0; number < inputs; ++number)
        if (slots.operands[number].isTensor && !body.getArgument(number).use_empty())
          load(frame.tensors[slots.operands[number].index], placesOf(number), frame.at(arguments[number]), lanes);
      for (auto [i, index] : llvm::enumerate(scope.indices)) {
        const int64_t *counters = placesOf(operands.size() + i);
        for (int lane = 0; lane < lanes; ++lane)
          frame.at(index.second)[lane].integer = counters[lane];
      }
      if (!reference::run(steps, frame))
        return false;
      for (unsigned k = 0; k < outs.size(); ++k)
        std::copy_n(frame.at(yields[k]), lanes, &values[k * kLanes]);
      if (inOrder)
        exchange(true);
      else
        for (unsigned k = 0; k < outs.size(); ++k)
          std::copy_n(&values[k * kLanes], lanes, frame.at(arguments[inputs + k]));
    }
    if (!inOrder && inner.points() > 0) {
      std::fill(shifts.begin(), shifts.end(), 0);
      exchange(true);
    }
  }
  return true;
}

Step structured(Compiler &compiler, Operation *op) {
  auto made = Structured::compile(compiler, cast<linalg::LinalgOp>(op));
  return made ? Step([made](Frame &frame) { return made->run(frame); }) : Step();
}

/// The loop's counter is written by the op that the body belongs to.
Step index(Compiler &compiler, Operation *op) {
  int slot = compiler.define(op->getResult(0)).index;
  compiler.scope->indices.push_back({int(cast<linalg::IndexOp>(op).getDim()), slot});
  return [](Frame &) { return true; };
}

} // namespace

void addLinalg(Rules &rules) {
  rules["linalg.index"] = index;
  for (StringRef name : {"generic", "fill", "copy", "map", "reduce", "transpose", "broadcast", "matmul", "batch_matmul", "matvec", "vecmat", "dot",
                         "batch_matvec", "elementwise", "contract"})
    rules[("linalg." + name).str()] = structured;
}

} // namespace moe::reference
