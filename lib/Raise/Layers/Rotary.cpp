//===- Rotary.cpp - finding rotary position embeddings ----------------------------------------------------------===//
//
//     result[a] = x[u] * cos[i] - x[v] * sin[i]
//     result[b] = x[v] * cos[i] + x[u] * sin[i]
//
// Each place of the last axis is read as a sum of products, whatever slices, joins and signs write it; what the places are made of says
// which pairs turn, by which columns of which tables, and in which order the graph takes them from x.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "../Attention/Operands.h"
#include "../Replace.h"
#include "Layers.h"
#include "moe/Dialect/Moe.h"

using namespace mlir;

namespace moe::raise {
namespace {

constexpr int64_t kMaxWidth = 512;

/// An element of x times an element of a table.
struct Turn {
  E x, table;
};

/// What stands at one place of the result.
struct Place {
  Turn first, second; ///< first - second, or first + second
  bool minus = false;
  E passed = nullptr; ///< instead of both, an element of x that does not turn
};

/// One axis of a tensor whose places are counted, and which tensor elements stand there.
struct Row {
  E load = nullptr;
  unsigned axis = 0;
  std::map<E, int64_t> places;
};

class RotaryMatcher {
public:
  RotaryMatcher(View &view, onnx::NodeOp root) : view(view), pool(view.pool), root(root), make(OpBuilder(root), root.getLoc(), view.shapes) {}

  bool run() {
    auto type = dyn_cast<RankedTensorType>(root.getResult(0).getType());
    if (!type || type.getRank() < 2 || type.getRank() > 4 || !isa<FloatType>(type.getElementType()) || type.getShape().back() % 2 ||
        type.getShape().back() < 2 || type.getShape().back() > kMaxWidth || !joinsPlaces(type.getRank()))
      return false;
    width = type.getShape().back();
    view.at(root.getResult(0), digits);
    digits.pop_back();
    for (bool swap : {false, true})
      if (readPlaces(swap) && roles() && x())
        for (bool interleaved : {false, true})
          if (pairs(interleaved))
            return build(interleaved);
    return false;
  }

private:
  /// True for the operators that write such a result: a sum of products, or places joined along the last axis.
  bool joinsPlaces(int64_t rank) {
    auto isProduct = [](Value value) {
      auto node = value.getDefiningOp<onnx::NodeOp>();
      return node && node.is("Mul");
    };
    if (root.is("Add") || root.is("Sub"))
      return isProduct(root.getOperand(0)) && isProduct(root.getOperand(1));
    if (root.is("Concat")) {
      int64_t axis = root.intAttribute("axis", 0);
      return axis == -1 || axis == rank - 1;
    }
    auto from = root.is("Reshape") ? dyn_cast<RankedTensorType>(root.getOperand(0).getType()) : RankedTensorType();
    return from && from.getRank() == rank + 1 && (from.getDimSize(rank) == 2 || from.getDimSize(rank - 1) == 2);
  }

  //===- reading ------------------------------------------------------------------------------------------------===//

  E at(Value tensor, int64_t place) {
    std::vector<E> indices = digits;
    indices.push_back(pool.constant(place));
    return pool.load(tensor, indices);
  }

  /// The factors of a signed product, x before the table. Where both could be x the order of the operands decides, the other way with `swap`.
  bool product(E expr, bool &negative, bool swap, Turn &turn) {
    onnx::NodeOp node = sourceNode(view, expr);
    for (; node && node.is("Neg"); node = sourceNode(view, expr)) {
      negative ^= true;
      expr = view.step(view.head(expr, Follow::Layout), Follow::All)->arg(0);
    }
    if (!node || !node.is("Mul"))
      return false;
    E opened = view.step(view.head(expr, Follow::Layout), Follow::All);
    if (!opened || !opened->isApply("Mul"))
      return false;
    E left = opened->arg(0), right = opened->arg(1);
    for (E *factor : {&left, &right})
      for (node = sourceNode(view, *factor); node && node.is("Neg"); node = sourceNode(view, *factor)) {
        negative ^= true;
        *factor = view.step(view.head(*factor, Follow::Layout), Follow::All)->arg(0);
      }
    auto whole = [&](E factor) {
      E element = view.layout(factor);
      return llvm::all_of(digits, [&](E digit) { return !digit->is(Kind::Digit) || ExprPool::mentions(element, digit); });
    };
    bool isLeft = whole(left), isRight = whole(right);
    bool rightFirst = isLeft && isRight ? swap : isRight;
    turn = rightFirst ? Turn{right, left} : Turn{left, right};
    return isLeft || isRight;
  }

