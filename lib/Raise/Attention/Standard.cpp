//===- Standard.cpp - the standard's own Attention --------------------------------------------------------------===//
//
// Query s of batch b has the position offset[b] + s: behind past_key, or at the end of the nonpad_kv_seqlen[b] keys that count, or from 0.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "../Contrib/Expansion.h"
#include "../Replace.h"
#include "Attention.h"
#include "Mask.h"

using namespace mlir;

namespace moe::raise {
namespace {

enum Operand : unsigned { kQuery, kKey, kValue, kMask, kPastKey, kPastValue, kValidKeys };

class StandardAttention {
public:
  StandardAttention(View &view, onnx::NodeOp node) : view(view), pool(view.pool), e(node, view.shapes) {}

  bool run() {
    onnx::NodeOp node = e.node;
    if (!node.is("Attention") || node.getVersion() < 23 || (node.getNumResults() > 3 && !node.getResult(3).use_empty()))
      return false;
    if (int64_t precision = node.intAttribute("softmax_precision", 1); precision != 1)
      return false;
    if (!heads() || !operands() || !bounds())
      return false;
    auto mask = readMask();
    if (!mask)
      return false;
    SmallVector<int64_t> shape(Expansion::typeOf(query).getShape());
    shape.back() = Expansion::length(value, 3);
    auto type = RankedTensorType::get(shape, Expansion::elementOf(query));
    auto op = e.make.known(AttentionOp::create(e.make.b, e.make.loc, type, query, arrangeHeads(e.make, k), arrangeHeads(e.make, v), mask->tensor,
                                               Value(), past, total, APFloat(scale()), causal || mask->causal,
                                               window && mask->window ? std::min(window, mask->window) : std::max(window, mask->window),
                                               APFloat(double(node.floatAttribute("softcap", 0)))));
    Value results[] = {packed ? e.mergeHeads(op.getResult()) : op.getResult(), key, value};
    for (auto [original, raised] : llvm::zip(node.getResults(), results))
      if (!original.use_empty())
        replaceRaised(original, raised);
    return true;
  }

private:
  double scale() {
    auto given = dyn_cast_or_null<FloatAttr>(e.node.attribute("scale"));
    return given ? given.getValueAsDouble() : 1 / std::sqrt(double(Expansion::length(query, 3)));
  }

  /// query, key and value as [B, heads, rows, elements], keys and values behind those of the past.
  bool heads() {
    Value *into[] = {&query, &key, &value};
    for (auto [index, tensor] : llvm::enumerate(into)) {
      *tensor = e.in(index);
      auto type = dyn_cast<RankedTensorType>(tensor->getType());
      if (!type || (type.getRank() != 3 && type.getRank() != 4))
        return false;
      packed = type.getRank() == 3;
      int64_t count = e.node.intAttribute(index == kQuery ? "q_num_heads" : "kv_num_heads", 0), width = type.getShape().back();
      if (packed && (count < 1 || ShapedType::isDynamic(width) || width % count != 0))
        return false;
      if (packed)
        *tensor = e.splitHeads(*tensor, count);
      if (ShapedType::isDynamic(Expansion::length(*tensor, 1)) || ShapedType::isDynamic(Expansion::length(*tensor, 3)))
        return false;
    }
    if (e.in(kPastKey) && e.in(kPastValue)) {
      key = e.concat({e.in(kPastKey), key}, 2);
      value = e.concat({e.in(kPastValue), value}, 2);
    }
    return Expansion::length(query, 1) % Expansion::length(key, 1) == 0 && Expansion::length(key, 1) == Expansion::length(value, 1);
  }

  /// Keys and values without what repeats their heads.
  bool operands() {
    at = {pool.digit(view.extent(query, 0)), pool.digit(view.extent(query, 1)), pool.digit(view.extent(query, 2)), pool.digit(view.extent(key, 2))};
    q = {query, 0, 1, 2, 3, 1};
    SymExpr group(Expansion::length(query, 1) / Expansion::length(key, 1));
    auto find = [&](Value tensor) {
      E element = pool.digit(view.extent(tensor, 3));
      return findHeads(view, at, pool.load(tensor, {at.batch, pool.quot(at.head, group), at.key, element}), at.key, element);
    };
    auto keys = find(key), values = find(value);
    if (!keys || !values || view.extent(keys->tensor, keys->head).constant() != view.extent(values->tensor, values->head).constant())
      return false;
    k = *keys;
    v = *values;
    return true;
  }

