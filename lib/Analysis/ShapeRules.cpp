//===- ShapeRules.cpp - per-operator rules of shape arithmetic --------------------------------------------------===//
#include "ShapeRules.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace moe {
namespace {

using Exprs = ShapeFacts::Exprs;

int64_t wrapAxis(int64_t axis, size_t rank) { return axis < 0 ? axis + int64_t(rank) : axis; }

/// The axes of Squeeze, Unsqueeze and Slice: an attribute in old opsets, an input since.
std::optional<SmallVector<int64_t>> axesOf(ShapeFacts &facts, unsigned operand) {
  if (auto attr = facts.node.intsAttribute("axes"))
    return attr;
  return facts.constants(operand);
}

//===- arithmetic -----------------------------------------------------------------------------------------------===//

/// Elementwise on two contents, one of which may be a single element.
template <typename Function> void elementwise(ShapeFacts &facts, Function function) {
  const Exprs *a = facts.values(0), *b = facts.values(1);
  if (!a || !b || (a->size() != b->size() && a->size() != 1 && b->size() != 1))
    return;
  Exprs result;
  for (size_t i = 0; i < std::max(a->size(), b->size()) && !a->empty() && !b->empty(); ++i)
    result.push_back(function((*a)[a->size() == 1 ? 0 : i], (*b)[b->size() == 1 ? 0 : i]));
  facts.contents[0] = result;
}

/// The lengths of an elementwise operator's result.
void broadcastDims(ShapeFacts &facts) {
  Exprs result;
  for (unsigned operand = 0; operand < facts.node.getNumOperands(); ++operand) {
    const Exprs *dims = facts.shape(operand);
    if (!dims)
      return;
    if (dims->size() > result.size())
      result.insert(result.begin(), dims->size() - result.size(), SymExpr(1));
    size_t lead = result.size() - dims->size();
    for (auto [axis, dim] : llvm::enumerate(*dims))
      result[lead + axis] = broadcast(result[lead + axis], dim);
  }
  facts.dims[0] = result;
}

bool isInteger(ShapeFacts &facts) {
  auto type = dyn_cast<TensorType>(facts.node.getOperand(0).getType());
  return type && type.getElementType().isInteger(64);
}

/// A signed quotient of lengths: lengths and offsets are not negative where it matters, so floor is truncation.
SymExpr quotient(const SymExpr &a, const SymExpr &b) {
  auto x = a.constant(), y = b.constant();
  return x && y && *y ? SymExpr(*x / *y) : floorDiv(a, b);
}

template <typename Function> ShapeRule binary(Function function) {
  return [=](ShapeFacts &facts) {
    broadcastDims(facts);
    if (isInteger(facts))
      elementwise(facts, function);
  };
}

void negate(ShapeFacts &facts) {
  const Exprs *values = facts.values(0);
  if (!values || !isInteger(facts))
    return;
  Exprs result;
  for (const SymExpr &value : *values)
    result.push_back(SymExpr(0) - value);
  facts.contents[0] = result;
}

/// 0 or 1 where the lengths are equal, or differ, whatever they are.
void equal(ShapeFacts &facts) {
  broadcastDims(facts);
  if (!isInteger(facts))
    return;
  bool known = true;
  elementwise(facts, [&](const SymExpr &a, const SymExpr &b) {
    bool same = a == b;
    known &= same || isNonNegative(a - b - SymExpr(1)) || isNonNegative(b - a - SymExpr(1));
    return SymExpr(same);
  });
  if (!known)
    facts.contents[0].reset();
}

void choose(ShapeFacts &facts) {
  broadcastDims(facts);
  auto conditions = facts.constants(0);
  const Exprs *yes = facts.values(1), *no = facts.values(2);
  if (!conditions || !yes || !no)
    return;
  size_t count = std::max({conditions->size(), yes->size(), no->size()});
  auto fits = [&](size_t size) { return size == 1 || size == count; };
  if (!fits(conditions->size()) || !fits(yes->size()) || !fits(no->size()))
    return;
  auto at = [](const auto &values, size_t i) { return values[values.size() == 1 ? 0 : i]; };
  Exprs result;
  for (size_t i = 0; i < count; ++i)
    result.push_back(at(*conditions, i) ? at(*yes, i) : at(*no, i));
  facts.contents[0] = result;
}

//===- data movement --------------------------------------------------------------------------------------------===//

void passContent(ShapeFacts &facts) {
  if (const Exprs *values = facts.values(0))
    facts.contents[0] = *values;
}

void cast(ShapeFacts &facts) {
  auto to = ::mlir::dyn_cast<TensorType>(facts.node.getResult(0).getType());
  if (to && to.getElementType().isSignlessInteger() && to.getElementType().getIntOrFloatBitWidth() >= 32)
    passContent(facts);
}

void shape(ShapeFacts &facts) {
  const Exprs *dims = facts.shape(0);
  if (!dims)
    return;
  int64_t rank = dims->size();
  auto clamp = [&](int64_t at) { return std::clamp<int64_t>(wrapAxis(at, rank), 0, rank); };
  int64_t start = clamp(facts.node.intAttribute("start", 0)), end = clamp(facts.node.intAttribute("end", rank));
  facts.contents[0] = start < end ? Exprs(dims->begin() + start, dims->begin() + end) : Exprs();
  facts.dims[0] = Exprs{SymExpr(int64_t(facts.contents[0]->size()))};
}

void size(ShapeFacts &facts) {
  if (const Exprs *dims = facts.shape(0)) {
    SymExpr product(1);
    for (const SymExpr &dim : *dims)
      product = product * dim;
    facts.contents[0] = Exprs{product};
  }
}

void gather(ShapeFacts &facts) {
  const Exprs *data = facts.values(0), *shape = facts.shape(0);
  auto indices = facts.constants(1);
  if (!data || !indices || !shape || shape->size() != 1)
    return;
  Exprs result;
  for (int64_t index : *indices) {
    int64_t at = wrapAxis(index, data->size());
    if (at < 0 || at >= int64_t(data->size()))
      return;
    result.push_back((*data)[at]);
  }
  facts.contents[0] = result;
}

void concat(ShapeFacts &facts) {
  Exprs values;
  bool known = true;
  std::optional<Exprs> dims;
  for (unsigned operand = 0; operand < facts.node.getNumOperands(); ++operand) {
    const Exprs *part = facts.values(operand), *shape = facts.shape(operand);
    known = known && part;
    if (known)
      values.insert(values.end(), part->begin(), part->end());
    if (!shape)
      return;
    int64_t axis = wrapAxis(facts.node.intAttribute("axis", 0), shape->size());
    if (axis < 0 || axis >= int64_t(shape->size()))
      return;
    if (!dims) {
      dims = *shape;
      continue;
    }
    if (shape->size() != dims->size())
      return;
    for (auto [at, dim] : llvm::enumerate(*shape))
      if (int64_t(at) == axis)
        (*dims)[at] = (*dims)[at] + dim;
      else if (!((*dims)[at] == dim))
        facts.equal.push_back({(*dims)[at], dim});
  }
  facts.dims[0] = dims;
  if (known && dims && dims->size() == 1)
    facts.contents[0] = values;
}

/// [start, end) of a Slice with a positive step on an axis of length `dim`, as ONNX clamps it.
SymExpr clampBound(const SymExpr &bound, const SymExpr &dim) {
  auto value = bound.constant();
  // "All of it" is written as a huge number, on which arithmetic would overflow.
  if (value && *value >= (int64_t(1) << 31) - 1)
    return dim;
  if (value && (*value == 0 || *value <= -(int64_t(1) << 31)))
    return SymExpr(0);
  SymExpr at = isNonNegative(SymExpr(0) - bound) ? dim + bound : bound; // 0 is done
  if (auto difference = (dim - at).constant(); difference && *difference <= 0)
    return dim;
  return symMin(symMax(at, SymExpr(0)), dim);
}

void slice(ShapeFacts &facts) {
  const Exprs *dims = facts.shape(0), *starts = facts.values(1), *ends = facts.values(2);
  Exprs startAttr, endAttr;
  auto fromAttribute = [&](const char *name, Exprs &into) {
    for (int64_t value : facts.node.intsAttribute(name).value_or(SmallVector<int64_t>()))
      into.push_back(SymExpr(value));
    return &into;
  };
  if (facts.node.attribute("starts")) {
    starts = fromAttribute("starts", startAttr);
    ends = fromAttribute("ends", endAttr);
  }
  if (!dims || !starts || !ends)
    return;
  auto axes = facts.node.attribute("starts") || facts.node.input(3) ? axesOf(facts, 3) : std::nullopt;
  if (!axes) {
    if (facts.node.input(3))
      return;
    axes = llvm::to_vector(llvm::seq<int64_t>(0, starts->size()));
  }
  SmallVector<int64_t> steps(axes->size(), 1);
  if (facts.node.input(4)) {
    auto given = facts.constants(4);
    if (!given)
      return;
    steps = *given;
  }
  Exprs result = *dims;
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    int64_t at = wrapAxis(axis, dims->size());
    if (steps[i] < 1 || at < 0 || at >= int64_t(dims->size()) || i >= starts->size() || i >= ends->size())
      return;
    SymExpr begin = clampBound((*starts)[i], (*dims)[at]), end = clampBound((*ends)[i], (*dims)[at]);
    result[at] = symMax(ceilDiv(end - begin, SymExpr(steps[i])), SymExpr(0));
  }
  facts.dims[0] = result;
  const Exprs *values = facts.values(0);
  if (!values || dims->size() != 1 || axes->size() != 1)
    return;
  auto begin = clampBound((*starts)[0], (*dims)[0]).constant(), end = clampBound((*ends)[0], (*dims)[0]).constant();
  if (!begin || !end)
    return;
  Exprs picked;
  for (int64_t i = *begin; i < *end; i += steps[0])
    picked.push_back((*values)[i]);
  facts.contents[0] = picked;
}

