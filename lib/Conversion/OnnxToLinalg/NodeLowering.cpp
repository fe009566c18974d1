//===- NodeLowering.cpp - what a lowering of one ONNX operator works with ---------------------------------------===//
#include "NodeLowering.h"
#include "moe/Dialect/Rt.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace moe {

Type signless(Type element) {
  auto integer = dyn_cast<IntegerType>(element);
  return integer ? IntegerType::get(element.getContext(), integer.getWidth()) : element;
}

void bindValue(Value onnxValue, Value legalized, const ShapeAnalysis &shapes, LegalizeScope &scope) {
  scope.values.map(onnxValue, legalized);
  const auto *dims = shapes.dims(onnxValue);
  auto type = dyn_cast<RankedTensorType>(legalized.getType());
  if (!dims || !type || int64_t(dims->size()) != type.getRank())
    return;
  for (auto [axis, dim] : llvm::enumerate(*dims))
    if (!dim.constant())
      scope.axes.try_emplace(dim.str(), legalized, axis);
}

//===- operands -------------------------------------------------------------------------------------------------===//

Value NodeLowering::in(unsigned index) {
  Value value = node.input(index);
  return value ? scope.values.lookup(value) : Value();
}

Type NodeLowering::element(unsigned index) { return llvm::cast<TensorType>(node.input(index).getType()).getElementType(); }

std::optional<SmallVector<int64_t>> NodeLowering::ints(unsigned index) {
  Value value = node.input(index);
  return value ? shapes.constants(value) : std::nullopt;
}

Value NodeLowering::element(unsigned index, int64_t at) {
  SmallVector<Value> indices;
  if (rank(index) == 1)
    indices.push_back(this->index(at));
  return tensor::ExtractOp::create(b, in(index), indices);
}

Value NodeLowering::intAt(unsigned index, int64_t at) {
  if (const auto *content = shapes.content(onnxInput(index)); content && at < int64_t(content->size()))
    if (Value known = materialize((*content)[at]))
      return known;
  return arith::IndexCastOp::create(b, b.getIndexType(), element(index, at));
}

Value NodeLowering::scalar(unsigned index) {
  return tensor::ExtractOp::create(b, in(index), SmallVector<Value>(rank(index), this->index(0)));
}

std::optional<SmallVector<int64_t>> NodeLowering::axes(unsigned operand, int64_t rank) {
  auto values = node.intsAttribute("axes");
  if (!values)
    values = ints(operand);
  if (values)
    for (int64_t &axis : *values)
      axis = wrap(axis, rank);
  return values;
}

//===- results --------------------------------------------------------------------------------------------------===//

Type NodeLowering::onnxElement(unsigned result) {
  return llvm::cast<TensorType>(node.getResult(result).getType()).getElementType();
}

RankedTensorType NodeLowering::type(unsigned result) {
  auto ranked = llvm::cast<RankedTensorType>(node.getResult(result).getType());
  return RankedTensorType::get(ranked.getShape(), signless(ranked.getElementType()));
}

//===- lengths --------------------------------------------------------------------------------------------------===//

const SymExpr *NodeLowering::expr(Value onnxValue, int64_t axis) {
  const auto *dims = shapes.dims(onnxValue);
  return dims && axis < int64_t(dims->size()) ? &(*dims)[axis] : nullptr;
}

Value NodeLowering::materialize(const SymExpr &expr) {
  if (auto constant = expr.constant())
    return index(*constant);
  if (auto found = scope.computed.find(expr.str()); found != scope.computed.end())
    return found->second;
  if (auto found = scope.axes.find(expr.str()); found != scope.axes.end())
    return tensor::DimOp::create(b, found->second.first, found->second.second);
  if (expr.symbolName())
    return {};
  Value sum;
  for (auto &[monomial, coefficient] : expr.monomials()) {
    Value product = index(coefficient);
    for (const std::string &name : monomial) {
      Value factor = materialize(SymExpr::symbol(name));
      if (!factor)
        return {};
      product = coefficient == 1 && matchPattern(product, m_One()) ? factor : arith::MulIOp::create(b, product, factor).getResult();
    }
    sum = sum ? arith::AddIOp::create(b, sum, product).getResult() : product;
  }
  return sum;
}

Value NodeLowering::dim(Value onnxValue, int64_t axis) {
  if (const SymExpr *known = expr(onnxValue, axis))
    if (Value value = materialize(*known))
      return value;
  return tensor::DimOp::create(b, scope.values.lookup(onnxValue), axis);
}

std::optional<SmallVector<OpFoldResult>> NodeLowering::resultSizes(unsigned result) {
  const auto *dims = shapes.dims(node.getResult(result));
  if (!dims)
    return std::nullopt;
  SmallVector<OpFoldResult> sizes;
  for (const SymExpr &dim : *dims) {
    Value value = materialize(dim);
    if (!value)
      return std::nullopt;
    sizes.push_back(getAsOpFoldResult(value));
  }
  return sizes;
}

SmallVector<OpFoldResult> NodeLowering::sizes(Value legalized) { return tensor::getMixedSizes(b, b.getLoc(), legalized); }

