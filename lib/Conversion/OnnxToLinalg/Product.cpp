//===- Product.cpp - matrix products ----------------------------------------------------------------------------===//
#include "NodeLowering.h"
#include "Scalars.h"

using namespace mlir;

namespace moe {
namespace {

using Build = ImplicitLocOpBuilder &;

/// sum over the reduction axes of a * b. The maps are over `lengths`, one per loop; the loops after the first `parallel` are reductions.
Value contract(NodeLowering &n, Value a, Value c, AffineMap mapA, AffineMap mapB, ArrayRef<OpFoldResult> outer, unsigned loops, Type accumulate) {
  Value init = n.filled(outer, n.constant(accumulate, 0));
  SmallVector<utils::IteratorType> kinds(loops, utils::IteratorType::reduction);
  SmallVector<AffineExpr> out;
  for (unsigned axis = 0; axis < outer.size(); ++axis) {
    kinds[axis] = utils::IteratorType::parallel;
    out.push_back(n.b.getAffineDimExpr(axis));
  }
  SmallVector<AffineMap> maps = {mapA, mapB, AffineMap::get(loops, 0, out, n.b.getContext())};
  return linalg::GenericOp::create(n.b, TypeRange(init.getType()), ValueRange{a, c}, ValueRange(init), maps, kinds,
                                   [&](OpBuilder &builder, Location loc, ValueRange args) {
                                     ImplicitLocOpBuilder b(loc, builder);
                                     Value x = castScalar(b, args[0], accumulate, false, false), y = castScalar(b, args[1], accumulate, false, false);
                                     Value sum = isa<FloatType>(accumulate)
                                                     ? arith::AddFOp::create(b, args[2], arith::MulFOp::create(b, x, y)).getResult()
                                                     : arith::AddIOp::create(b, args[2], arith::MulIOp::create(b, x, y)).getResult();
                                     linalg::YieldOp::create(b, sum);
                                   })
      .getResult(0);
}

Type accumulator(NodeLowering &n, Type element) {
  return isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32 ? Type(n.b.getF32Type()) : element;
}

Value narrow(NodeLowering &n, Value value, Type element) {
  auto type = llvm::cast<RankedTensorType>(value.getType());
  if (type.getElementType() == element)
    return value;
  Value init = n.empty(n.sizes(value), element);
  AffineMap identity = n.b.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(n.b, TypeRange(init.getType()), ValueRange(value), ValueRange(init), ArrayRef<AffineMap>{identity, identity}, loops,
                                   [&](OpBuilder &builder, Location loc, ValueRange args) {
                                     ImplicitLocOpBuilder b(loc, builder);
                                     linalg::YieldOp::create(b, castScalar(b, args[0], element, false, false));
                                   })
      .getResult(0);
}


LogicalResult matmul(NodeLowering &n) {
  int64_t rankA = n.rank(0), rankB = n.rank(1), batchA = std::max<int64_t>(rankA - 2, 0), batchB = std::max<int64_t>(rankB - 2, 0);
  int64_t batch = std::max(batchA, batchB);
  bool vectorA = rankA == 1, vectorB = rankB == 1;
  if (!n.sameLength(n.onnxInput(0), rankA - 1, n.onnxInput(1), vectorB ? 0 : rankB - 2))
    n.check(arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, n.dim(0u, rankA - 1), n.dim(1u, vectorB ? 0 : rankB - 2)), "the inner axes differ");
  SmallVector<OpFoldResult> outer;
  SmallVector<AffineExpr> mapA, mapB;
  Value operands[2] = {n.in(0), n.in(1)};
  // Batch axes that broadcast in a way that only the run knows are expanded first.
  for (int64_t axis = 0; axis < batch; ++axis) {
    int64_t a = axis - (batch - batchA), c = axis - (batch - batchB);
    const SymExpr *x = a >= 0 ? n.expr(n.onnxInput(0), a) : nullptr, *y = c >= 0 ? n.expr(n.onnxInput(1), c) : nullptr;
    bool oneA = a >= 0 && x && x->is(1), oneB = c >= 0 && y && y->is(1);
    Value length = a < 0 || oneA ? (c < 0 ? n.index(1) : n.dim(1u, c)) : n.dim(0u, a);
    if (a >= 0 && c >= 0 && !oneA && !oneB && !(x && y && *x == *y)) {
      Value other = n.dim(1u, c);
      Value isOne = arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, length, n.index(1));
      Value otherOne = arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, other, n.index(1));
      Value same = arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, length, other);
      n.check(arith::OrIOp::create(n.b, arith::OrIOp::create(n.b, isOne, otherOne), same), "the batch axes do not broadcast");
      Value full = arith::SelectOp::create(n.b, isOne, other, length);
      Value flags[2] = {isOne, otherOne};
      int64_t at[2] = {a, c};
      for (int side = 0; side < 2; ++side) {
        SmallVector<OpFoldResult> sizes = n.sizes(operands[side]);
        sizes[at[side]] = getAsOpFoldResult(full);
        Value source = operands[side], step = arith::SelectOp::create(n.b, flags[side], n.index(0), n.index(1));
        operands[side] = n.generate(sizes, llvm::cast<RankedTensorType>(source.getType()).getElementType(), [&](OpBuilder &b, Location loc, ValueRange i) -> Value {
          SmallVector<Value> from(i);
          from[at[side]] = arith::MulIOp::create(b, loc, i[at[side]], step);
          return tensor::ExtractOp::create(b, loc, source, from);
        });
      }
      length = full;
    }
    outer.push_back(getAsOpFoldResult(length));
    if (a >= 0)
      mapA.push_back(oneA && !(oneB || c < 0) ? n.b.getAffineConstantExpr(0) : n.b.getAffineDimExpr(axis));
    if (c >= 0)
      mapB.push_back(oneB && !(oneA || a < 0) ? n.b.getAffineConstantExpr(0) : n.b.getAffineDimExpr(axis));
  }
  unsigned loops = batch;
  if (!vectorA) {
    outer.push_back(getAsOpFoldResult(n.dim(0u, rankA - 2)));
    mapA.push_back(n.b.getAffineDimExpr(loops++));
  }
  AffineExpr column;
  if (!vectorB) {
    outer.push_back(getAsOpFoldResult(n.dim(1u, rankB - 1)));
    column = n.b.getAffineDimExpr(loops++);
  }
  AffineExpr inner = n.b.getAffineDimExpr(loops++);
  mapA.push_back(inner);
  mapB.push_back(inner);
  if (column)
    mapB.push_back(column);
  Type element = signless(n.element(0));
  Value result = contract(n, operands[0], operands[1], AffineMap::get(loops, 0, mapA, n.b.getContext()),
                          AffineMap::get(loops, 0, mapB, n.b.getContext()), outer, loops, accumulator(n, element));
  return n.done(narrow(n, result, element));
}