void reshape(ShapeFacts &facts) {
  passContent(facts);
  const Exprs *from = facts.shape(0), *to = facts.values(1);
  if (!from || !to)
    return;
  SymExpr total(1), known(1);
  for (const SymExpr &dim : *from)
    total = total * dim;
  Exprs result;
  int64_t wild = -1;
  bool zeroIsZero = facts.node.intAttribute("allowzero", 0) != 0;
  for (auto [axis, dim] : llvm::enumerate(*to)) {
    if (dim.is(-1)) {
      wild = axis;
      result.push_back(SymExpr(1));
      continue;
    }
    if (dim.is(0) && !zeroIsZero) {
      if (axis >= from->size())
        return;
      result.push_back((*from)[axis]);
    } else {
      result.push_back(dim);
    }
    known = known * result.back();
  }
  if (wild >= 0)
    result[wild] = floorDiv(total, known);
  facts.dims[0] = result;
}

void expand(ShapeFacts &facts) {
  const Exprs *from = facts.shape(0), *to = facts.values(1);
  if (!from || !to)
    return;
  Exprs a = *from, b = *to;
  size_t rank = std::max(a.size(), b.size());
  a.insert(a.begin(), rank - a.size(), SymExpr(1));
  b.insert(b.begin(), rank - b.size(), SymExpr(1));
  for (size_t i = 0; i < rank; ++i)
    b[i] = broadcast(a[i], b[i]);
  facts.dims[0] = b;
  if (const Exprs *values = facts.values(0); values && values->size() == 1) {
    int64_t count = 1;
    for (const SymExpr &dim : b)
      count = dim.constant() && count <= 64 ? count * *dim.constant() : 1000;
    if (count <= 64)
      facts.contents[0] = Exprs(count, values->front());
  }
}

