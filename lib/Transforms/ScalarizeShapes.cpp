//===- ScalarizeShapes.cpp - shape arithmetic on tiny tensors becomes scalar arithmetic -------------------------===//
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_SCALARIZESHAPES
#include "moe/Transforms/Passes.h.inc"

namespace {

using Scalars = SmallVector<Value>;

/// A tensor small enough to be held in scalars.
bool isTiny(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape())
    return false;
  return tensor.getNumElements() <= (tensor.getElementType().isIntOrIndex() ? 64 : 4);
}

int64_t linearize(ArrayRef<int64_t> indices, ArrayRef<int64_t> shape) {
  int64_t at = 0;
  for (auto [index, length] : llvm::zip(indices, shape))
    at = at * length + index;
  return at;
}

/// Calls `visit` with each index of a static shape, in row-major order; false where a visit is.
bool forEachIndex(ArrayRef<int64_t> shape, function_ref<bool(ArrayRef<int64_t>)> visit) {
  SmallVector<int64_t> index(shape.size(), 0);
  if (llvm::is_contained(shape, 0))
    return true;
  while (true) {
    if (!visit(index))
      return false;
    int64_t axis = shape.size() - 1;
    while (axis >= 0 && ++index[axis] == shape[axis])
      index[axis--] = 0;
    if (axis < 0)
      return true;
  }
}

/// Follows tiny tensors through a function in order, keeping their elements.
class Scalarizer {
public:
  void run(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      visit(&op);
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          if (!isa<linalg::LinalgOp>(op))
            run(inner);
    }
  }

