//===- Rotary.cpp - finding rotary position embeddings ----------------------------------------------------------===//
//
//     result = x * cos + rotate(x) * sin
//
// rotate is recognised element by element: for every place on the last axis, which element of x stands there and with which sign.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "../NodeMaker.h"
#include "../Replace.h"
#include "Layers.h"
#include "moe/Dialect/Moe.h"

using namespace mlir;

namespace moe::raise {
namespace {

constexpr int64_t kMaxWidth = 512;

class RotaryMatcher {
public:
  RotaryMatcher(View &view, onnx::NodeOp root) : view(view), pool(view.pool), root(root) {}

  bool run() {
    auto type = dyn_cast<RankedTensorType>(root.getResult(0).getType());
    if (!root.is("Add") || !type || type.getRank() != 4 || type.isDynamicDim(3) || type.getDimSize(3) % 2 || type.getDimSize(3) > kMaxWidth ||
        !isa<FloatType>(type.getElementType()))
      return false;
    width = type.getDimSize(3);
    view.at(root.getResult(0), digits);
    auto first = root.getOperand(0).getDefiningOp<onnx::NodeOp>(), second = root.getOperand(1).getDefiningOp<onnx::NodeOp>();
    if (!first || !second || !first.is("Mul") || !second.is("Mul"))
      return false;
    for (bool swapTerms : {false, true})
      for (int a : {0, 1})
        for (int r : {0, 1})
          if (match(swapTerms ? second : first, swapTerms ? first : second, a, r))
            return true;
    return false;
  }

private:
  /// One term is x * cos with x its operand `a`, the other rotate(x) * sin with the rotated its operand `r`.
  bool match(onnx::NodeOp plain, onnx::NodeOp turned, int a, int r) {
    x = plain.getOperand(a);
    cos = plain.getOperand(1 - a);
    rotated = turned.getOperand(r);
    sin = turned.getOperand(1 - r);
    auto type = cast<RankedTensorType>(root.getResult(0).getType());
    if (x.getType() != type || rotated.getType() != type || !isTable(cos) || !isTable(sin))
      return false;
    for (bool interleaved : {false, true})
      if (rotates(interleaved) && repeats(cos, interleaved) && repeats(sin, interleaved))
        return build(interleaved);
    return false;
  }

  /// [B or 1, 1, S, width].
  bool isTable(Value table) {
    auto type = dyn_cast<RankedTensorType>(table.getType());
    return type && type.getRank() == 4 && type.getDimSize(1) == 1 && type.getDimSize(3) == width &&
           (view.extent(table, 0).is(1) || view.extent(table, 0) == view.extent(x, 0)) && view.extent(table, 2) == view.extent(x, 2);
  }

  E element(Value tensor, int64_t place) {
    std::vector<E> at = digits;
    at[3] = pool.constant(place);
    for (unsigned axis = 0; axis < 3; ++axis)
      if (view.extent(tensor, axis).is(1))
        at[axis] = pool.constant(0);
    return pool.load(tensor, at);
  }

  /// The pair of a place, and whether it is the pair's first.
  std::pair<int64_t, bool> partner(int64_t place, bool interleaved) const {
    if (interleaved)
      return {place ^ 1, place % 2 == 0};
    return {place < width / 2 ? place + width / 2 : place - width / 2, place < width / 2};
  }

  /// rotated[a] = -x[b], rotated[b] = x[a].
  bool rotates(bool interleaved) {
    for (int64_t place = 0; place < width; ++place) {
      auto [other, first] = partner(place, interleaved);
      E turned = view.head(element(rotated, place)), wanted = view.layout(element(x, other));
      if (first) {
        if (!turned->isApply("Neg"))
          return false;
        turned = turned->arg(0);
      }
      // The rotated element is read where x is.
      E plain = view.layout(turned);
      if (plain != wanted && view.head(plain) != view.head(wanted))
        return false;
    }
    return true;
  }

  /// Both places of a pair have the same angle.
  bool repeats(Value table, bool interleaved) {
    for (int64_t place = 0; place < width; ++place)
      if (view.open(element(table, place)) != view.open(element(table, partner(place, interleaved).first)))
        return false;
    return true;
  }

  bool build(bool interleaved) {
    NodeMaker make(OpBuilder(root), root.getLoc(), view.shapes);
    auto half = [&](Value table) {
      Value part = make.slice(table, 3, 0, interleaved ? 2 : 1, width / 2);
      return make.node("Squeeze", {part, make.ints(1)});
    };
    Value c = half(cos), s = half(sin);
    auto op = make.known(RotaryOp::create(make.b, root.getLoc(), x.getType(), x, c, s, interleaved));
    replaceRaised(root.getResult(0), op.getResult());
    return true;
  }

  View &view;
  ExprPool &pool;
  onnx::NodeOp root;
  std::vector<E> digits;
  int64_t width = 0;
  Value x, rotated, cos, sin;
};

} // namespace

bool raiseRotary(View &view, onnx::NodeOp node) { return RotaryMatcher(view, node).run(); }

} // namespace moe::raise
