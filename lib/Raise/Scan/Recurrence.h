//===- Recurrence.h - one step of a loop as expressions ------------------------------------------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"

namespace moe::raise {

/// What one step makes of the state, element by element. Steps are numbered by the digit `time`; what a step reads of a sequence is an
/// element of the whole sequence at `time`.
struct Recurrence {
  struct State {
    mlir::Value initial, before, after; ///< before and after stand for the state in front of and behind a step
    std::vector<E> digits;
    E next = nullptr; ///< the element at `digits` behind the step
  };
  struct Output {
    mlir::Value value; ///< of all steps, stacked along the first axis
    std::vector<E> digits;
    E element = nullptr; ///< in one step, at `digits`; mentions states before and after
  };
  std::vector<State> states;
  std::vector<Output> outputs;
  std::vector<mlir::Value> finals; ///< the last states
  E time = nullptr;
  SymExpr steps;
  mlir::Value sequence; ///< one whose first axis has the steps; null where their number is known
};

/// The recurrence of an ONNX Scan; nullopt for one that runs backwards or along other axes, or whose states are no tensors of floats.
std::optional<Recurrence> recurrenceOf(View &view, onnx::NodeOp scan);

} // namespace moe::raise