LogicalResult gemm(NodeLowering &n) {
  bool transA = n.node.intAttribute("transA", 0), transB = n.node.intAttribute("transB", 0);
  double alpha = n.node.floatAttribute("alpha", 1), beta = n.node.floatAttribute("beta", 1);
  AffineExpr i = n.b.getAffineDimExpr(0), j = n.b.getAffineDimExpr(1), k = n.b.getAffineDimExpr(2);
  auto map = [&](AffineExpr x, AffineExpr y) { return AffineMap::get(3, 0, {x, y}, n.b.getContext()); };
  SmallVector<OpFoldResult> outer = {getAsOpFoldResult(n.dim(0u, transA ? 1 : 0)), getAsOpFoldResult(n.dim(1u, transB ? 0 : 1))};
  if (!n.sameLength(n.onnxInput(0), transA ? 0 : 1, n.onnxInput(1), transB ? 1 : 0))
    n.check(arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, n.dim(0u, transA ? 0 : 1), n.dim(1u, transB ? 1 : 0)), "the inner axes differ");
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  Value product = contract(n, n.in(0), n.in(1), transA ? map(k, i) : map(i, k), transB ? map(j, k) : map(k, j), outer, 3, wide);
  if (!n.has(2) && alpha == 1)
    return n.done(narrow(n, product, element));
  // alpha * product + beta * C, where C broadcasts to the product.
  SmallVector<AffineMap> maps = {n.b.getMultiDimIdentityMap(2)};
  SmallVector<Value> inputs = {product};
  if (n.has(2)) {
    SmallVector<AffineExpr> from;
    for (int64_t axis = 0; axis < n.rank(2); ++axis) {
      int64_t at = axis + 2 - n.rank(2);
      const SymExpr *length = n.expr(n.onnxInput(2), axis);
      if (!length || (!length->is(1) && !n.sameLength(n.onnxInput(2), axis, n.node.getResult(0), at)))
        n.check(arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, n.dim(2u, axis), n.asValue(outer[at])), "C does not broadcast to the product");
      from.push_back(length && length->is(1) ? n.b.getAffineConstantExpr(0) : n.b.getAffineDimExpr(at));
    }
    maps.push_back(AffineMap::get(2, 0, from, n.b.getContext()));
    inputs.push_back(n.in(2));
  }
  maps.push_back(n.b.getMultiDimIdentityMap(2));
  Value init = n.empty(outer, element);
  SmallVector<utils::IteratorType> loops(2, utils::IteratorType::parallel);
  return n.done(linalg::GenericOp::create(n.b, TypeRange(init.getType()), inputs, ValueRange(init), maps, loops,
                                          [&](OpBuilder &builder, Location loc, ValueRange args) {
                                            ImplicitLocOpBuilder b(loc, builder);
                                            auto scaled = [&](Value x, double factor) -> Value {
                                              Value y = castScalar(b, x, wide, false, false);
                                              if (factor == 1)
                                                return y;
                                              Value f = scalarConstant(b, wide, factor);
                                              return isa<FloatType>(wide) ? arith::MulFOp::create(b, y, f).getResult() : arith::MulIOp::create(b, y, f).getResult();
                                            };
                                            Value sum = scaled(args[0], alpha);
                                            if (n.has(2)) {
                                              Value c = scaled(args[1], beta);
                                              sum = isa<FloatType>(wide) ? arith::AddFOp::create(b, sum, c).getResult() : arith::AddIOp::create(b, sum, c).getResult();
                                            }
                                            linalg::YieldOp::create(b, castScalar(b, sum, element, false, false));
                                          })
                    .getResult(0));
}

