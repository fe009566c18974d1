//===- EvaluateTensor.cpp - rules of tensor ops -----------------------------------------------------------------===//
#include "Evaluation.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/CheckedArithmetic.h"
#include <cstring>
#include <numeric>

using namespace mlir;

namespace moe::reference {
namespace {

SmallVector<int64_t> stridesOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t axis = int64_t(shape.size()) - 2; axis >= 0; --axis)
    strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

int64_t product(ArrayRef<int64_t> lengths) {
  return std::accumulate(lengths.begin(), lengths.end(), int64_t(1), std::multiplies<int64_t>());
}

//===- making ---------------------------------------------------------------------------------------------------===//

LogicalResult evaluate(tensor::EmptyOp op, Evaluation &e) {
  std::optional<Tensor> result = e.make(op, e.integers(op.getMixedSizes()));
  return result ? e.set(op, *result) : failure();
}

/// Writes one scalar.
void put(Tensor &tensor, int64_t place, Scalar value) { store(tensor.format(), tensor.mutableData(), &place, &value, 1); }

LogicalResult evaluate(tensor::FromElementsOp op, Evaluation &e) {
  Tensor result(op.getType().getElementType(), op.getType().getShape());
  for (auto [place, element] : llvm::enumerate(op.getElements()))
    put(result, place, e.scalar(element));
  return e.set(op, result);
}

LogicalResult evaluate(tensor::SplatOp op, Evaluation &e) {
  std::optional<Tensor> result = e.make(op, e.integers(getMixedValues(op.getType().getShape(), op.getDynamicSizes(), op.getContext())));
  for (int64_t place = 0; result && place < result->count(); ++place)
    put(*result, place, e.scalar(op.getInput()));
  return result ? e.set(op, *result) : failure();
}

//===- one element ----------------------------------------------------------------------------------------------===//

/// The place of an element; nullopt where an index is out of range.
std::optional<int64_t> placeOf(const Tensor &tensor, ArrayRef<int64_t> indices) {
  int64_t place = 0;
  for (auto [index, length] : llvm::zip_equal(indices, tensor.shape())) {
    if (index < 0 || index >= length)
      return std::nullopt;
    place = place * length + index;
  }
  return place;
}

/// Runs on lanes: bodies of linalg ops read other tensors with it.
Step extract(Compiler &compiler, Operation *op) {
  OpSlots slots(compiler, op);
  return [op, slots](Frame &frame) {
    const Tensor &tensor = frame.tensors[slots.operands[0].index];
    int result = slots.results[0].index, lanes = result < 0 ? frame.lanes : 1;
    int64_t places[kLanes] = {};
    for (int64_t axis = 0; axis < tensor.rank(); ++axis) {
      const Scalar *index = frame.at(slots.operands[axis + 1].index);
      int64_t length = tensor.size(axis);
      for (int lane = 0; lane < lanes; ++lane) {
        if (uint64_t(index[lane].integer) >= uint64_t(length))
          return frame.machine.fail(op, "index " + Twine(index[lane].integer) + " is out of range for axis " + Twine(axis) +
                                                      " of length " + Twine(length));
        places[lane] = places[lane] * length + index[lane].integer;
      }
    }
    load(tensor, places, frame.at(result), lanes);
    return true;
  };
}

LogicalResult evaluate(tensor::InsertOp op, Evaluation &e) {
  Scalar value = e.scalar(op.getScalar());
  SmallVector<int64_t> indices = llvm::map_to_vector(op.getIndices(), [&](Value index) { return e.integer(index); });
  std::optional<int64_t> place = placeOf(e.tensor(op.getDest()), indices);
  if (!place)
    return e.fail("index " + describe(indices) + " is out of range for lengths " + describe(e.tensor(op.getDest()).shape()));
  Tensor result = e.take(op.getDest());
  put(result, *place, value);
  return e.set(op, std::move(result));
}

/// Runs on lanes: a length is the same for all of them.
Step dim(Compiler &compiler, Operation *op) {
  OpSlots slots(compiler, op);
  return [op, slots](Frame &frame) {
    const Tensor &tensor = frame.tensors[slots.operands[0].index];
    int result = slots.results[0].index;
    for (int lane = 0, lanes = result < 0 ? frame.lanes : 1; lane < lanes; ++lane) {
      int64_t axis = frame.at(slots.operands[1].index)[lane].integer;
      if (axis < 0 || axis >= tensor.rank())
        return frame.machine.fail(op, "there is no axis " + Twine(axis));
      frame.at(result)[lane].integer = tensor.size(axis);
    }
    return true;
  };
}

LogicalResult evaluate(tensor::RankOp op, Evaluation &e) {
  Scalar rank;
  rank.integer = e.tensor(op.getTensor()).rank();
  return e.set(op.getResult(), rank);
}

//===- slices ---------------------------------------------------------------------------------------------------===//

/// Elements at offset + i * stride on each axis, for i in [0, size).
struct Slice {
  SmallVector<int64_t> offsets, sizes, strides;