void range(ShapeFacts &facts) {
  const Exprs *start = facts.values(0), *limit = facts.values(1), *step = facts.values(2);
  if (!start || !limit || !step || start->size() != 1 || !step->front().constant() || step->front().is(0))
    return;
  SymExpr count = ceilDiv(limit->front() - start->front(), step->front());
  auto constant = count.constant();
  // A range of lengths is taken not to run backwards: Range(0, s) has s elements.
  facts.dims[0] = Exprs{constant ? SymExpr(std::max<int64_t>(*constant, 0)) : count};
  if (constant && *constant <= 64) {
    Exprs values;
    for (int64_t i = 0; i < *constant; ++i)
      values.push_back(start->front() + step->front() * SymExpr(i));
    facts.contents[0] = values;
  }
}

void constantOfShape(ShapeFacts &facts) {
  const Exprs *to = facts.values(0);
  if (!to)
    return;
  facts.dims[0] = *to;
  auto value = ::mlir::dyn_cast_or_null<ElementsAttr>(facts.node.attribute("value"));
  if (to->size() > 1 || !value || !value.getElementType().isInteger(64))
    return;
  auto count = to->empty() ? std::optional<int64_t>(1) : to->front().constant();
  if (count && *count >= 0 && *count <= 64)
    facts.contents[0] = Exprs(*count, SymExpr(value.getValues<APInt>()[0].getSExtValue()));
}

void oneHot(ShapeFacts &facts) {
  const Exprs *dims = facts.shape(0), *depth = facts.values(1);
  if (!dims || !depth || depth->size() != 1)
    return;
  Exprs result = *dims;
  int64_t axis = wrapAxis(facts.node.intAttribute("axis", -1), dims->size() + 1);
  if (axis < 0 || axis > int64_t(dims->size()))
    return;
  result.insert(result.begin() + axis, depth->front());
  facts.dims[0] = result;
}