  /// A place that turns; false where it holds anything else than a sum of two products.
  bool readTurn(E expr, bool swap, Place &place) {
    auto node = sourceNode(view, expr);
    if (!node || (!node.is("Add") && !node.is("Sub")))
      return false;
    E sum = view.step(view.head(expr, Follow::Layout), Follow::All);
    if (!sum || sum->args.size() != 2)
      return false;
    bool a = false, b = sum->isApply("Sub");
    if (!product(sum->arg(0), a, swap, place.first) || !product(sum->arg(1), b, swap, place.second) || (a && b))
      return false;
    if (a)
      std::swap(place.first, place.second);
    place.minus = a || b;
    return true;
  }

  bool readPlaces(bool swap) {
    places.assign(width, {});
    turning = 0;
    while (turning < width && readTurn(at(root.getResult(0), turning), swap, places[turning]))
      ++turning;
    for (int64_t place = turning; place < width; ++place)
      places[place].passed = at(root.getResult(0), place);
    return turning > 0 && turning % 2 == 0;
  }

  //===- axes ---------------------------------------------------------------------------------------------------===//

  /// Which axes of the result are batch, head and row: the tables follow rows, and batches at most.
  bool roles() {
    E table = view.layout(places[0].first.table);
    auto follows = [&](unsigned axis) { return digits[axis]->is(Kind::Digit) && ExprPool::mentions(table, digits[axis]); };
    batch = head = row = -1;
    unsigned outer = digits.size();
    if (outer == 1)
      return row = 0, true;
    int last = outer - 1, other = outer == 3 ? 1 : 0;
    bool lastIsRow = follows(last) || (!follows(other) && !digits[last]->is(Kind::Digit));
    row = lastIsRow ? last : other;
    if (outer == 2) // [B, S, D] or [S, H, D]
      return (lastIsRow ? batch : head) = 1 - row, true;
    batch = 0;
    head = 3 - row;
    return !follows(head) && (follows(row) || !digits[row]->is(Kind::Digit));
  }

  E digitOf(int axis) { return axis < 0 ? pool.constant(0) : digits[axis]; }

  /// The axis of a load whose index is a number and that may hold all places; the others are those of `allowed`, each once and whole.
  std::optional<unsigned> placeAxis(E load, ArrayRef<E> allowed) {
    std::optional<unsigned> result;
    std::set<E> seen;
    for (auto [axis, index] : llvm::enumerate(load->args)) {
      SymExpr length = view.extent(load->value, axis);
      if (index->is(Kind::Const)) {
        if (length.is(1))
          continue;
        if (result || !length.constant() || length.constant() > 2 * kMaxWidth)
          return std::nullopt;
        result = axis;
      } else if (!llvm::is_contained(allowed, index) || !seen.insert(index).second || !(length == index->extents[0])) {
        return std::nullopt;
      }
    }
    return result;
  }

  Row rowOf(E load, unsigned axis) {
    Row result{load, axis, {}};
    std::vector<E> indices = load->args;
    for (int64_t place = 0, count = *view.extent(load->value, axis).constant(); place < count; ++place) {
      indices[axis] = pool.constant(place);
      result.places.emplace(view.layout(pool.load(load->value, indices)), place);
    }
    return result;
  }

  /// The first tensor on the way of `element` to its source, the last with `deep`, that holds all of `wanted` along one axis.
  bool findRow(E element, ArrayRef<E> wanted, ArrayRef<E> allowed, bool deep, Row &result) {
    bool found = false;
    for (E load = element; load && load->is(Kind::Load) && (deep || !found); load = view.step(load, Follow::Layout)) {
      auto axis = placeAxis(load, allowed);
      if (!axis)
        continue;
      Row row = rowOf(load, *axis);
      if (!llvm::all_of(wanted, [&](E each) { return row.places.count(view.layout(each)); }))
        continue;
      result = std::move(row);
      found = true;
    }
    return found;
  }

  bool x() {
    SmallVector<E> wanted;
    for (const Place &place : places)
      if (place.passed)
        wanted.push_back(place.passed);
      else
        wanted.append({place.first.x, place.second.x});
    return findRow(wanted.front(), wanted, digits, /*deep=*/false, source) && elementType(source.load) == elementType(at(root.getResult(0), 0));
  }

  static Type elementType(E load) { return cast<RankedTensorType>(load->value.getType()).getElementType(); }

  //===- pairs --------------------------------------------------------------------------------------------------===//

  bool same(E a, E b) { return view.layout(a) == view.layout(b) || view.open(a) == view.open(b); }

