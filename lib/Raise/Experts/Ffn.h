//===- Ffn.h - the feed-forward formula of an expert --------------------------------------------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"
#include "../NodeMaker.h"
#include "Activation.h"

namespace moe::raise {

/// A part of a weight tensor as a bank: element (e, o, i) is the tensor's element with e, o * step + start and i on the axes given; the
/// others are 0. An axis of -1 is missing: the tensor belongs to one expert, or is a bias.
struct BankPart {
  mlir::Value tensor;
  int expertAxis = -1, outAxis = -1, inAxis = -1;
  int64_t start = 0, step = 1, count = 0;
  std::optional<int64_t> expert; ///< the place along expertAxis, for a part that belongs to one expert

  /// The part as [E, O, I], or [E, O] for a bias; one expert's as [O, I] or [O].
  mlir::Value build(NodeMaker &make) const;
  /// True for a part of the same tensor that differs in the expert alone.
  bool isSliceLike(const BankPart &other) const;
};

struct LinearPart {
  BankPart weight;
  std::optional<BankPart> bias;
  E input = nullptr;               ///< the input's element at the product's inner digit
  E inner = nullptr;               ///< that digit
  std::vector<E> inputFactors;     ///< what the input was multiplied with, not depending on the inner digit
};

struct FfnPart {
  std::optional<LinearPart> gate;
  LinearPart up, down;
  GatedUnit unit;
};

/// Matches `expr`, an element over the output digit `out`, as a product with the matrix that `key` picks, plus bias.
std::optional<LinearPart> matchLinear(View &view, E expr, E out, E key);
/// Matches an expert's output element: down(act(gate(x)) * up(x)). `key` is the expert's index; null where each tensor is one expert's.
std::optional<FfnPart> matchFfn(View &view, E expr, E out, E key);

/// Takes factors that do not depend on `digit` off a product, as long as there are any; returns what depends on it.
E splitFactors(View &view, E expr, E digit, std::vector<E> &others);

} // namespace moe::raise