bool NodeLowering::sameLength(Value a, int64_t axisA, Value other, int64_t axisB) {
  const SymExpr *x = expr(a, axisA), *y = expr(other, axisB);
  return x && y && *x == *y;
}

//===- building -------------------------------------------------------------------------------------------------===//

Value NodeLowering::asValue(OpFoldResult size) { return getValueOrCreateConstantIndexOp(b, b.getLoc(), size); }

Value NodeLowering::empty(ArrayRef<OpFoldResult> sizes, Type element) { return tensor::EmptyOp::create(b, sizes, element); }

Value NodeLowering::constant(Type element, double value) {
  if (auto type = llvm::dyn_cast<FloatType>(element))
    return arith::ConstantOp::create(b, b.getFloatAttr(type, value));
  return arith::ConstantOp::create(b, b.getIntegerAttr(element, int64_t(value)));
}

Value NodeLowering::filled(ArrayRef<OpFoldResult> sizes, Value element) {
  return linalg::FillOp::create(b, element, empty(sizes, element.getType())).getResult(0);
}

void NodeLowering::check(OpBuilder &builder, Value condition, const Twine &rule) {
  if (matchPattern(condition, m_One()))
    return;
  std::string name;
  if (auto named = llvm::dyn_cast<NameLoc>(node.getLoc()))
    name = " '" + named.getName().str() + "'";
  rt::CheckOp::create(builder, node.getLoc(), condition, (Twine(node.qualifiedName()) + name + ": " + rule).str());
}

Value NodeLowering::place(ImplicitLocOpBuilder &inner, Value element, Value length) {
  Value index = arith::IndexCastOp::create(inner, inner.getIndexType(), element);
  Value zero = arith::ConstantIndexOp::create(inner, 0);
  Value negative = arith::CmpIOp::create(inner, arith::CmpIPredicate::slt, index, zero);
  Value wrapped = arith::SelectOp::create(inner, negative, arith::AddIOp::create(inner, index, length), index);
  check(inner, arith::CmpIOp::create(inner, arith::CmpIPredicate::ult, wrapped, length), "index out of range");
  return wrapped;
}

Value NodeLowering::generate(ArrayRef<OpFoldResult> sizes, Type element,
                             function_ref<Value(OpBuilder &, Location, ValueRange)> body) {
  Value init = empty(sizes, element);
  AffineMap identity = b.getMultiDimIdentityMap(sizes.size());
  SmallVector<utils::IteratorType> loops(sizes.size(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(b, TypeRange(init.getType()), ValueRange(), ValueRange(init), ArrayRef(identity), loops,
                                   [&](OpBuilder &inner, Location loc, ValueRange) {
                                     SmallVector<Value> indices;
                                     for (size_t axis = 0; axis < sizes.size(); ++axis)
                                       indices.push_back(linalg::IndexOp::create(inner, loc, axis));
                                     linalg::YieldOp::create(inner, loc, body(inner, loc, indices));
                                   })
      .getResult(0);
}

Value NodeLowering::elementwise(ValueRange onnxOperands, Type element,
                                function_ref<Value(ImplicitLocOpBuilder &, ValueRange)> body) {
  int64_t rank = 0;
  for (Value operand : onnxOperands)
    rank = std::max(rank, llvm::cast<RankedTensorType>(operand.getType()).getRank());
  // The length of each axis of the result: that of an operand which is not 1 there, or chosen when the code runs.
  SmallVector<Value> lengths(rank);
  SmallVector<const SymExpr *> exprs(rank);
  auto axisOf = [&](Value operand, int64_t axis) {
    return axis - (rank - llvm::cast<RankedTensorType>(operand.getType()).getRank());
  };
  SymExpr one(1);
  for (int64_t axis = 0; axis < rank; ++axis) {
    for (Value operand : onnxOperands) {
      int64_t at = axisOf(operand, axis);
      if (at < 0)
        continue;
      const SymExpr *length = expr(operand, at);
      if (!length || length->is(1))
        continue;
      if (!exprs[axis]) {
        exprs[axis] = length;
        lengths[axis] = dim(operand, at);
      } else if (!(*exprs[axis] == *length)) {
        Value size = dim(operand, at);
        if (length->constant()) {
          std::swap(lengths[axis], size);
          exprs[axis] = length;
        } else if (!exprs[axis]->constant()) {
          // Neither is known: the one that is not 1.
          Value isOne = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, lengths[axis], index(1));
          lengths[axis] = arith::SelectOp::create(b, isOne, size, lengths[axis]);
          exprs[axis] = nullptr;
        }
      }
    }
    if (!lengths[axis]) {
      lengths[axis] = index(1);
      exprs[axis] = &one;
    }
  }
  SmallVector<Value> inputs, outside;
  SmallVector<AffineMap> maps;
  SmallVector<int> position; // index among the inputs, or -1 - index among `outside`
  SmallVector<SmallVector<Value>> strides;
  for (Value operand : onnxOperands) {
    auto type = llvm::cast<RankedTensorType>(operand.getType());
    SmallVector<AffineExpr> exprsOfMap;
    SmallVector<Value> steps;
    bool open = false;
    for (int64_t at = 0; at < type.getRank(); ++at) {
      int64_t axis = at + rank - type.getRank();
      const SymExpr *length = expr(operand, at);
      if (length && length->is(1) && !(exprs[axis] && exprs[axis]->is(1))) {
        exprsOfMap.push_back(b.getAffineConstantExpr(0));
        steps.push_back(index(0));
      } else if (length && exprs[axis] && *length == *exprs[axis]) {
        exprsOfMap.push_back(b.getAffineDimExpr(axis));
        steps.push_back(index(1));
      } else {
        Value size = dim(operand, at);
        Value isOne = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, size, index(1));
        Value same = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, size, lengths[axis]);
        check(arith::OrIOp::create(b, isOne, same), "operands do not broadcast");
        steps.push_back(arith::SelectOp::create(b, isOne, index(0), index(1)));
        open = true;
      }
    }
    if (open) {
      position.push_back(-1 - int(outside.size()));
      outside.push_back(scope.values.lookup(operand));
      strides.push_back(steps);
    } else {
      position.push_back(inputs.size());
      inputs.push_back(scope.values.lookup(operand));
      maps.push_back(AffineMap::get(rank, 0, exprsOfMap, b.getContext()));
    }
  }
  SmallVector<OpFoldResult> sizes = getAsOpFoldResult(lengths);
  Value init = empty(sizes, element);
  maps.push_back(b.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, TypeRange(init.getType()), inputs, ValueRange(init), maps, loops,
             [&](OpBuilder &nested, Location loc, ValueRange args) {
               ImplicitLocOpBuilder inner(loc, nested);
               SmallVector<Value> scalars;
               for (int at : position) {
                 if (at >= 0) {
                   scalars.push_back(args[at]);
                   continue;
                 }
                 Value source = outside[-1 - at];
                 int64_t offset = rank - llvm::cast<RankedTensorType>(source.getType()).getRank();
                 SmallVector<Value> indices;
                 for (auto [axis, step] : llvm::enumerate(strides[-1 - at]))
                   indices.push_back(arith::MulIOp::create(inner, linalg::IndexOp::create(inner, axis + offset), step));
                 scalars.push_back(tensor::ExtractOp::create(inner, source, indices));
               }
               linalg::YieldOp::create(inner, body(inner, scalars));
             })
      .getResult(0);
}