  bool pairs(bool interleaved) {
    order.assign(width, 0);
    SmallVector<E> cosines, sines;
    for (int64_t pair = 0; pair < turning / 2; ++pair) {
      int64_t a = interleaved ? 2 * pair : pair, b = interleaved ? a + 1 : pair + turning / 2;
      const Place &low = places[a], &high = places[b];
      if (!low.minus || high.minus)
        return false;
      int64_t u = placeOf(low.first.x), v = placeOf(low.second.x);
      bool straight = placeOf(high.first.x) == v && placeOf(high.second.x) == u, crossed = placeOf(high.first.x) == u && placeOf(high.second.x) == v;
      if (!straight && !crossed)
        return false;
      const Turn &cosine = straight ? high.first : high.second, &sine = straight ? high.second : high.first;
      if (!same(low.first.table, cosine.table) || !same(low.second.table, sine.table))
        return false;
      order[a] = u;
      order[b] = v;
      cosines.push_back(low.first.table);
      sines.push_back(low.second.table);
    }
    for (int64_t place = turning; place < width; ++place)
      order[place] = placeOf(places[place].passed);
    return columns(cosines, cos, cosPlaces) && columns(sines, sin, sinPlaces);
  }

  int64_t placeOf(E element) { return source.places.find(view.layout(element))->second; }

  /// The columns of a table, one for each pair.
  bool columns(ArrayRef<E> elements, Row &table, SmallVector<int64_t> &found) {
    E allowed[] = {digitOf(batch), digitOf(row)};
    if (!findRow(elements.front(), elements, allowed, /*deep=*/true, table) || elementType(table.load) != elementType(source.load))
      return false;
    found.clear();
    for (E element : elements)
      found.push_back(table.places.find(view.layout(element))->second);
    return true;
  }

  //===- the op -------------------------------------------------------------------------------------------------===//

  /// The places of an axis in the order given.
  Value take(Value value, int64_t axis, ArrayRef<int64_t> chosen) {
    int64_t step = chosen.size() > 1 ? chosen[1] - chosen[0] : 1;
    bool even = step > 0 && llvm::all_of(llvm::enumerate(chosen), [&](auto each) { return each.value() == chosen[0] + int64_t(each.index()) * step; });
    return even ? make.slice(value, axis, chosen[0], step, chosen.size()) : make.node("Gather", {value, make.ints(chosen)}, make.attr("axis", axis));
  }

  /// A row of the graph as [batch, head, row, place].
  Value arranged(const Row &of) {
    HeadTensor found;
    found.tensor = of.load->value;
    found.element = of.axis;
    for (auto [into, axis] : {std::pair{&found.batch, batch}, {&found.head, head}, {&found.row, row}})
      for (auto [place, index] : llvm::enumerate(of.load->args))
        if (axis >= 0 && index == digits[axis] && index->is(Kind::Digit))
          *into = place;
    return arrangeHeads(make, found);
  }

  bool build(bool interleaved) {
    Value value = take(arranged(source), 3, order);
    auto table = [&](const Row &of, ArrayRef<int64_t> chosen) { return make.node("Squeeze", {take(arranged(of), 3, chosen), make.ints(1)}); };
    Value c = table(cos, cosPlaces), s = table(sin, sinPlaces);
    auto op = make.known(RotaryOp::create(make.b, make.loc, value.getType(), value, c, s, interleaved));
    Value result = op.getResult();
    // As the root has its axes; a transposition behind the root undoes one here.
    SmallVector<int64_t> missing, perm(digits.size() + 1);
    for (auto [place, axis] : {std::pair{0, batch}, {1, head}, {2, row}})
      if (axis < 0)
        missing.push_back(place);
      else
        perm[axis] = place - missing.size();
    perm.back() = digits.size();
    if (!missing.empty())
      result = make.node("Squeeze", {result, make.ints(missing)});
    for (Operation *user : llvm::make_early_inc_range(root.getResult(0).getUsers()))
      if (auto next = dyn_cast<onnx::NodeOp>(user); next && next.is("Transpose") && !llvm::is_sorted(perm))
        if (auto after = next.intsAttribute("perm")) {
          for (int64_t &axis : *after)
            axis = perm[axis];
          replaceRaised(next.getResult(0), make.transpose(result, *after));
        }
    replaceRaised(root.getResult(0), make.transpose(result, perm));
    return true;
  }

  View &view;
  ExprPool &pool;
  onnx::NodeOp root;
  NodeMaker make;
  std::vector<E> digits; ///< of the result's axes but the last
  int64_t width = 0, turning = 0;
  int batch = -1, head = -1, row = -1; ///< axes of the result, -1 for one that it lacks
  std::vector<Place> places;
  Row source, cos, sin;
  SmallVector<int64_t> order, cosPlaces, sinPlaces; ///< the place of x for each place of the op's; columns for each pair
};

} // namespace

bool raiseRotary(View &view, onnx::NodeOp node) { return RotaryMatcher(view, node).run(); }

} // namespace moe::raise