void tile(ShapeFacts &facts) {
  const Exprs *dims = facts.shape(0), *repeats = facts.values(1);
  if (!dims || !repeats || dims->size() != repeats->size())
    return;
  Exprs result;
  for (auto [dim, repeat] : llvm::zip(*dims, *repeats))
    result.push_back(dim * repeat);
  facts.dims[0] = result;
}

void pad(ShapeFacts &facts) {
  const Exprs *dims = facts.shape(0), *pads = facts.values(1);
  if (!dims || !pads || pads->size() != 2 * dims->size() || facts.node.input(3))
    return;
  Exprs result;
  for (auto [axis, dim] : llvm::enumerate(*dims))
    result.push_back(dim + (*pads)[axis] + (*pads)[axis + dims->size()]);
  facts.dims[0] = result;
}

void flatten(ShapeFacts &facts) {
  const Exprs *dims = facts.shape(0);
  if (!dims)
    return;
  int64_t axis = wrapAxis(facts.node.intAttribute("axis", 1), dims->size());
  Exprs result(2, SymExpr(1));
  for (auto [at, dim] : llvm::enumerate(*dims))
    result[int64_t(at) >= axis] = result[int64_t(at) >= axis] * dim;
  facts.dims[0] = result;
}

void split(ShapeFacts &facts) {
  const Exprs *dims = facts.shape(0);
  if (!dims || dims->empty())
    return;
  int64_t axis = wrapAxis(facts.node.intAttribute("axis", 0), dims->size());
  int64_t count = facts.node.getNumResults();
  Exprs sizes;
  if (const Exprs *given = facts.values(1))
    sizes = *given;
  else if (auto attr = facts.node.intsAttribute("split"))
    sizes.assign(attr->begin(), attr->end());
  else if (facts.node.input(1))
    return; // lengths that only the run knows
  else if (auto length = (*dims)[axis].constant()) {
    int64_t chunk = (*length + count - 1) / count;
    for (int64_t i = 0; i < count; ++i)
      sizes.push_back(SymExpr(std::clamp<int64_t>(*length - i * chunk, 0, chunk)));
  } else if (auto chunk = (*dims)[axis].dividedBy(SymExpr(count))) {
    sizes.assign(count, *chunk);
  }
  if (int64_t(sizes.size()) != count)
    return;
  const Exprs *values = facts.values(0);
  int64_t at = 0;
  for (int64_t i = 0; i < count; ++i) {
    facts.dims[i] = *dims;
    (*facts.dims[i])[axis] = sizes[i];
    auto length = sizes[i].constant();
    if (values && dims->size() == 1 && length && at + *length <= int64_t(values->size())) {
      facts.contents[i] = Exprs(values->begin() + at, values->begin() + at + *length);
      at += *length;
    }
  }
}

void reduceProduct(ShapeFacts &facts) {
  const Exprs *values = facts.values(0), *dims = facts.shape(0);
  if (!values || !dims || dims->size() != 1)
    return;
  SymExpr product(1);
  for (const SymExpr &value : *values)
    product = product * value;
  facts.contents[0] = Exprs{product};
}

void reduceSum(ShapeFacts &facts) {
  const Exprs *values = facts.values(0), *dims = facts.shape(0);
  if (!values || !dims || dims->size() != 1 || !isInteger(facts))
    return;
  SymExpr sum(0);
  for (const SymExpr &value : *values)
    sum = sum + value;
  facts.contents[0] = Exprs{sum};
}

/// The spatial axes of a convolution: (length + pads - dilation * (kernel - 1) - 1) / stride + 1.
void conv(ShapeFacts &facts) {
  const Exprs *dims = facts.shape(0), *weight = facts.shape(1);
  if (!dims || !weight || dims->size() < 3 || dims->size() != weight->size())
    return;
  StringRef autoPad = facts.node.stringAttribute("auto_pad", "NOTSET");
  size_t axes = dims->size() - 2;
  auto ints = [&](const char *name, int64_t absent, size_t count) {
    return facts.node.intsAttribute(name).value_or(SmallVector<int64_t>(count, absent));
  };
  auto strides = ints("strides", 1, axes), dilations = ints("dilations", 1, axes), pads = ints("pads", 0, 2 * axes);
  Exprs result = {(*dims)[0], (*weight)[0]};
  for (size_t axis = 0; axis < axes; ++axis) {
    auto kernel = (*weight)[axis + 2].constant();
    if (!kernel)
      return;
    SymExpr length = (*dims)[axis + 2];
    if (autoPad.starts_with("SAME")) {
      result.push_back(ceilDiv(length, SymExpr(strides[axis])));
      continue;
    }
    int64_t padding = autoPad == "VALID" ? 0 : pads[axis] + pads[axis + axes];
    SymExpr span = length + SymExpr(padding - dilations[axis] * (*kernel - 1) - 1);
    result.push_back(floorDiv(span, SymExpr(strides[axis])) + SymExpr(1));
  }
  facts.dims[0] = result;
}

