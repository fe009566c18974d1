//===- StatePairs.cpp - inputs that come back as outputs --------------------------------------------------------===//
#include "StatePairs.h"
#include "moe/Transforms/StateNames.h"
#include <set>

using namespace mlir;

namespace moe {
namespace {

class PairFinder {
public:
  PairFinder(func::FuncOp function, const ShapeAnalysis &shapes) : function(function), shapes(shapes) {}

  SmallVector<StatePair> run() {
    // Caches first, so that a name never takes away what the data flow says.
    for (bool byName : {false, true})
      for (unsigned result = 0; result < function.getNumResults(); ++result) {
        if (llvm::any_of(pairs, [&](const StatePair &pair) { return pair.present == result; }))
          continue;
        Value value = terminator()->getOperand(result);
        auto pair = byName ? matchNames(result) : matchWrite(value);
        if (!byName && !pair)
          pair = matchAppend(value);
        if (!pair)
          continue;
        pair->present = result;
        taken.insert(pair->past);
        pairs.push_back(*pair);
      }
    return pairs;
  }

private:
  Operation *terminator() { return function.getBody().front().getTerminator(); }

  /// The value without operators that leave every element where it is.
  Value strip(Value value) {
    auto node = value.getDefiningOp<onnx::NodeOp>();
    if (!node || !(node.is("Identity") || node.is("Reshape")))
      return value;
    const auto *from = shapes.dims(node.input(0)), *to = shapes.dims(value);
    bool same = from && to && from->size() == to->size();
    for (size_t axis = 0; same && axis < from->size(); ++axis) // a length that only the result knows is a hint of the operator
      same = (*from)[axis] == (*to)[axis] || (*to)[axis].constant();
    return same ? strip(node.input(0)) : value;
  }

  BlockArgument freeArgument(Value value) {
    auto argument = dyn_cast<BlockArgument>(strip(value));
    return argument && argument.getOwner() == &function.getBody().front() && !taken.contains(argument) ? argument : BlockArgument();
  }

  static std::optional<int64_t> axisOf(onnx::NodeOp node, int64_t absent) {
    auto type = dyn_cast<RankedTensorType>(node->getResult(0).getType());
    if (!type)
      return std::nullopt;
    int64_t axis = node.intAttribute("axis", absent);
    return axis < 0 ? axis + type.getRank() : axis;
  }

  /// `value` as an argument with something behind it.
  std::optional<StatePair> matchAppend(Value value) {
    auto node = strip(value).getDefiningOp<onnx::NodeOp>();
    if (!node || !node.is("Concat") || node.getNumOperands() != 2)
      return std::nullopt;
    auto axis = axisOf(node, 0);
    BlockArgument past = freeArgument(node.getOperand(0));
    auto type = past ? dyn_cast<RankedTensorType>(past.getType()) : RankedTensorType();
    if (!type || !axis || !type.isDynamicDim(*axis))
      return std::nullopt;
    return StatePair{past, 0, axis, std::nullopt, node, nullptr};
  }

  /// `value` as an argument, perhaps made longer first, with a part overwritten.
  std::optional<StatePair> matchWrite(Value value) {
    auto node = strip(value).getDefiningOp<onnx::NodeOp>();
    auto axis = node && node.is("TensorScatter") ? axisOf(node, -2) : std::nullopt;
    if (!axis || *axis == 0)
      return std::nullopt;
    StatePair pair{freeArgument(node.input(0)), 0, std::nullopt, axis, nullptr, node};
    if (auto grown = matchAppend(node.input(0)); grown && grown->axis == axis)
      pair = {grown->past, 0, axis, axis, grown->append, node};
    // What is overwritten may not be read as it was before.
    bool alone = pair.past && isa<RankedTensorType>(pair.past.getType()) && onlyShapeIsRead(pair.past, pair) && (!pair.append || onlyShapeIsRead(pair.append->getResult(0), pair));
    return alone ? std::optional(pair) : std::nullopt;
  }

  bool onlyShapeIsRead(Value value, const StatePair &pair) {
    return llvm::all_of(value.getUsers(), [&](Operation *user) {
      auto node = dyn_cast<onnx::NodeOp>(user);
      if (!node)
        return false;
      if (node == pair.append || node == pair.write || node.is("Shape"))
        return true;
      return node->getNumResults() == 1 && strip(node->getResult(0)) == strip(value) && onlyShapeIsRead(node->getResult(0), pair);
    });
  }

  bool dependsOn(Value value, BlockArgument argument) {
    SmallVector<Value> pending = {value};
    DenseSet<Value> seen;
    while (!pending.empty()) {
      Value next = pending.pop_back_val();
      if (next == argument)
        return true;
      if (Operation *op = next.getDefiningOp(); op && seen.insert(next).second)
        op->walk([&](Operation *inner) { llvm::append_range(pending, inner->getOperands()); });
    }
    return false;
  }

  StringRef name(DictionaryAttr attrs) {
    auto text = attrs ? attrs.getAs<StringAttr>(onnx::kNameAttr) : StringAttr();
    return text ? text.getValue() : StringRef();
  }

  /// The input that an output of a recurrence goes back into: of those with its type, the one whose name has the most in common.
  std::optional<StatePair> matchNames(unsigned result) {
    auto type = dyn_cast<RankedTensorType>(terminator()->getOperand(result).getType());
    StringRef present = name(function.getResultAttrDict(result));
    BlockArgument best;
    unsigned most = 0;
    for (BlockArgument argument : function.getArguments()) {
      auto given = dyn_cast<RankedTensorType>(argument.getType());
      if (taken.contains(argument) || !type || !given || given.getElementType() != type.getElementType() || failed(verifyCompatibleShape(given, type)))
        continue;
      unsigned common = commonStateName(name(function.getArgAttrDict(argument.getArgNumber())), present);
      if (common > most && dependsOn(terminator()->getOperand(result), argument)) {
        best = argument;
        most = common;
      }
    }
    return best ? std::optional(StatePair{best, 0, changingAxis(best, terminator()->getOperand(result)), std::nullopt, nullptr, nullptr}) : std::nullopt;
  }

  /// The axis whose length is known to be another one in the present.
  std::optional<int64_t> changingAxis(Value past, Value present) {
    const auto &before = *shapes.dims(past), &after = *shapes.dims(present);
    for (size_t axis = 0; axis < before.size(); ++axis)
      if (!(before[axis] == after[axis]) && cast<RankedTensorType>(past.getType()).isDynamicDim(axis) && isOfInputs(after[axis]))
        return axis;
    return std::nullopt;
  }

  /// True for a length that the inputs' names express; the analysis calls unknown ones otherwise.
  bool isOfInputs(const SymExpr &length) {
    std::set<std::string> names;
    for (BlockArgument argument : function.getArguments())
      if (const auto *dims = shapes.dims(argument))
        for (const SymExpr &dim : *dims)
          for (auto &[monomial, coefficient] : dim.monomials())
            names.insert(monomial.begin(), monomial.end());
    return llvm::all_of(length.monomials(), [&](auto &term) { return llvm::all_of(term.first, [&](const std::string &symbol) { return names.count(symbol); }); });
  }

  func::FuncOp function;
  const ShapeAnalysis &shapes;
  SmallVector<StatePair> pairs;
  DenseSet<Value> taken; ///< inputs that are in a pair
};

} // namespace

SmallVector<StatePair> findStatePairs(func::FuncOp function, const ShapeAnalysis &shapes) { return PairFinder(function, shapes).run(); }

} // namespace moe
