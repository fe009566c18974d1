//===- ChunkRules.cpp - the transitions that chunks may stand for -----------------------------------------------===//
#include "ChunkRules.h"

using namespace mlir;

namespace moe::raise {
namespace {

/// The shape of a cut tensor, its heads and its width apart.
struct Form {
  int64_t heads = 1, width = 1;
  bool hasHeads, hasWidth;
};

bool known(int64_t length) { return !ShapedType::isDynamic(length); }

/// As a sequence of vectors: [B, L, H, W], [B, H, L, W], [B, L, W].
std::optional<Form> vectors(const Cut &cut) {
  ArrayRef<int64_t> shape = cut.shape;
  if (shape.size() == 3 && cut.axis == 1 && known(shape[2]))
    return Form{1, shape[2], false, true};
  if (shape.size() == 4 && cut.axis <= 2 && known(shape[3]) && known(shape[3 - cut.axis]))
    return Form{shape[3 - cut.axis], shape[3], true, true};
  return std::nullopt;
}

/// As a sequence of gates, a number per head or a vector: [B, L, H], [B, H, L], [B, L, H, W], [B, H, L, W].
std::optional<Form> gates(const Cut &cut) {
  if (cut.shape.size() == 4)
    return vectors(cut);
  if (cut.shape.size() == 3 && cut.axis <= 2 && known(cut.shape[3 - cut.axis]))
    return Form{cut.shape[3 - cut.axis], 1, true, false};
  return std::nullopt;
}

/// [B, L, heads, width], without the axes that the tensor does not have.
Value byToken(NodeMaker &make, Value whole, unsigned axis) {
  if (axis == 1)
    return whole;
  return make.transpose(whole, cast<RankedTensorType>(whole.getType()).getRank() == 4 ? ArrayRef<int64_t>{0, 2, 1, 3} : ArrayRef<int64_t>{0, 2, 1});
}

} // namespace

std::vector<ChunkRoles> possibleRoles(const Chunks &chunks) {
  unsigned count = chunks.cuts.size();
  std::vector<ChunkRoles> result;
  auto add = [&](ChunkRoles roles) {
    auto form = [&](unsigned cut) { return vectors(chunks.cuts[cut]); };
    auto q = form(roles.q), k = form(roles.k), v = form(roles.v), kb = roles.kb ? form(*roles.kb) : k;
    auto g = roles.g ? gates(chunks.cuts[*roles.g]) : Form{chunks.heads, 1, true, false};
    if (!q || !k || !v || !kb || !g || v->heads != chunks.heads || v->width != chunks.width || q->width != k->width || kb->width != k->width)
      return;
    if (!llvm::all_of(ArrayRef<int64_t>{q->heads, k->heads, kb->heads}, [&](int64_t heads) { return chunks.heads % heads == 0; }))
      return;
    if (g->heads == chunks.heads && (!g->hasWidth || g->width == k->width) && (!roles.kb || kb->heads == k->heads))
      result.push_back(roles);
  };
  // Places of q, k, v, then of the others.
  SmallVector<unsigned> order = llvm::to_vector(llvm::seq(0u, count));
  do {
    ChunkRoles roles{order[0], order[1], order[2], {}, {}};
    if (count == 3)
      add(roles);
    if (count == 4) {
      roles.g = order[3];
      add(roles);
      roles.kb = roles.g;
      roles.g.reset();
      add(roles);
    }
    if (count == 5) {
      roles.kb = order[3];
      roles.g = order[4];
      add(roles);
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return result;
}

ScanOp makeChunkedScan(NodeMaker &make, const Chunks &chunks, const ChunkRoles &roles, ArrayRef<Value> wholes, Value initial, StateOrder order,
                       double scale) {
  auto vectors = [&](unsigned cut) {
    Value value = byToken(make, wholes[cut], chunks.cuts[cut].axis);
    return cast<RankedTensorType>(value.getType()).getRank() == 4 ? value : make.node("Unsqueeze", {value, make.ints(2)});
  };
  ScanOperands parts;
  parts.q = vectors(roles.q);
  parts.k = vectors(roles.k);
  parts.v = vectors(roles.v);
  parts.scale = scale;
  Value gate = roles.g ? byToken(make, wholes[*roles.g], chunks.cuts[*roles.g].axis) : Value();
  bool wide = gate && cast<RankedTensorType>(gate.getType()).getRank() == 4;
  if (gate)
    parts.decay = make.node("Unsqueeze", {gate, wide ? make.ints(4) : make.ints({3, 4})});
  if (roles.kb) {
    parts.a = make.node("Neg", parts.k);
    parts.b = vectors(*roles.kb);
    if (gate)
      parts.b = make.node("Mul", {make.node("Exp", wide ? gate : make.node("Unsqueeze", {gate, make.ints(3)})), parts.b});
  }
  if (initial)
    parts.states = {order == StateOrder::RowsFirst ? initial : make.transpose(initial, {0, 1, 3, 2})};
  Type element = cast<RankedTensorType>(parts.v.getType()).getElementType();
  return makeScan(make, parts, element, element);
}

} // namespace moe::raise