void topK(ShapeFacts &facts) {
  const Exprs *dims = facts.shape(0), *k = facts.values(1);
  if (!dims || dims->empty() || !k || k->size() != 1)
    return;
  Exprs result = *dims;
  result[wrapAxis(facts.node.intAttribute("axis", -1), dims->size())] = k->front();
  for (auto &into : facts.dims)
    into = result;
}

/// The contracted axes of a matrix product are equal; the outer axes broadcast.
void matmul(ShapeFacts &facts) {
  const Exprs *a = facts.shape(0), *b = facts.shape(1);
  if (!a || !b || a->empty() || b->empty())
    return;
  const SymExpr &left = a->back(), &right = b->size() == 1 ? b->front() : (*b)[b->size() - 2];
  if (!(left == right))
    facts.equal.push_back({left, right});
  if (a->size() < 2 || b->size() < 2)
    return;
  Exprs x(a->begin(), a->end() - 2), y(b->begin(), b->end() - 2);
  size_t rank = std::max(x.size(), y.size());
  x.insert(x.begin(), rank - x.size(), SymExpr(1));
  y.insert(y.begin(), rank - y.size(), SymExpr(1));
  for (size_t i = 0; i < rank; ++i)
    x[i] = broadcast(x[i], y[i]);
  x.push_back((*a)[a->size() - 2]);
  x.push_back(b->back());
  facts.dims[0] = x;
}

/// What a loop carries keeps its lengths where the body gave back the lengths that it took.
void loop(ShapeFacts &facts) {
  Block &body = facts.node.subgraph("body")->front();
  for (unsigned i = 0; i + 2 < body.getNumArguments(); ++i)
    if (const Exprs *dims = facts.analysis.dims(body.getArgument(2 + i)))
      facts.dims[i] = *dims;
}

void gemm(ShapeFacts &facts) {
  const Exprs *a = facts.shape(0), *b = facts.shape(1);
  if (!a || !b || a->size() != 2 || b->size() != 2)
    return;
  bool transA = facts.node.intAttribute("transA", 0), transB = facts.node.intAttribute("transB", 0);
  const SymExpr &left = (*a)[transA ? 0 : 1], &right = (*b)[transB ? 1 : 0];
  if (!(left == right))
    facts.equal.push_back({left, right});
  facts.dims[0] = Exprs{(*a)[transA ? 1 : 0], (*b)[transB ? 0 : 1]};
}

const llvm::StringMap<ShapeRule> &table() {
  static const auto *rules = new llvm::StringMap<ShapeRule>{
      {"Add", binary([](const SymExpr &a, const SymExpr &b) { return a + b; })},
      {"Sub", binary([](const SymExpr &a, const SymExpr &b) { return a - b; })},
      {"Mul", binary([](const SymExpr &a, const SymExpr &b) { return a * b; })},
      {"Div", binary(quotient)},
      {"Min", binary(symMin)},
      {"Max", binary(symMax)},
      {"Mod", binary(floorMod)},
      {"Pow", broadcastDims},
      {"Where", choose},
      {"And", broadcastDims},
      {"Or", broadcastDims},
      {"Xor", broadcastDims},
      {"Equal", equal},
      {"Neg", negate},
      {"Less", broadcastDims},
      {"LessOrEqual", broadcastDims},
      {"Greater", broadcastDims},
      {"GreaterOrEqual", broadcastDims},
      {"Shape", shape},
      {"Size", size},
      {"Gather", gather},
      {"Concat", concat},
      {"Slice", slice},
      {"Squeeze", passContent},
      {"Unsqueeze", passContent},
      {"Identity", passContent},
      {"Cast", cast},
      {"Reshape", reshape},
      {"Expand", expand},
      {"Range", range},
      {"ConstantOfShape", constantOfShape},
      {"OneHot", oneHot},
      {"Tile", tile},
      {"Pad", pad},
      {"Flatten", flatten},
      {"Split", split},
      {"ReduceProd", reduceProduct},
      {"ReduceSum", reduceSum},
      {"Conv", conv},
      {"TopK", topK},
      {"MatMul", matmul},
      {"Gemm", gemm},
      {"Loop", loop},
  };
  return *rules;
}

} // namespace

ShapeRule shapeRule(onnx::NodeOp node) {
  if (!node.getDomain().empty())
    return {};
  auto found = table().find(node.getOpType());
  return found == table().end() ? ShapeRule() : found->second;
}

} // namespace moe