Value NodeLowering::cast(Value value, RankedTensorType type) {
  auto from = llvm::cast<RankedTensorType>(value.getType());
  if (from == type)
    return value;
  // Keep what either side knows of the shape.
  SmallVector<int64_t> shape;
  for (auto [a, c] : llvm::zip_equal(from.getShape(), type.getShape()))
    shape.push_back(ShapedType::isDynamic(c) ? a : c);
  auto both = RankedTensorType::get(shape, type.getElementType());
  return both == from ? value : tensor::CastOp::create(b, both, value).getResult();
}

Value NodeLowering::reshape(Value value, ArrayRef<OpFoldResult> sizes) {
  auto from = llvm::cast<RankedTensorType>(value.getType());
  auto [shape, dynamic] = decomposeMixedValues(sizes);
  auto to = RankedTensorType::get(shape, from.getElementType());
  if (from == to && from.hasStaticShape())
    return value;
  if (to.getRank() == 0)
    return tensor::CollapseShapeOp::create(b, to, cast(value, RankedTensorType::get(SmallVector<int64_t>(from.getRank(), 1), from.getElementType())),
                                           ArrayRef<ReassociationIndices>());
  if (from.getRank() == 0)
    return tensor::ExpandShapeOp::create(b, RankedTensorType::get(SmallVector<int64_t>(to.getRank(), 1), from.getElementType()), value,
                                         ArrayRef<ReassociationIndices>());
  if (from.hasStaticShape() && to.hasStaticShape())
    if (auto groups = getReassociationIndicesForReshape(from, to)) {
      if (from.getRank() > to.getRank())
        return tensor::CollapseShapeOp::create(b, to, value, *groups);
      if (from.getRank() < to.getRank())
        return tensor::ExpandShapeOp::create(b, to, value, *groups);
    }
  SmallVector<Value> lengths = llvm::map_to_vector(sizes, [&](OpFoldResult size) { return asValue(size); });
  Value shapeTensor = tensor::FromElementsOp::create(b, RankedTensorType::get({int64_t(lengths.size())}, b.getIndexType()), lengths);
  return tensor::ReshapeOp::create(b, to, value, shapeTensor);
}

//===- the end --------------------------------------------------------------------------------------------------===//

LogicalResult NodeLowering::done(ValueRange results) {
  for (auto [index, value] : llvm::enumerate(results)) {
    if (!value)
      continue;
    Value result = node.getResult(index);
    if (auto known = llvm::dyn_cast<RankedTensorType>(result.getType()))
      value = cast(value, RankedTensorType::get(known.getShape(), signless(known.getElementType())));
    bindValue(result, value, shapes, scope);
  }
  return success();
}

LogicalResult NodeLowering::fail(const Twine &message) { return node.emitError(node.qualifiedName()) << ": " << message; }

} // namespace moe
