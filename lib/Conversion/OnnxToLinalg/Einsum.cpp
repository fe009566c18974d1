//===- Einsum.cpp - sums of products of named axes --------------------------------------------------------------===//
#include "Loops.h"
#include "Scalars.h"

using namespace mlir;

namespace moe {
namespace {

/// An equation with a character per axis: an ellipsis becomes characters that are no letters.
struct Equation {
  SmallVector<std::string> terms;
  std::string output;
};

constexpr char kFirstEllipsis = 1; ///< the last axis under an ellipsis; the ones before it count up

/// `term` with the characters of `axes` axes in place of its ellipsis.
std::string expandEllipsis(StringRef term, int64_t axes) {
  auto [before, after] = term.split("...");
  std::string result = before.str();
  for (int64_t axis = axes - 1; axis >= 0; --axis)
    result.push_back(char(kFirstEllipsis + axis));
  return result + after.str();
}

/// Null with a message in `error` where the equation does not fit the operands' ranks.
std::optional<Equation> parse(StringRef text, ArrayRef<int64_t> ranks, std::string &error) {
  std::string equation;
  for (char c : text)
    if (c != ' ')
      equation.push_back(c);
  auto [left, right] = StringRef(equation).split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != ranks.size()) {
    error = "the equation '" + equation + "' does not have a term per operand";
    return std::nullopt;
  }
  Equation result;
  int64_t widest = 0;
  for (auto [term, rank] : llvm::zip(terms, ranks)) {
    bool open = term.contains("...");
    int64_t hidden = open ? rank - int64_t(term.size() - 3) : 0;
    std::string full = open && hidden >= 0 ? expandEllipsis(term, hidden) : term.str();
    if (int64_t(full.size()) != rank) {
      error = ("the term '" + term + "' does not have a letter per axis").str();
      return std::nullopt;
    }
    widest = std::max(widest, hidden);
    result.terms.push_back(full);
  }
  if (StringRef(equation).contains("->")) {
    result.output = right.contains("...") ? expandEllipsis(right, widest) : right.str();
    return result;
  }
  // Without an output: the axes under the ellipsis, then the letters that occur once, sorted.
  result.output = expandEllipsis("...", widest);
  for (char c = 'A'; c <= 'z'; ++c)
    if (left.count(c) == 1)
      result.output.push_back(c);
  return result;
}

LogicalResult einsum(NodeLowering &n) {
  unsigned count = n.node.getNumOperands();
  SmallVector<int64_t> ranks;
  for (unsigned i = 0; i < count; ++i)
    ranks.push_back(n.rank(i));
  std::string error;
  auto equation = parse(n.node.stringAttribute("equation", ""), ranks, error);
  if (!equation)
    return n.fail(error);
  // Loops: the output's axes, then the ones that are summed. Each gets its length from an operand's axis that is not 1.
  std::string letters = equation->output;
  std::map<char, std::pair<unsigned, int64_t>> source;
  auto isOne = [&](unsigned i, int64_t axis) {
    const SymExpr *length = n.expr(n.onnxInput(i), axis);
    return length && length->is(1);
  };
  for (auto [i, term] : llvm::enumerate(equation->terms))
    for (auto [axis, c] : llvm::enumerate(term)) {
      if (letters.find(c) == std::string::npos)
        letters.push_back(c);
      auto [known, isNew] = source.try_emplace(c, i, axis);
      if (!isNew && isOne(known->second.first, known->second.second))
        known->second = {i, axis};
    }
  SmallVector<AffineMap> maps;
  SmallVector<Value> operands;
  for (auto [i, term] : llvm::enumerate(equation->terms)) {
    SmallVector<AffineExpr> exprs;
    for (auto [axis, c] : llvm::enumerate(term)) {
      auto [operand, at] = source[c];
      bool repeats = isOne(i, axis) && !isOne(operand, at);
      exprs.push_back(repeats ? n.b.getAffineConstantExpr(0) : n.b.getAffineDimExpr(letters.find(c)));
      if (!repeats && !n.sameLength(n.onnxInput(operand), at, n.onnxInput(i), axis))
        n.check(arith::CmpIOp::create(n.b, arith::CmpIPredicate::eq, n.dim(operand, at), n.dim(unsigned(i), axis)), "axes of one letter differ");
    }
    maps.push_back(AffineMap::get(letters.size(), 0, exprs, n.b.getContext()));
    operands.push_back(n.in(i));
  }
  SmallVector<OpFoldResult> outer;
  SmallVector<AffineExpr> out;
  for (auto [axis, c] : llvm::enumerate(equation->output)) {
    if (!source.count(c))
      return n.fail("the output names an axis that no operand has");
    outer.push_back(getAsOpFoldResult(n.dim(source[c].first, source[c].second)));
    out.push_back(n.b.getAffineDimExpr(axis));
  }
  Type element = signless(n.element(0)), wide = accumulator(n, element);
  maps.push_back(AffineMap::get(letters.size(), 0, out, n.b.getContext()));
  Value sum = loops(n, operands, maps, n.filled(outer, n.constant(wide, 0)), [&](ImplicitLocOpBuilder &b, ValueRange args) {
    Value product = castScalar(b, args[0], wide, false, false);
    for (Value next : args.drop_back().drop_front())
      product = multiplyScalars(b, product, castScalar(b, next, wide, false, false));
    return addScalars(b, args.back(), product);
  });
  return n.done(castElements(n, sum, element));
}

} // namespace

void addEinsum(LoweringTable &table) { table["Einsum"] = einsum; }

} // namespace moe