private:
  /// The elements of a tiny tensor, or null where they are not known as scalars.
  const Scalars *find(Value value) {
    auto found = known.find(value);
    if (found != known.end())
      return &found->second;
    DenseElementsAttr constant;
    if (!isTiny(value.getType()) || !matchPattern(value, m_Constant(&constant)))
      return nullptr;
    OpBuilder builder(value.getContext());
    builder.setInsertionPointAfterValue(value);
    Scalars scalars;
    for (Attribute element : constant.getValues<Attribute>())
      scalars.push_back(arith::ConstantOp::create(builder, value.getLoc(), cast<TypedAttr>(element)));
    return &known.try_emplace(value, scalars).first->second;
  }

  void set(Operation *op, Scalars scalars) {
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    Value made = tensor::FromElementsOp::create(builder, op->getLoc(), op->getResult(0).getType(), scalars);
    op->getResult(0).replaceAllUsesWith(made);
    known[made] = std::move(scalars);
  }

  void visit(Operation *op) {
    if (op->getNumResults() != 1 || !isTiny(op->getResult(0).getType()))
      return;
    if (auto from = dyn_cast<tensor::FromElementsOp>(op)) {
      known[from] = Scalars(from.getElements());
      return;
    }
    std::optional<Scalars> scalars;
    if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::ReshapeOp, tensor::CastOp>(op)) {
      if (const Scalars *source = find(op->getOperand(0)))
        scalars = *source;
    } else if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op)) {
      scalars = slice(extract);
    } else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
      scalars = insertSlice(insert);
    } else if (auto insert = dyn_cast<tensor::InsertOp>(op)) {
      scalars = insertElement(insert);
    } else if (isa<tensor::EmptyOp>(op)) {
      known[op->getResult(0)] = Scalars(cast<RankedTensorType>(op->getResult(0).getType()).getNumElements(), Value());
      return;
    } else if (auto fill = dyn_cast<linalg::FillOp>(op)) {
      scalars = Scalars(cast<RankedTensorType>(fill.getResultTypes()[0]).getNumElements(), fill.getInputs()[0]);
    } else if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) {
      scalars = permute(transpose);
    } else if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      scalars = unroll(generic);
    }
    if (!scalars)
      return;
    if (llvm::is_contained(*scalars, Value()))
      known[op->getResult(0)] = *scalars;
    else
      set(op, *scalars);
  }

  std::optional<Scalars> slice(tensor::ExtractSliceOp op) {
    const Scalars *source = find(op.getSource());
    if (!source || llvm::any_of(op.getStaticOffsets(), ShapedType::isDynamic) || llvm::any_of(op.getStaticStrides(), ShapedType::isDynamic) ||
        llvm::any_of(op.getStaticSizes(), ShapedType::isDynamic))
      return std::nullopt;
    Scalars result;
    ArrayRef<int64_t> shape = op.getSourceType().getShape();
    forEachIndex(op.getStaticSizes(), [&](ArrayRef<int64_t> index) {
      SmallVector<int64_t> at;
      for (auto [i, offset, stride] : llvm::zip(index, op.getStaticOffsets(), op.getStaticStrides()))
        at.push_back(offset + i * stride);
      result.push_back((*source)[linearize(at, shape)]);
      return true;
    });
    return result;
  }

  std::optional<Scalars> insertSlice(tensor::InsertSliceOp op) {
    const Scalars *source = find(op.getSource()), *into = find(op.getDest());
    if (!source || !into || llvm::any_of(op.getStaticOffsets(), ShapedType::isDynamic) || llvm::any_of(op.getStaticStrides(), ShapedType::isDynamic) ||
        llvm::any_of(op.getStaticSizes(), ShapedType::isDynamic))
      return std::nullopt;
    Scalars result = *into;
    int64_t next = 0;
    forEachIndex(op.getStaticSizes(), [&](ArrayRef<int64_t> index) {
      SmallVector<int64_t> at;
      for (auto [i, offset, stride] : llvm::zip(index, op.getStaticOffsets(), op.getStaticStrides()))
        at.push_back(offset + i * stride);
      result[linearize(at, op.getDestType().getShape())] = (*source)[next++];
      return true;
    });
    return result;
  }

  std::optional<Scalars> insertElement(tensor::InsertOp op) {
    const Scalars *into = find(op.getDest());
    auto indices = getConstantIntValues(getAsOpFoldResult(op.getIndices()));
    if (!into || !indices)
      return std::nullopt;
    Scalars result = *into;
    result[linearize(*indices, cast<RankedTensorType>(op.getType()).getShape())] = op.getScalar();
    return result;
  }

  std::optional<Scalars> permute(linalg::TransposeOp op) {
    const Scalars *source = find(op.getInput());
    if (!source)
      return std::nullopt;
    auto from = cast<RankedTensorType>(op.getInput().getType()), to = cast<RankedTensorType>(op->getResult(0).getType());
    Scalars result;
    forEachIndex(to.getShape(), [&](ArrayRef<int64_t> index) {
      SmallVector<int64_t> at(index.size());
      for (auto [i, axis] : llvm::enumerate(op.getPermutation()))
        at[axis] = index[i];
      result.push_back((*source)[linearize(at, from.getShape())]);
      return true;
    });
    return result;
  }

  /// Runs a linalg.generic at compile time over scalars; nullopt where one of its elements is not known.
  std::optional<Scalars> unroll(linalg::GenericOp op) {
    SmallVector<const Scalars *> inputs;
    for (Value input : op.getDpsInputs()) {
      inputs.push_back(find(input));
      if (!inputs.back())
        return std::nullopt;
    }
    SmallVector<int64_t> loops = op.getStaticLoopRanges();
    int64_t count = 1;
    for (int64_t length : loops)
      count = ShapedType::isDynamic(length) ? 1000 : count * length;
    const Scalars *initial = find(op.getDpsInits()[0]);
    if (count > 64 || !initial)
      return std::nullopt;
    OpBuilder builder(op);
    Scalars result = *initial;
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    auto elementAt = [&](AffineMap map, ArrayRef<int64_t> index, Value operand) {
      return linearize(map.compose(index), cast<RankedTensorType>(operand.getType()).getShape());
    };
    bool complete = forEachIndex(loops, [&](ArrayRef<int64_t> index) {
      IRMapping mapping;
      for (auto [i, input] : llvm::enumerate(op.getDpsInputs()))
        mapping.map(op.getBody()->getArgument(i), (*inputs[i])[elementAt(maps[i], index, input)]);
      int64_t to = elementAt(maps.back(), index, op.getDpsInits()[0]);
      if (result[to])
        mapping.map(op.getBody()->getArguments().back(), result[to]);
      else if (!op.getBody()->getArguments().back().use_empty())
        return false;
      for (Operation &inner : op.getBody()->without_terminator())
        if (!cloneScalar(builder, inner, mapping, index))
          return false;
      result[to] = mapping.lookupOrDefault(op.getBody()->getTerminator()->getOperand(0));
      return true;
    });
    return complete ? std::optional(result) : std::nullopt;
  }

  bool cloneScalar(OpBuilder &builder, Operation &op, IRMapping &mapping, ArrayRef<int64_t> index) {
    if (auto position = dyn_cast<linalg::IndexOp>(op)) {
      mapping.map(position.getResult(), arith::ConstantIndexOp::create(builder, op.getLoc(), index[position.getDim()]).getResult());
      return true;
    }
    if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
      const Scalars *source = find(extract.getTensor());
      SmallVector<Value> at = llvm::map_to_vector(extract.getIndices(), [&](Value i) { return mapping.lookupOrDefault(i); });
      auto constants = getConstantIntValues(getAsOpFoldResult(at));
      auto type = extract.getTensor().getType();
      if (!source || !constants)
        return false;
      int64_t place = linearize(*constants, type.getShape());
      if (place < 0 || place >= int64_t(source->size()) || !(*source)[place])
        return false;
      mapping.map(extract.getResult(), (*source)[place]);
      return true;
    }
    if (op.getNumRegions())
      return false;
    Operation *copy = builder.clone(op, mapping);
    SmallVector<Value> folded;
    if (succeeded(builder.tryFold(copy, folded)) && folded.size() == op.getNumResults()) {
      for (auto [from, to] : llvm::zip(op.getResults(), folded))
        mapping.map(from, to);
      copy->erase();
    }
    return true;
  }

  DenseMap<Value, Scalars> known; ///< null elements have not been written yet
};

struct ScalarizeShapesPass : impl::ScalarizeShapesBase<ScalarizeShapesPass> {
  void runOnOperation() override {
    if (!getOperation().isExternal())
      Scalarizer().run(getOperation().getBody().front());
  }
};

} // namespace
} // namespace moe
