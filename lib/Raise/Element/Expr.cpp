//===- Expr.cpp - one element of a tensor as an expression over its indices -------------------------------------===//
#include "Expr.h"
#include "llvm/ADT/STLExtras.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/SmallVector.h"
#include <cmath>

using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;

namespace moe::raise {

bool ExprPool::Less::operator()(E a, E b) const {
  auto key = [](E e) { return std::tie(e->kind, e->number, e->op, e->id, e->args, e->extents); };
  if (key(a) != key(b))
    return key(a) < key(b);
  return a->value.getAsOpaquePointer() < b->value.getAsOpaquePointer();
}

E ExprPool::unique(Expr &&expr) {
  if (auto found = known.find(&expr); found != known.end())
    return *found;
  storage.push_back(std::move(expr));
  known.insert(&storage.back());
  return &storage.back();
}

E ExprPool::constant(double number) {
  Expr expr{Kind::Const};
  expr.number = number;
  return unique(std::move(expr));
}

E ExprPool::digit(const SymExpr &extent) {
  if (extent.is(1))
    return constant(0);
  Expr expr{Kind::Digit};
  expr.extents = {extent};
  expr.id = ++digits;
  return unique(std::move(expr));
}

E ExprPool::flat(ArrayRef<E> args, ArrayRef<SymExpr> radices) {
  // Nested numbers open up where their extent is the radix; leading zeros and axes of length 1 do not count.
  std::vector<E> parts;
  std::vector<SymExpr> extents;
  for (auto [arg, radix] : llvm::zip(args, radices)) {
    if (radix.is(1) || (parts.empty() && arg->isConst(0)))
      continue;
    if (arg->is(Kind::Flat)) {
      SymExpr product(1);
      for (const SymExpr &extent : arg->extents)
        product = product * extent;
      if (product == radix) {
        parts.insert(parts.end(), arg->args.begin(), arg->args.end());
        extents.insert(extents.end(), arg->extents.begin(), arg->extents.end());
        continue;
      }
    }
    parts.push_back(arg);
    extents.push_back(radix);
  }
  // x / r and x mod r make x again.
  for (size_t i = 0; i + 1 < parts.size();) {
    E high = parts[i], low = parts[i + 1];
    if (high->is(Kind::Quot) && low->is(Kind::Rem) && high->arg(0) == low->arg(0) && high->extents[0] == low->extents[0] &&
        low->extents[0] == extents[i + 1]) {
      parts[i] = high->arg(0);
      extents[i] = extents[i] * extents[i + 1];
      parts.erase(parts.begin() + i + 1);
      extents.erase(extents.begin() + i + 1);
      i = i ? i - 1 : 0;
      continue;
    }
    ++i;
  }
  if (parts.empty())
    return constant(0);
  if (parts.size() == 1)
    return parts[0];
  double number = 0;
  bool constants = true;
  for (auto [part, extent] : llvm::zip(parts, extents)) {
    auto length = extent.constant();
    constants = constants && part->is(Kind::Const) && (length || part == parts.front());
    if (constants)
      number = number * (length ? *length : 1) + part->number;
  }
  if (constants)
    return constant(number);
  Expr expr{Kind::Flat};
  expr.args = std::move(parts);
  expr.extents = std::move(extents);
  return unique(std::move(expr));
}

/// Splits a mixed-radix number: the args from `at` on have an extent that divides `divisor`, with the quotient `rest`. The split is as far
/// left as there is one; false where the extent of no arg divides the divisor.
static bool splitFlat(E index, const SymExpr &divisor, size_t &at, SymExpr &rest) {
  SymExpr product(1);
  bool found = false;
  for (size_t next = index->args.size(); next > 0;) {
    product = product * index->extents[--next];
    auto quotient = divisor.dividedBy(product);
    if (!quotient)
      break;
    found = true;
    at = next;
    rest = *quotient;
    if (rest.is(1))
      break;
  }
  return found;
}

/// How many values an index can take; nullopt where that is not known.
static std::optional<SymExpr> extentOf(E index) {
  switch (index->kind) {
  case Kind::Digit:
  case Kind::Rem: return index->extents[0];
  case Kind::Flat: {
    SymExpr product(1);
    for (const SymExpr &extent : index->extents)
      product = product * extent;
    return product;
  }
  case Kind::Quot:
    if (auto whole = extentOf(index->arg(0)))
      return whole->dividedBy(index->extents[0]);
    return std::nullopt;
  default: return std::nullopt;
  }
}

/// Splits a mixed-radix number before its last arg where `divisor` is a part of that arg's extent; false where it is not.
static bool splitLast(E index, const SymExpr &divisor, SymExpr &rest) {
  auto quotient = index->extents.back().dividedBy(divisor);
  if (quotient)
    rest = *quotient;
  return quotient.has_value();
}

E ExprPool::quot(E index, const SymExpr &divisor) {
  if (divisor.is(1))
    return index;
  if (index->is(Kind::Const) && divisor.constant())
    return constant(std::floor(index->number / *divisor.constant()));
  size_t at;
  SymExpr rest;
  if (index->is(Kind::Flat) && splitFlat(index, divisor, at, rest))
    return quot(flat(ArrayRef(index->args).take_front(at), ArrayRef(index->extents).take_front(at)), rest);
  if (index->is(Kind::Flat) && splitLast(index, divisor, rest)) {
    std::vector<E> args = index->args;
    std::vector<SymExpr> extents = index->extents;
    args.back() = quot(args.back(), divisor);
    extents.back() = rest;
    return flat(args, extents);
  }
  if (auto extent = extentOf(index); extent && *extent == divisor)
    return constant(0);
  if (index->is(Kind::Quot))
    return quot(index->arg(0), index->extents[0] * divisor);
  Expr expr{Kind::Quot};
  expr.args = {index};
  expr.extents = {divisor};
  return unique(std::move(expr));
}

E ExprPool::rem(E index, const SymExpr &divisor) {
  if (divisor.is(1))
    return constant(0);
  if (index->is(Kind::Const) && divisor.constant())
    return constant(index->number - std::floor(index->number / *divisor.constant()) * *divisor.constant());
  size_t at;
  SymExpr rest;
  if (index->is(Kind::Flat) && splitFlat(index, divisor, at, rest)) {
    // The low args stay; of the others, what is left of the divisor.
    std::vector<E> args(index->args.begin() + at, index->args.end());
    std::vector<SymExpr> extents(index->extents.begin() + at, index->extents.end());
    E upper = rem(flat(ArrayRef(index->args).take_front(at), ArrayRef(index->extents).take_front(at)), rest);
    args.insert(args.begin(), upper);
    extents.insert(extents.begin(), rest);
    return flat(args, extents);
  }
  if (index->is(Kind::Flat) && splitLast(index, divisor, rest))
    return rem(index->args.back(), divisor);
  if (auto extent = extentOf(index); extent && *extent == divisor)
    return index;
  if (index->is(Kind::Rem) && index->extents[0].dividedBy(divisor))
    return rem(index->arg(0), divisor);
  Expr expr{Kind::Rem};
  expr.args = {index};
  expr.extents = {divisor};
  return unique(std::move(expr));
}

E ExprPool::load(mlir::Value tensor, ArrayRef<E> indices) {
  Expr expr{Kind::Load};
  expr.value = tensor;
  expr.args = indices.vec();
  return unique(std::move(expr));
}

E ExprPool::inverse(mlir::Value permutation, E position) {
  Expr expr{Kind::Inverse};
  expr.value = permutation;
  expr.args = {position};
  return unique(std::move(expr));
}

E ExprPool::reduce(StringRef op, E body, E digit) {
  Expr expr{Kind::Reduce};
  expr.op = op.str();
  expr.args = {body, digit};
  return unique(std::move(expr));
}

//===- elementwise operators ------------------------------------------------------------------------------------===//

bool isNonNegative(E expr) {
  switch (expr->kind) {
  case Kind::Const: return expr->number >= 0;
  case Kind::Digit:
  case Kind::Flat:
  case Kind::Quot:
  case Kind::Rem:
  case Kind::Inverse: return true;
  case Kind::Apply:
    if (expr->op == "IntAdd" || expr->op == "IntMul" || expr->op == "Cast")
      return llvm::all_of(expr->args, isNonNegative);
    return false;
  default: return false;
  }
}

/// The operator on numbers; nullopt for one that is not known here.
static std::optional<double> compute(StringRef op, ArrayRef<double> x) {
  static const std::map<std::string, double (*)(double), std::less<>> unary = {
      {"Sigmoid", [](double a) { return 1 / (1 + std::exp(-a)); }},
      {"Tanh", [](double a) { return std::tanh(a); }},
      {"Exp", [](double a) { return std::exp(a); }},
      {"Log", [](double a) { return std::log(a); }},
      {"Sqrt", [](double a) { return std::sqrt(a); }},
      {"Erf", [](double a) { return std::erf(a); }},
      {"Relu", [](double a) { return std::max(a, 0.0); }},
      {"Neg", [](double a) { return -a; }},
      {"IntNeg", [](double a) { return -a; }},
      {"Abs", [](double a) { return std::fabs(a); }},
      {"Reciprocal", [](double a) { return 1 / a; }},
      {"Softplus", [](double a) { return std::max(a, 0.0) + std::log1p(std::exp(-std::fabs(a))); }},
      {"Truncate", [](double a) { return std::trunc(a); }},
      {"Floor", [](double a) { return std::floor(a); }},
      {"Ceil", [](double a) { return std::ceil(a); }},
      {"Round", [](double a) { return std::nearbyint(a); }},
      {"Sign", [](double a) { return double((a > 0) - (a < 0)); }},
      {"Not", [](double a) { return double(a == 0); }},
      {"IsNaN", [](double a) { return double(std::isnan(a)); }},
      {"ToBool", [](double a) { return double(a != 0); }},
      {"Cast", [](double a) { return a; }},
      {"Gelu", [](double a) { return 0.5 * a * (1 + std::erf(a / std::sqrt(2.0))); }},
      {"GeluTanh", [](double a) { return 0.5 * a * (1 + std::tanh(std::sqrt(2 / M_PI) * (a + 0.044715 * a * a * a))); }},
      {"Cos", [](double a) { return std::cos(a); }},
      {"Sin", [](double a) { return std::sin(a); }},
  };
  static const std::map<std::string, double (*)(double, double), std::less<>> binary = {
      {"Add", [](double a, double b) { return a + b; }},
      {"IntAdd", [](double a, double b) { return a + b; }},
      {"Sub", [](double a, double b) { return a - b; }},
      {"IntSub", [](double a, double b) { return a - b; }},
      {"Mul", [](double a, double b) { return a * b; }},
      {"IntMul", [](double a, double b) { return a * b; }},
      {"Div", [](double a, double b) { return a / b; }},
      {"IntDiv", [](double a, double b) { return b == 0 ? 0 : std::trunc(a / b); }},
      {"IntMod", [](double a, double b) { return b == 0 ? 0 : a - std::floor(a / b) * b; }},
      {"Pow", [](double a, double b) { return std::pow(a, b); }},
      {"Max", [](double a, double b) { return std::max(a, b); }},
      {"Min", [](double a, double b) { return std::min(a, b); }},
      {"Less", [](double a, double b) { return double(a < b); }},
      {"LessOrEqual", [](double a, double b) { return double(a <= b); }},
      {"Greater", [](double a, double b) { return double(a > b); }},
      {"GreaterOrEqual", [](double a, double b) { return double(a >= b); }},
      {"Equal", [](double a, double b) { return double(a == b); }},
      {"And", [](double a, double b) { return double(a != 0 && b != 0); }},
      {"Or", [](double a, double b) { return double(a != 0 || b != 0); }},
      {"Xor", [](double a, double b) { return double((a != 0) != (b != 0)); }},
  };
  if (x.size() == 1)
    if (auto found = unary.find(op); found != unary.end())
      return found->second(x[0]);
  if (x.size() == 2)
    if (auto found = binary.find(op); found != binary.end())
      return found->second(x[0], x[1]);
  if (op == "Where" && x.size() == 3)
    return x[0] != 0 ? x[1] : x[2];
  return std::nullopt;
}

E ExprPool::apply(StringRef op, ArrayRef<E> args) {
  if (llvm::all_of(args, [](E arg) { return arg->is(Kind::Const); })) {
    SmallVector<double> numbers = llvm::map_to_vector(args, [](E arg) { return arg->number; });
    if (auto result = compute(op, numbers))
      return constant(*result);
  }
  E x = args[0], y = args.size() > 1 ? args[1] : nullptr;
  auto intConst = [](E e) { return e && e->is(Kind::Const) ? std::optional(int64_t(e->number)) : std::nullopt; };
  if (op == "Cast" && (isNonNegative(x) || x->is(Kind::Load)))
    return x; // indices keep their value in every type that exporters cast them to
  if (op == "IntDiv" && isNonNegative(x) && intConst(y) > 0)
    return quot(x, SymExpr(*intConst(y)));
  if (op == "IntMod" && isNonNegative(x) && intConst(y) > 0)
    return rem(x, SymExpr(*intConst(y)));
  if (op == "IntAdd") // most * radix + least
    for (auto [most, least] : {std::pair(x, y), std::pair(y, x)})
      if (auto radix = extentOf(least); radix && radix->constant() && most->isApply("IntMul"))
        for (int side : {0, 1})
          if (auto extent = extentOf(most->arg(1 - side)); extent && most->arg(side)->isConst(*radix->constant()))
            return flat({most->arg(1 - side), least}, {*extent, *radix});
  if ((op == "Less" && isNonNegative(x) && y->isConst(0)) || (op == "And" && (x->isConst(0) || y->isConst(0))))
    return constant(0);
  if ((op == "GreaterOrEqual" && isNonNegative(x) && y->isConst(0)) || (op == "Or" && (x->isConst(1) || y->isConst(1))))
    return constant(1);
  if (op == "Where" && x->is(Kind::Const))
    return x->number != 0 ? args[1] : args[2];
  if (op == "And" && (x->isConst(1) || y->isConst(1)))
    return x->isConst(1) ? y : x;
  if (op == "Or" && (x->isConst(0) || y->isConst(0)))
    return x->isConst(0) ? y : x;
  if ((op == "Equal") && x == y && isNonNegative(x))
    return constant(1);
  bool adds = op == "Add" || op == "IntAdd", multiplies = op == "Mul" || op == "IntMul";
  if ((adds && x->isConst(0)) || (multiplies && x->isConst(1)))
    return y;
  if (((adds || op == "Sub" || op == "IntSub") && y->isConst(0)) || ((multiplies || op == "Div" || op == "IntDiv") && y->isConst(1)))
    return x;
  Expr expr{Kind::Apply};
  expr.op = op.str();
  expr.args = args.vec();
  return unique(std::move(expr));
}

double evaluate(E expr, llvm::function_ref<double(E)> leaf) {
  switch (expr->kind) {
  case Kind::Const: return expr->number;
  case Kind::Digit:
  case Kind::Load:
  case Kind::Inverse:
  case Kind::Reduce: return leaf(expr);
  case Kind::Quot:
  case Kind::Rem: {
    double x = evaluate(expr->arg(0), leaf), d = expr->extents[0].constant().value_or(0);
    return d == 0 ? NAN : expr->is(Kind::Quot) ? std::floor(x / d) : x - std::floor(x / d) * d;
  }
  case Kind::Flat: {
    double x = 0;
    for (auto [arg, extent] : llvm::zip(expr->args, expr->extents))
      x = x * extent.constant().value_or(0) + evaluate(arg, leaf);
    return x;
  }
  case Kind::Apply: {
    SmallVector<double> args;
    for (E arg : expr->args)
      args.push_back(evaluate(arg, leaf));
    return compute(expr->op, args).value_or(NAN);
  }
  }
  return NAN;
}

std::string str(E expr, unsigned depth) {
  if (depth == 0)
    return "...";
  std::string args;
  for (E arg : expr->args)
    args += (args.empty() ? "" : ", ") + str(arg, depth - 1);
  auto name = [&] {
    auto loc = llvm::dyn_cast<mlir::NameLoc>(expr->value.getLoc());
    return loc ? loc.getName().str() : std::string("?");
  };
  switch (expr->kind) {
  case Kind::Const: return std::to_string(expr->number);
  case Kind::Digit: return "d" + std::to_string(expr->id) + "<" + expr->extents[0].str() + ">";
  case Kind::Flat: return "flat(" + args + ")";
  case Kind::Quot: return "(" + args + " / " + expr->extents[0].str() + ")";
  case Kind::Rem: return "(" + args + " % " + expr->extents[0].str() + ")";
  case Kind::Load: return name() + "[" + args + "]";
  case Kind::Inverse: return "inverse(" + name() + ", " + args + ")";
  case Kind::Apply:
  case Kind::Reduce: return expr->op + "(" + args + ")";
  }
  return "";
}

//===- whole expressions ----------------------------------------------------------------------------------------===//

E ExprPool::substitute(E expr, const std::map<E, E> &replacement) {
  if (auto found = replacement.find(expr); found != replacement.end())
    return found->second;
  std::vector<E> args;
  for (E arg : expr->args)
    args.push_back(substitute(arg, replacement));
  if (args == expr->args)
    return expr;
  switch (expr->kind) {
  case Kind::Flat: return flat(args, expr->extents);
  case Kind::Quot: return quot(args[0], expr->extents[0]);
  case Kind::Rem: return rem(args[0], expr->extents[0]);
  case Kind::Load: return load(expr->value, args);
  case Kind::Apply: return apply(expr->op, args);
  case Kind::Reduce: return reduce(expr->op, args[0], args[1]);
  case Kind::Inverse: return inverse(expr->value, args[0]);
  case Kind::Const:
  case Kind::Digit: break;
  }
  return expr;
}

void ExprPool::walk(E expr, llvm::function_ref<void(E)> visit) {
  std::set<E> seen;
  std::vector<E> pending = {expr};
  while (!pending.empty()) {
    E next = pending.back();
    pending.pop_back();
    if (!seen.insert(next).second)
      continue;
    visit(next);
    pending.insert(pending.end(), next->args.begin(), next->args.end());
  }
}

bool ExprPool::mentions(E expr, E digit) {
  bool found = false;
  walk(expr, [&](E part) { found |= part == digit; });
  return found;
}

} // namespace moe::raise