  /// What the attributes and nonpad_kv_seqlen say about the keys that a query may see.
  bool bounds() {
    int64_t left = e.node.intAttribute("left_window_size", -1), right = e.node.intAttribute("right_window_size", -1);
    causal = e.node.intAttribute("is_causal", 0) != 0 || right == 0;
    window = causal && left >= 0 ? left + 1 : 0;
    bool free = !causal && (left >= 0 || right >= 0);
    Value batch = e.lengthOf(query, 0);
    if (Value valid = e.in(kValidKeys)) {
      total = e.cast(e.reshape(valid, int64_t(-1)), e.make.b.getI64Type());
      past = e.sub(total, e.lengthOf(query, 2));
    } else if (!e.in(kPastKey) && !(view.extent(query, 2) == view.extent(key, 2)) && (causal || free)) {
      past = e.filled(batch, 0, e.make.b.getI64Type());
    }
    if (free) { // bounds that are not counted from the query's own key
      auto places = [&](Value tensor, ArrayRef<int64_t> axes) { return e.unsqueeze(e.range(e.lengthOf(tensor, 2, /*scalar=*/true)), axes); };
      Value offset = past ? e.unsqueeze(past, {1, 2, 3}) : e.sub(e.lengthOf(key, 2), e.lengthOf(query, 2));
      Value distance = e.sub(places(key, {0, 1, 2}), e.add(offset, places(query, {0, 1, 3})));
      auto bound = [&](StringRef order, int64_t limit) {
        Value holds = e.op(order, {distance, e.make.number(double(limit), e.make.b.getI64Type())});
        visible = visible ? e.op("And", {visible, holds}) : holds;
      };
      if (left >= 0)
        bound("GreaterOrEqual", -left);
      if (right >= 0)
        bound("LessOrEqual", right);
    }
    auto narrow = [&](Value &lengths) { lengths = lengths ? e.cast(lengths, e.make.b.getI32Type()) : lengths; };
    narrow(past);
    narrow(total);
    return true;
  }

  /// attn_mask and bounds that are none of the op's. Where positions do not end with the last key the op's bounds mean others than a mask's.
  std::optional<AttentionMask> readMask() {
    MaskTerms terms;
    E indices[] = {at.batch, at.head, at.query, at.key};
    auto load = [&](Value mask) {
      int64_t rank = Expansion::rankOf(mask);
      SmallVector<E> own(ArrayRef(indices).take_back(rank));
      for (int64_t axis = 0; axis < rank; ++axis)
        if (view.extent(mask, axis).is(1))
          own[axis] = pool.constant(0);
      return pool.load(mask, own);
    };
    if (visible)
      terms.choices.push_back({load(visible), -INFINITY});
    if (Value mask = e.in(kMask)) {
      auto type = dyn_cast<RankedTensorType>(mask.getType());
      // A shorter mask hides the keys behind it.
      if (!type || type.getRank() < 2 || type.getRank() > 4 || !(view.extent(mask, type.getRank() - 1) == view.extent(key, 2)))
        return std::nullopt;
      if (type.getElementType().isInteger(1))
        terms.choices.push_back({load(mask), -INFINITY});
      else
        terms.addends.push_back({load(mask), 1});
    }
    return buildMask(view, e.make, at, terms, q, k, /*read=*/!past);
  }

  View &view;
  ExprPool &pool;
  Expansion e;
  bool packed = false, causal = false;
  int64_t window = 0;
  Value query, key, value, past, total, visible;
  Logit at;
  HeadTensor q, k, v;
};

} // namespace

bool raiseStandardAttention(View &view, onnx::NodeOp node) { return StandardAttention(view, node).run(); }

} // namespace moe::raise