  template <typename Op> Slice(Op op, Evaluation &e)
      : offsets(e.integers(op.getMixedOffsets())), sizes(e.integers(op.getMixedSizes())), strides(e.integers(op.getMixedStrides())) {}

  bool inside(ArrayRef<int64_t> shape) const {
    for (auto [offset, size, stride, length] : llvm::zip_equal(offsets, sizes, strides, shape)) {
      auto last = llvm::checkedMulAdd<int64_t>(size - 1, stride, offset);
      if (size < 0 || (size > 0 && (!last || std::min(offset, *last) < 0 || std::max(offset, *last) >= length)))
        return false;
    }
    return true;
  }
};

/// Calls `move(place in the whole, place in the slice, count)` for runs of neighbours in both.
template <typename Function> void forEachRun(const Slice &slice, ArrayRef<int64_t> shape, Function move) {
  SmallVector<int64_t> whole = stridesOf(shape), part = stridesOf(slice.sizes);
  auto walk = [&](auto &walk, size_t axis, int64_t from, int64_t to) -> void {
    if (axis == shape.size())
      return move(from, to, 1);
    from += slice.offsets[axis] * whole[axis];
    if (axis + 1 == shape.size() && slice.strides[axis] == 1)
      return move(from, to, slice.sizes[axis]);
    for (int64_t i = 0; i < slice.sizes[axis]; ++i)
      walk(walk, axis + 1, from + i * slice.strides[axis] * whole[axis], to + i * part[axis]);
  };
  walk(walk, 0, 0, 0);
}

LogicalResult outside(const Slice &slice, const Tensor &tensor, Evaluation &e) {
  return e.fail("offsets " + describe(slice.offsets) + ", sizes " + describe(slice.sizes) + ", strides " + describe(slice.strides) +
                " leave a tensor with the lengths " + describe(tensor.shape()));
}

LogicalResult evaluate(tensor::ExtractSliceOp op, Evaluation &e) {
  const Tensor &source = e.tensor(op.getSource());
  Slice slice(op, e);
  if (!slice.inside(source.shape()))
    return outside(slice, source, e);
  llvm::SmallBitVector dropped = op.getDroppedDims();
  SmallVector<int64_t> shape;
  for (auto [axis, size] : llvm::enumerate(slice.sizes))
    if (!dropped.test(axis))
      shape.push_back(size);
  std::optional<Tensor> result = e.make(op, shape);
  if (!result)
    return failure();
  int64_t bytes = result->format().bytes;
  char *to = result->mutableData();
  forEachRun(slice, source.shape(), [&](int64_t whole, int64_t part, int64_t count) {
    std::memcpy(to + part * bytes, source.data() + whole * bytes, count * bytes);
  });
  return e.set(op, std::move(*result));
}

LogicalResult evaluate(tensor::InsertSliceOp op, Evaluation &e) {
  Slice slice(op, e);
  Tensor source = e.tensor(op.getSource());
  if (!slice.inside(e.tensor(op.getDest()).shape()))
    return outside(slice, e.tensor(op.getDest()), e);
  if (product(slice.sizes) != source.count())
    return e.fail("the source has the lengths " + describe(source.shape()) + ", the slice " + describe(slice.sizes));
  Tensor result = e.take(op.getDest());
  int64_t bytes = result.format().bytes;
  char *to = result.mutableData();
  forEachRun(slice, result.shape(), [&](int64_t whole, int64_t part, int64_t count) {
    std::memcpy(to + whole * bytes, source.data() + part * bytes, count * bytes);
  });
  return e.set(op, std::move(result));
}

LogicalResult evaluate(tensor::ConcatOp op, Evaluation &e) {
  int64_t axis = op.getDim();
  SmallVector<int64_t> shape(e.tensor(op.getInputs().front()).shape());
  shape[axis] = 0;
  for (Value input : op.getInputs()) {
    shape[axis] += e.tensor(input).size(axis);
    for (int64_t other = 0; other < int64_t(shape.size()); ++other)
      if (other != axis && e.tensor(input).size(other) != shape[other])
        return e.fail("an operand has the lengths " + describe(e.tensor(input).shape()));
  }
  std::optional<Tensor> result = e.make(op, shape);
  if (!result)
    return failure();
  // Each operand gives one run of bytes per row of the outer axes.
  int64_t bytes = result->format().bytes, outer = product(ArrayRef(shape).take_front(axis));
  char *to = result->mutableData();
  for (int64_t row = 0; row < outer; ++row)
    for (Value input : op.getInputs()) {
      int64_t run = product(e.tensor(input).shape().drop_front(axis)) * bytes;
      std::memcpy(to, e.tensor(input).data() + row * run, run);
      to += run;
    }
  return e.set(op, std::move(*result));
}

//===- the same elements, other lengths -------------------------------------------------------------------------===//

LogicalResult reshape(Value result, const Tensor &source, ArrayRef<int64_t> shape, Evaluation &e) {
  auto bytes = Tensor::sizeInBytes(source.elementType(), shape);
  if (!bytes || *bytes != source.count() * source.format().bytes)
    return e.fail("the lengths " + describe(source.shape()) + " and " + describe(shape) + " have another number of elements");
  return e.set(result, source.reshaped(shape));
}

LogicalResult evaluate(tensor::CastOp op, Evaluation &e) { return e.set(op, e.tensor(op.getSource())); }

LogicalResult evaluate(tensor::ReshapeOp op, Evaluation &e) {
  SmallVector<int64_t> shape;
  const Tensor &lengths = e.tensor(op.getShape());
  for (int64_t axis = 0; axis < lengths.count(); ++axis)
    shape.push_back(lengths.integer(axis));
  return reshape(op, e.tensor(op.getSource()), shape, e);
}

LogicalResult evaluate(tensor::CollapseShapeOp op, Evaluation &e) {
  const Tensor &source = e.tensor(op.getSrc());
  SmallVector<int64_t> shape;
  for (ArrayRef<int64_t> group : op.getReassociationIndices())
    shape.push_back(product(source.shape().slice(group.front(), group.size())));
  return reshape(op, source, shape, e);
}

LogicalResult evaluate(tensor::ExpandShapeOp op, Evaluation &e) {
  const Tensor &source = e.tensor(op.getSrc());
  SmallVector<int64_t> shape = e.integers(op.getMixedOutputShape());
  for (auto [axis, group] : llvm::enumerate(op.getReassociationIndices()))
    if (product(ArrayRef(shape).slice(group.front(), group.size())) != source.size(axis))
      return e.fail("the lengths " + describe(shape) + " do not expand " + describe(source.shape()));
  return reshape(op, source, shape, e);
}

} // namespace

void addTensor(Rules &rules) {
  rules["tensor.extract"] = extract;
  rules["tensor.dim"] = dim;
  add<tensor::EmptyOp>(rules, evaluate);
  add<tensor::FromElementsOp>(rules, evaluate);
  add<tensor::SplatOp>(rules, evaluate);
  add<tensor::InsertOp>(rules, evaluate);
  add<tensor::RankOp>(rules, evaluate);
  add<tensor::ExtractSliceOp>(rules, evaluate);
  add<tensor::InsertSliceOp>(rules, evaluate);
  add<tensor::ConcatOp>(rules, evaluate);
  add<tensor::CastOp>(rules, evaluate);
  add<tensor::ReshapeOp>(rules, evaluate);
  add<tensor::CollapseShapeOp>(rules, evaluate);
  add<tensor::ExpandShapeOp>(rules, evaluate);
}

} // namespace moe::reference