/// Einsum of one or two operands whose equation names each axis once per operand.
LogicalResult einsum(NodeLowering &n) {
  std::string equation;
  for (char c : n.node.stringAttribute("equation", ""))
    if (c != ' ')
      equation.push_back(c);
  auto [left, right] = StringRef(equation).split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  bool implicit = !StringRef(equation).contains("->");
  std::string output = right.str();
  if (implicit) {
    for (char c = 'A'; c <= 'z'; ++c)
      if (left.count(c) == 1)
        output.push_back(c);
  }
  if (terms.size() != n.node.getNumOperands())
    return n.fail("the equation '" + equation + "' does not have a term per operand");
  if (StringRef(equation).contains('.'))
    return n.fail("an ellipsis in the equation is not supported");
  // Loops: the output's letters, then the ones that are summed.
  std::string letters = output;
  for (StringRef term : terms)
    for (char c : term)
      if (letters.find(c) == std::string::npos)
        letters.push_back(c);
  SmallVector<AffineMap> maps;
  SmallVector<Value> operands;
  SmallVector<OpFoldResult> outer;
  std::map<char, std::pair<unsigned, int64_t>> source;
  for (auto [i, term] : llvm::enumerate(terms)) {
    if (int64_t(term.size()) != n.rank(i))
      return n.fail("the term '" + term + "' does not have a letter per axis");
    SmallVector<AffineExpr> exprs;
    for (auto [axis, c] : llvm::enumerate(term)) {
      exprs.push_back(n.b.getAffineDimExpr(letters.find(c)));
      auto [known, isNew] = source.try_emplace(c, i, axis);
      if (!isNew && !n.sameLength(n.onnxInput(known->second.first), known->second.second, n.onnxInput(i), axis))
        n.check(arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, n.dim(known->second.first, known->second.second), n.dim(unsigned(i), axis)),
                "axes of one letter differ");
    }
    maps.push_back(AffineMap::get(letters.size(), 0, exprs, n.b.getContext()));
    operands.push_back(n.in(i));
  }
  for (char c : output) {
    if (!source.count(c))
      return n.fail("the output names an axis that no operand has");
    outer.push_back(getAsOpFoldResult(n.dim(source[c].first, source[c].second)));
  }
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  Value init = n.filled(outer, n.constant(wide, 0));
  SmallVector<AffineExpr> out;
  SmallVector<utils::IteratorType> kinds(letters.size(), utils::IteratorType::reduction);
  for (size_t axis = 0; axis < output.size(); ++axis) {
    kinds[axis] = utils::IteratorType::parallel;
    out.push_back(n.b.getAffineDimExpr(axis));
  }
  maps.push_back(AffineMap::get(letters.size(), 0, out, n.b.getContext()));
  Value result = linalg::GenericOp::create(n.b, TypeRange(init.getType()), operands, ValueRange(init), maps, kinds,
                                           [&](OpBuilder &builder, Location loc, ValueRange args) {
                                             ImplicitLocOpBuilder b(loc, builder);
                                             Value product;
                                             for (Value arg : args.drop_back()) {
                                               Value x = castScalar(b, arg, wide, false, false);
                                               product = !product ? x : isa<FloatType>(wide) ? arith::MulFOp::create(b, product, x).getResult()
                                                                                             : arith::MulIOp::create(b, product, x).getResult();
                                             }
                                             Value sum = isa<FloatType>(wide) ? arith::AddFOp::create(b, args.back(), product).getResult()
                                                                              : arith::AddIOp::create(b, args.back(), product).getResult();
                                             linalg::YieldOp::create(b, sum);
                                           })
                     .getResult(0);
  return n.done(narrow(n, result, element));
}

} // namespace

void addProduct(LoweringTable &table) {
  table["MatMul"] = matmul;
  table["Gemm"] = gemm;
  table["Einsum"] = einsum;
}

} // namespace moe
